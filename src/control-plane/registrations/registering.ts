/**
 * The decision to register a version, for whoever registers: the rules, what a plan that keeps the latest version only
 * archives for it, and the announcements.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import { planOf } from '../../model/plans.ts'
import type { Registration } from '../../model/registrations.ts'
import { warnOfRegistrations } from '../plans/quota-warning.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { Change, Decision } from '../store/store.ts'
import { announceRegistered, ofRegistration } from './registration-chain.ts'
import type { CheckedRegistration, NewRegistration, RegistrationRules } from './registration-check.ts'
import { createRefusal } from './registration-refusal.ts'

/** `id`: of the registration to be made; `commandId`: see `createRefusal`. */
export interface RegisterOrder {
  caller: Caller
  organizationId: string
  id: string
  commandId: string
  input: NewRegistration
  idempotencyKey?: string | undefined
}

export interface Registering {
  /** A call repeated with its key decides nothing, and answers with what it made. */
  decide(order: RegisterOrder, current: DecisionView): Decision<Registration>
  /** On a plan that keeps the latest version only, publishing one archives the others of its name. */
  replacedBy(published: Registration, current: DecisionView): Registration[]
  archived(registration: Registration): Registration
  announceArchived(caller: Caller, archived: Registration[]): ChangeRow[]
}

export function createRegistering(deps: {
  clock: Clock
  announce: Announce
  registrationRules: RegistrationRules
}): Registering {
  const { clock, announce, registrationRules } = deps
  const refused = createRefusal(deps)

  function decide(order: RegisterOrder, current: DecisionView): Decision<Registration> {
    const { caller, organizationId, id, commandId, input, idempotencyKey } = order
    const repeated = idempotencyKey === undefined ? undefined : repeatOf(current, organizationId, input, idempotencyKey)
    if (repeated !== undefined) return { records: [], changes: [], result: repeated }
    const organization = getOrganization(current, organizationId)
    const checked = registrationRules.check(input, organization, current)
    if (!checked.ok) return refused({ caller, organization, input, commandId }, checked.refusal, current)
    const owner = { id, organizationId, registeredBy: caller.actorId }
    const made = registrationOf(owner, input, checked.facts, clock.nowMs())
    const registration = idempotencyKey === undefined ? made : { ...made, idempotencyKey }
    const replaced = registration.status === 'published' ? replacedBy(registration, current) : []
    return {
      records: [{ kind: 'registration', record: registration }, ...replaced.map(asChange)],
      changes: [
        ...announceRegistered(announce, caller, registration, checked.facts),
        ...announceArchived(caller, replaced),
        ...warnOfRegistrations(announce, caller, organization, registration, current),
      ],
      result: registration,
    }
  }

  function replacedBy(published: Registration, current: DecisionView): Registration[] {
    if (planOf(getOrganization(current, published.organizationId).plan).versioning !== 'latest') return []
    const versions =
      current.event(published.organizationId, `${published.namespace}.${published.name}`)?.versions.values() ?? []
    return [...versions].filter(each => each.id !== published.id && each.status === 'published').map(archived)
  }

  const archived = (registration: Registration): Registration => {
    const nowMs = clock.nowMs()
    return revised(registration, { status: 'archived', archivedAt: new Date(nowMs).toISOString() }, nowMs)
  }

  const announceArchived = (caller: Caller, all: Registration[]) =>
    all.flatMap(each => [
      announce(caller, { ...ofRegistration(each, 'CUSTOM_EVENT_ARCHIVED'), status: 'archived' }),
      announce(caller, invalidated(each, 'archived')),
    ])

  return { decide, replacedBy, archived, announceArchived }
}

/** The registration that the same call made before; a different call with the same key is a conflict. */
function repeatOf(
  current: DecisionView,
  organizationId: string,
  input: NewRegistration,
  key: string,
): Registration | undefined {
  const made = current.list('registration', organizationId).find(each => each.idempotencyKey === key)
  if (made === undefined) return undefined
  const sameName = made.namespace === input.namespace && made.name === input.name && made.version === input.version
  const sameContent =
    isDeepStrictEqual(made.payloadSchema, input.payloadSchema) &&
    isDeepStrictEqual(made.payloadExample, input.payloadExample ?? null)
  if (sameName && sameContent) return made
  throw new ClarionError('idempotency_key_conflict', 'The idempotency key was used to register something else.')
}

function registrationOf(
  owner: Pick<Registration, 'id' | 'organizationId' | 'registeredBy'>,
  input: NewRegistration,
  facts: CheckedRegistration,
  nowMs: number,
): Registration {
  const now = new Date(nowMs).toISOString()
  const { namespace, name, version, description = null, payloadExample = null, status = 'draft' } = input
  const { canonicalName, schemaHash, schemaFlavour, semverBump, payloadSchema, warnings } = facts
  return {
    ...{
      ...owner,
      revision: 1,
      createdAt: now,
      updatedAt: now,
      namespace,
      name,
      version,
      canonicalName,
      status,
      description,
    },
    ...{ payloadSchema, payloadExample, schemaHash, schemaFlavour, semverBump, warnings },
    ...{ publishedAt: status === 'published' ? now : null, archivedAt: null },
  }
}

export const asChange = (record: Registration): Change => ({ kind: 'registration', record })

/** Cached definitions are stale. */
export const invalidated = (registration: Registration, cause: string): Announcement => ({
  ...ofRegistration(registration, 'CUSTOM_EVENT_INVALIDATED'),
  data: { registrationId: registration.id, cause },
})
