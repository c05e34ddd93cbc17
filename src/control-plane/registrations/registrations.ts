/**
 * Registrations: draft → published → archived. The registry has the rules of a registration; here it is checked against
 * the newest state, stored, and announced.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Ids } from '../../model/ids.ts'
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import { planOf } from '../../model/plans.ts'
import type { Registration } from '../../model/registrations.ts'
import { excessNames } from '../plans/plan-usage.ts'
import { warnOfRegistrations } from '../plans/quota-warning.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import { announceDryRun, announceRegistered, ofRegistration } from './registration-chain.ts'
import type { CheckedRegistration, DryRun, NewRegistration, RegistrationRules } from './registration-check.ts'
import { createRefusal } from './registration-refusal.ts'

export interface Registrations {
  /**
   * `idempotencyKey`: the same call again is answered with the registration that it made. Errors: the first code that
   * fails, in the order of docs/specification/registry.md#order-of-registration-checks.
   */
  register(
    caller: Caller,
    organizationId: string,
    input: NewRegistration,
    idempotencyKey?: string,
  ): Promise<Registration>
  /** Announces a dry run with findings (`CUSTOM_EVENT_VALIDATION_FAILED`, flagged). */
  announceDryRun(caller: Caller, organizationId: string, input: NewRegistration, refused: DryRun): Promise<void>
  /** Nothing changes if it is published already; `conflict` if it is archived. */
  publish(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Registration>
  /** Final; nothing changes if it is archived already. */
  archive(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Registration>
  describe(
    caller: Caller,
    organizationId: string,
    id: string,
    description: string | null,
    revision?: number,
  ): Promise<Registration>
  /**
   * A draft, under which nothing was ever emitted, is removed for good (undefined); a published version is archived.
   */
  delete(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Registration | undefined>
}

export function createRegistrations(deps: {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
  registrationRules: RegistrationRules
}): Registrations {
  const { store, ids, clock, announce, registrationRules } = deps
  const refused = createRefusal(deps)

  function register(caller: Caller, organizationId: string, input: NewRegistration, idempotencyKey?: string) {
    const id = ids.next('cer')
    return store.change(ids.next('chg'), (current): Decision<Registration> => {
      const repeated =
        idempotencyKey === undefined ? undefined : repeatOf(current, organizationId, input, idempotencyKey)
      if (repeated !== undefined) return { records: [], changes: [], result: repeated }
      const organization = getOrganization(current, organizationId)
      const checked = registrationRules.check(input, organization, current)
      if (!checked.ok) return refused({ caller, organization, input, commandId: id }, checked.refusal, current)
      const made = registrationOf(
        { id, organizationId, registeredBy: caller.actorId },
        input,
        checked.facts,
        clock.nowMs(),
      )
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
    })
  }

  /** On a plan that keeps the latest version only, publishing one archives the others of its name. */
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

  const announceArchived = (caller: Caller, archived: Registration[]) =>
    archived.flatMap(each => [
      announce(caller, { ...ofRegistration(each, 'CUSTOM_EVENT_ARCHIVED'), status: 'archived' }),
      announce(caller, invalidated(each, 'archived')),
    ])

  function changing(
    organizationId: string,
    id: string,
    revision: number | undefined,
    decide: (before: Registration, current: DecisionView) => Decision<Registration>,
  ): Promise<Registration> {
    return store.change(ids.next('chg'), current => {
      const before = getRegistration(current, organizationId, id)
      refuseGeneric(before)
      checkRevision(before, revision)
      return decide(before, current)
    })
  }

  function archiveNow(caller: Caller, before: Registration): Decision<Registration> {
    if (before.status === 'archived') return { records: [], changes: [], result: before }
    const after = archived(before)
    return { records: [asChange(after)], changes: announceArchived(caller, [after]), result: after }
  }

  return {
    register,
    announceDryRun: (caller, organizationId, input, refused) =>
      store.change(ids.next('chg'), () => ({
        records: [],
        changes: [announceDryRun(announce, caller, organizationId, input, refused)],
        result: undefined,
      })),
    publish: (caller, organizationId, id, revision) =>
      changing(organizationId, id, revision, (before, current) => {
        if (before.status === 'published') return { records: [], changes: [], result: before }
        if (before.status === 'archived')
          throw new ClarionError('conflict', 'The version is archived, for good; register a newer one.')
        refuseExcess(before, current)
        const nowMs = clock.nowMs()
        const after = revised(before, { status: 'published', publishedAt: new Date(nowMs).toISOString() }, nowMs)
        const replaced = replacedBy(after, current)
        const about = {
          ...ofRegistration(after, 'CUSTOM_EVENT_PUBLISHED'),
          previousStatus: 'draft',
          status: 'published',
        }
        return {
          records: [after, ...replaced].map(asChange),
          changes: [
            announce(caller, about),
            announce(caller, invalidated(after, 'published')),
            ...announceArchived(caller, replaced),
          ],
          result: after,
        }
      }),
    archive: (caller, organizationId, id, revision) =>
      changing(organizationId, id, revision, before => archiveNow(caller, before)),
    describe: (caller, organizationId, id, description, revision) =>
      changing(organizationId, id, revision, (before, current) => {
        refuseExcess(before, current)
        const after = revised(before, { description }, clock.nowMs())
        return {
          records: [asChange(after)],
          changes: [announce(caller, invalidated(after, 'description_changed'))],
          result: after,
        }
      }),
    delete: (caller, organizationId, id, revision) =>
      store.change(ids.next('chg'), current => {
        const before = getRegistration(current, organizationId, id)
        refuseGeneric(before)
        checkRevision(before, revision)
        if (before.status !== 'draft') return archiveNow(caller, before)
        const about = { ...invalidated(before, 'draft_deleted'), previousStatus: 'draft', status: 'deleted' }
        return {
          records: [{ kind: 'registration', remove: { organizationId, id } }],
          changes: [announce(caller, about)],
          result: undefined,
        }
      }),
  }
}

/** Throws `not_found`. */
export function getRegistration(view: Pick<DecisionView, 'find'>, organizationId: string, id: string): Registration {
  const registration = view.find('registration', organizationId, id)
  if (registration === undefined) throw new ClarionError('not_found', 'There is no such registration.')
  return registration
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

/** After a downgrade, registrations beyond the plan are read-only until there is room for them. */
function refuseExcess({ organizationId, namespace, name }: Registration, current: DecisionView): void {
  const { plan } = getOrganization(current, organizationId)
  const { registrations: limit } = planOf(plan)
  if (!excessNames(current.list('registration', organizationId), limit).has(`${namespace}.${name}`)) return
  const message = `${namespace}.${name} is beyond the ${limit} registrations of the plan ${plan}: it is read-only until there is room for it.`
  throw new ClarionError('registration_quota_exceeded', message)
}

function refuseGeneric(registration: Registration): void {
  if (`${registration.namespace}.${registration.name}` !== GENERIC_FULL_NAME) return
  throw new ClarionError(
    'cannot_archive_generic_event',
    `${GENERIC_FULL_NAME} belongs to the platform and cannot be changed.`,
  )
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

const asChange = (record: Registration): Change => ({ kind: 'registration', record })

/** Cached definitions are stale. */
const invalidated = (registration: Registration, cause: string): Announcement => ({
  ...ofRegistration(registration, 'CUSTOM_EVENT_INVALIDATED'),
  data: { registrationId: registration.id, cause },
})
