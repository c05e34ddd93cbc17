/**
 * The lifecycle events of a registration's steps: the chain in order, or its beginning and the refusal that ended it.
 */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { ClarionError } from '../../model/codes.ts'
import type { Registration } from '../../model/registrations.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import type { CheckedRegistration, DryRun, NewRegistration } from './registration-check.ts'

export const ofRegistration = (registration: Registration, type: string): Announcement => ({
  organizationId: registration.organizationId,
  type,
  entityType: 'registration',
  entityId: registration.id,
  canonicalName: registration.canonicalName,
})

/**
 * Every process reads the registration's record from `control` and can use it at once: so one commit announces
 * persisted, materialised and registered together.
 */
export function announceRegistered(
  announce: Announce,
  caller: Caller,
  registration: Registration,
  facts: CheckedRegistration,
): ChangeRow[] {
  const { id: registrationId, namespace, name, version, status, createdAt } = registration
  const { schemaHash, schemaFlavour, semverBump, depth, propertyCount } = facts
  const steps: Array<[type: string, data: Record<string, unknown>]> = [
    ['CUSTOM_EVENT_REQUESTED', { namespace, name, version, requestedStatus: status }],
    ['CUSTOM_EVENT_VALIDATED', { schemaHash, schemaFlavour, semverBump, depth, propertyCount }],
    ['CUSTOM_EVENT_PERSISTED', { registrationId, status }],
    ['CUSTOM_EVENT_MATERIALISED', { registrationId, materialisedAt: createdAt }],
    ['CUSTOM_EVENT_REGISTERED', { registrationId, status }],
  ]
  return steps.map(([type, data]) => announce(caller, { ...ofRegistration(registration, type), status, data }))
}

/** A refused registration: the chain ends after REQUESTED. */
export function announceRefused(
  announce: Announce,
  caller: Caller,
  organizationId: string,
  input: NewRegistration,
  refusal: ClarionError,
): ChangeRow[] {
  const { namespace, name, version, status = 'draft' } = input
  const about = ofRefused(organizationId, input)
  return [
    announce(caller, {
      ...about,
      type: 'CUSTOM_EVENT_REQUESTED',
      data: { namespace, name, version, requestedStatus: status },
    }),
    announce(caller, {
      ...about,
      type: 'CUSTOM_EVENT_VALIDATION_FAILED',
      reason: refusal.code,
      data: { code: refusal.code, details: refusal.details ?? [] },
    }),
  ]
}

/** Announces all findings; `data.dryRun` distinguishes it from a refused registration. */
export function announceDryRun(
  announce: Announce,
  caller: Caller,
  organizationId: string,
  input: NewRegistration,
  refused: DryRun,
): ChangeRow {
  const [first] = refused.findings
  const details = refused.findings.flatMap(finding => finding.details).slice(0, DETAILS_MAX)
  return announce(caller, {
    ...ofRefused(organizationId, input),
    type: 'CUSTOM_EVENT_VALIDATION_FAILED',
    reason: first?.code ?? 'invalid_json_schema',
    data: { dryRun: true, code: first?.code, errors: refused.errors, details },
  })
}

const DETAILS_MAX = 20

/** An entity id for a registration that was never made: its intended name and version. */
const ofRefused = (organizationId: string, { namespace, name, version }: NewRegistration) => ({
  organizationId,
  entityType: 'registration' as const,
  entityId: `${namespace}.${name}@${version}`.slice(0, 200),
})
