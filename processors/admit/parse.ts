import { invalidPayload, readPayload } from '../../src/ingress/emit-rules.ts'
import { type Emit, type Rejection, rejected } from './emit.ts'

export { PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX } from '../../src/ingress/emit-rules.ts'

/** Requires readable headers, and a payload as `readPayload` does. A payload that is too large is said first. */
export function parse(emit: Emit): { value: Record<string, unknown>; exact: unknown } | Rejection {
  const { record, request, payload } = emit
  if (record.undecodable)
    return rejected(
      invalidPayload([{ path: '', rule: 'undecodable', message: `its batch cannot be read: ${record.undecodable}` }]),
    )
  const read = readPayload(payload)
  if ('code' in read && read.code === 'payload_too_large') return rejected(read)
  if (request.findings.length > 0) return rejected(invalidPayload(request.findings))
  return 'code' in read ? rejected(read) : read
}
