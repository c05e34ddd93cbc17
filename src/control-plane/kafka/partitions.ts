/**
 * More partitions for an organization's two topics, when its plan and throughput need them.
 *
 *     the log's partitions ──► the ingress's ──► the record, which admission and the api follow
 *
 * Producers see the new partitions before admission reads them: records there wait for the control record, and a start
 * repairs a crash between the steps. The number is multiplied, so that a subject stays in its partition or moves to a
 * new one.
 */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import { revised } from '../store/revision.ts'
import type { ControlStore } from '../store/store.ts'

/** See `Provisioning` of `src/kafka/admin/provisioning.ts`. */
export interface PartitionProvisioning {
  growOrganizationTopics(organization: { id: string; partitions: number }, environment: Environment): Promise<void>
  ingressPartitions(organizationIds: readonly string[], environment: Environment): Promise<Map<string, number>>
}

export interface Partitions {
  /**
   * Errors: `not_found`; `validation_failed` for a number that is no multiple of the current one, or beyond the plan.
   */
  grow(caller: Caller, organizationId: string, partitions: number): Promise<Organization>
  /** Sets each organization's record to the partitions that its ingress has. Answers how many records changed. */
  align(caller: Caller): Promise<number>
}

export function createPartitions(deps: {
  store: ControlStore
  view: ControlView
  provisioning: PartitionProvisioning
  ids: Ids
  clock: Clock
  announce: Announce
}): Partitions {
  const { store, view, provisioning, ids, clock, announce } = deps

  async function growTo(
    caller: Caller,
    { id, testEnvironment }: Organization,
    partitions: number,
  ): Promise<Organization> {
    await provisioning.growOrganizationTopics({ id, partitions }, 'live')
    if (testEnvironment) await provisioning.growOrganizationTopics({ id, partitions }, 'test')
    return store.change(ids.next('chg'), current => {
      const before = getOrganization(current, id)
      if (before.partitions >= partitions) return { records: [], changes: [], result: before }
      const after = revised(before, { partitions }, clock.nowMs())
      const about = { organizationId: id, entityType: 'organization' as const, entityId: id, status: after.status }
      const data = { changed: ['partitions'], previousPartitions: before.partitions, partitions }
      return {
        records: [{ kind: 'organization', record: after }],
        changes: [announce(caller, { ...about, type: 'ORGANIZATION_UPDATED', previousStatus: before.status, data })],
        result: after,
      }
    })
  }

  return {
    async grow(caller, organizationId, partitions) {
      const organization = getOrganization(view, organizationId)
      if (partitions === organization.partitions) return organization
      refuse(organization, partitions)
      return growTo(caller, organization, partitions)
    },
    async align(caller) {
      const organizations = [...view.organizations()].filter(({ status }) => status !== 'deleted')
      const actual = await provisioning.ingressPartitions(
        organizations.map(({ id }) => id),
        'live',
      )
      const behind = organizations.filter(({ id, partitions }) => (actual.get(id) ?? 0) > partitions)
      for (const organization of behind) await growTo(caller, organization, actual.get(organization.id)!)
      return behind.length
    },
  }
}

function refuse({ plan, partitions: has }: Organization, partitions: number): void {
  const most = planOf(plan).partitionsMax
  const message =
    partitions < has || partitions % has !== 0
      ? `must be a multiple of ${has}, which it has: partitions are added, never taken away`
      : partitions > most
        ? `must be at most ${most} on the plan ${plan}`
        : undefined
  if (message === undefined) return
  const details = [{ path: '/partitions', rule: 'partitions', message }]
  throw new ClarionError('validation_failed', `The number of partitions ${message}.`, { details })
}
