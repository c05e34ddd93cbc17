/** The contracts of a receiver, each checked as a payload schema is. */
import { finding } from '../json/json-text.ts'
import { ClarionError, type Code } from '../model/codes.ts'
import { checkName, checkNamespace } from '../model/names.ts'
import { checkSchema } from './check-schema.ts'
import type { SchemaObject } from './schema-positions.ts'
import type { Validators } from './validators.ts'

export const CONTRACTS_MAX = 20
const CONTRACT_BYTES_MAX = 16_384

/**
 * By `<namespace>.<name>`. Errors: `validation_failed` for a name that no event can have; for a schema, those of a
 * registration, with pointers below `/contracts`.
 */
export function checkedContracts(
  contracts: Record<string, unknown>,
  { validators }: { validators: Validators },
): Record<string, SchemaObject> {
  for (const [fullName, contract] of Object.entries(contracts)) {
    const [namespace = '', ...name] = fullName.split('.')
    if (checkNamespace(namespace) || checkName(name.join('.')))
      throw refusal('validation_failed', fullName, '', 'name', 'is not named as an event is: <namespace>.<name>')
    if (Buffer.byteLength(JSON.stringify(contract)) > CONTRACT_BYTES_MAX)
      throw refusal('schema_too_wide', fullName, '', 'max_bytes', `is longer than ${CONTRACT_BYTES_MAX} bytes`)
    const input = { namespace, name: name.join('.'), version: '1.0.0', payloadSchema: contract }
    const [wrong] = checkSchema(input, validators).findings
    if (!wrong) continue
    const { path, rule, message } = wrong.details?.[0] ?? { path: '', rule: wrong.code, message: wrong.message }
    throw refusal(wrong.code, fullName, path.replace(/^\/payloadSchema/, ''), rule, message)
  }
  return contracts as Record<string, SchemaObject>
}

function refusal(code: Code, fullName: string, path: string, rule: string, message: string): ClarionError {
  const at = `/contracts/${fullName.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}${path}`
  return new ClarionError(code, `The contract at '${at}' ${message}.`, { details: [finding(at, rule, message)] })
}
