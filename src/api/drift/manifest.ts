/** The definitions of a manifest, checked one by one: each fault has its place. */
import { DEFINITIONS_MAX, type Definition } from '../../control-plane/drift/declared-state.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import { finding } from '../../json/json-text.ts'
import { ClarionError, CODES, type Finding } from '../../model/codes.ts'
import { nestsDeeper, SCHEMA_NESTING_MAX } from '../../registry/schema-limits.ts'

const FIELDS: Record<string, (value: unknown) => string | undefined> = {
  namespace: isText(31),
  name: isText(61),
  version: isText(50),
  payloadSchema: value =>
    isJsonObject(value) && !nestsDeeper([value], SCHEMA_NESTING_MAX + 2)
      ? undefined
      : 'must be a JSON Schema, an object',
  schemaHash: value =>
    typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? undefined : 'must be a SHA-256, 64 hexadecimal digits',
  status: value =>
    value === 'draft' || value === 'published' || value === 'archived'
      ? undefined
      : 'must be draft, published or archived',
}
const REQUIRED = ['namespace', 'name', 'version'] as const
const FINDINGS_MAX = 20

/** Throws `drift_manifest_too_large` or `invalid_manifest`. */
export function definitionsOf(value: unknown): Definition[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalid([finding('/definitions', 'type', 'must be a list of 1 to 500 definitions')])
  if (value.length > DEFINITIONS_MAX)
    throw new ClarionError('drift_manifest_too_large', CODES.drift_manifest_too_large.meaning)
  const faults = value.flatMap((each, at) => faultsOf(each, `/definitions/${at}`))
  if (faults.length > 0) throw invalid(faults.slice(0, FINDINGS_MAX))
  return value as Definition[]
}

function faultsOf(value: unknown, path: string): Finding[] {
  if (!isJsonObject(value)) return [finding(path, 'type', 'must be an object')]
  const missing = REQUIRED.filter(field => value[field] === undefined)
  const wrong = Object.entries(value).flatMap(([field, given]) => {
    const check = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined
    const fault = check === undefined ? 'is not a field of a definition' : check(given)
    return fault === undefined
      ? []
      : [finding(pointerTo(path, field), check === undefined ? 'unknown_field' : field, fault)]
  })
  return [...missing.map(field => finding(`${path}/${field}`, 'required', 'is missing')), ...wrong]
}

const invalid = (details: Finding[]) =>
  new ClarionError('invalid_manifest', CODES.invalid_manifest.meaning, { details })

function isText(charactersMax: number) {
  return (value: unknown) =>
    typeof value === 'string' && value.length > 0 && value.length <= charactersMax
      ? undefined
      : `must be a text of 1 to ${charactersMax} characters`
}
