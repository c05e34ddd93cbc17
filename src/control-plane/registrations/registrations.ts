/**
 * Registrations: draft → published → archived. The registry has the rules of a registration; here it is checked against
 * the newest state, stored, and announced.
 */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Ids } from '../../model/ids.ts'
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import { planOf } from '../../model/plans.ts'
import type { Registration } from '../../model/registrations.ts'
import { excessNames } from '../plans/plan-usage.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { ControlStore, Decision } from '../store/store.ts'
import { asChange, invalidated, type Registering } from './registering.ts'
import { announceDryRun, ofRegistration } from './registration-chain.ts'
import type { DryRun, NewRegistration } from './registration-check.ts'

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
  registering: Registering
}): Registrations {
  const { store, ids, clock, announce, registering } = deps
  const { replacedBy, archived, announceArchived } = registering

  function register(caller: Caller, organizationId: string, input: NewRegistration, idempotencyKey?: string) {
    const order = { caller, organizationId, id: ids.next('cer'), commandId: ids.next('chg'), input, idempotencyKey }
    return store.change(order.commandId, current => registering.decide(order, current))
  }

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
