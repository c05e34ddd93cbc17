/**
 * The rules of an emit that need no state of `admit`: `admit` decides by them, and a dry run shows what they say now. See
 * docs/specification/emit.md#order-of-judging.
 */
import { parseJson } from '../json/json.ts'
import { isJsonObject } from '../json/json-pointer.ts'
import { CODES, type Code, type Finding } from '../model/codes.ts'
import type { Environment } from '../model/environments.ts'
import { GENERIC } from '../model/names.ts'
import type { Organization } from '../model/organizations.ts'
import { planOf } from '../model/plans.ts'
import type { Registration } from '../model/registrations.ts'

export interface Refusal {
  code: Code
  message: string
  findings?: Finding[]
}

export const PAYLOAD_BYTES_MAX = 262_144
export const PAYLOAD_DEPTH_MAX = 32

/** Strict JSON of at most 256 KB: an object, at most 32 levels deep. */
export function readPayload(payload: Buffer): { value: Record<string, unknown>; exact: unknown } | Refusal {
  if (payload.length > PAYLOAD_BYTES_MAX)
    return {
      code: 'payload_too_large',
      message: `The payload has ${payload.length} bytes; ${PAYLOAD_BYTES_MAX} are allowed.`,
    }
  const parsed = parseJson(payload, { depthMax: PAYLOAD_DEPTH_MAX, duplicateKeys: 'refuse' })
  if (!parsed.ok) return invalidPayload(parsed.findings)
  if (!isJsonObject(parsed.value)) return invalidPayload([{ path: '', rule: 'type', message: 'must be an object' }])
  return { value: parsed.value, exact: parsed.exact }
}

export const invalidPayload = (findings: Finding[]): Refusal => ({
  code: 'payload_invalid',
  message: CODES.payload_invalid.meaning,
  findings,
})

/** Undefined for an organization that may emit. */
export function organizationRefusal(organization: Organization | undefined): Refusal | undefined {
  if (organization === undefined || organization.status === 'deleted')
    return { code: 'organization_suspended', message: 'The organization does not exist any more.' }
  if (organization.status === 'active') return undefined
  return { code: 'organization_suspended', message: 'The organization is suspended.' }
}

/** Free organizations may emit the generic event only. */
export function planRefusal(organization: Organization, registration: Registration): Refusal | undefined {
  const generic = registration.namespace === GENERIC.namespace && registration.name === GENERIC.name
  if (generic || organization.plan !== 'FREE') return undefined
  const code = 'plan_does_not_allow_registered_events'
  return { code, message: CODES[code].meaning }
}

/** Emits a month; null: unlimited. The test environment has no quota but a cap of its own. */
export const quotaLimit = (organization: Organization, environment: Environment): number | null =>
  environment === 'test' ? planOf(organization.plan).monthlyTestEmits : planOf(organization.plan).monthlyEmits

export function quotaRefusal(used: number, limit: number | null): Refusal | undefined {
  if (limit === null || used < limit) return undefined
  return { code: 'monthly_emit_quota_exceeded', message: `${used} of ${limit} emits of this month are used.` }
}
