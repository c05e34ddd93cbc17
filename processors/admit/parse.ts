import { parseJson } from '../../src/json/json.ts'
import { isJsonObject } from '../../src/json/json-pointer.ts'
import { CODES } from '../../src/model/codes.ts'
import { type Emit, type Rejection, reject } from './emit.ts'

export const PAYLOAD_BYTES_MAX = 262_144
export const PAYLOAD_DEPTH_MAX = 32

/** Requires readable headers, a payload ≤ 256 KB as sent, and strict JSON: an object, at most 32 levels deep. */
export function parse(emit: Emit): { value: Record<string, unknown>; exact: unknown } | Rejection {
  const { record, request, payload } = emit
  if (record.undecodable)
    return invalid([{ path: '', rule: 'undecodable', message: `its batch cannot be read: ${record.undecodable}` }])
  if (payload.length > PAYLOAD_BYTES_MAX)
    return reject('payload_too_large', `The payload has ${payload.length} bytes; ${PAYLOAD_BYTES_MAX} are allowed.`)
  if (request.findings.length > 0) return invalid(request.findings)
  const parsed = parseJson(payload, { depthMax: PAYLOAD_DEPTH_MAX, duplicateKeys: 'refuse' })
  if (!parsed.ok) return invalid(parsed.findings)
  if (!isJsonObject(parsed.value)) return invalid([{ path: '', rule: 'type', message: 'must be an object' }])
  return { value: parsed.value, exact: parsed.exact }
}

const invalid = (findings: NonNullable<Rejection['findings']>) =>
  reject('payload_invalid', CODES.payload_invalid.meaning, findings)
