/**
 * Rights and rates of a Kafka credential: its organization's own topics, groups and transactional ids, nothing else.
 * See docs/specification/kafka.md#rights.
 */

import { emits } from '../../topics/emits.ts'
import { events } from '../../topics/events.ts'
import type { ByteRates, Grant } from '../kafka/admin/accounts.ts'
import type { KafkaCredential } from '../model/kafka-credentials.ts'
import type { Organization } from '../model/organizations.ts'
import { planOf } from '../model/plans.ts'

export type Access = KafkaCredential['access']

/**
 * The names that an organization's Kafka clients use. Both prefixes end with a dot, so that none is a prefix of another
 * organization's.
 */
export function namesOf(organizationId: string) {
  return {
    topics: { emits: emits.nameFor(organizationId, 'live'), events: events.nameFor(organizationId, 'live') },
    groupPrefix: `${organizationId}.`,
    transactionalIdPrefix: `${organizationId}.`,
  }
}

const produces = (access: Access) => access !== 'consume'
const consumes = (access: Access) => access !== 'produce'

export function grantsOf({ organizationId, access }: Pick<KafkaCredential, 'organizationId' | 'access'>): Grant[] {
  const { topics, groupPrefix, transactionalIdPrefix } = namesOf(organizationId)
  const transactions = { resource: 'transactional-id', name: transactionalIdPrefix, pattern: 'prefix' } as const
  const produce: Grant[] = [
    { resource: 'topic', name: topics.emits, pattern: 'exact', operation: 'write' },
    { resource: 'topic', name: topics.emits, pattern: 'exact', operation: 'describe' },
    { ...transactions, operation: 'write' },
    { ...transactions, operation: 'describe' },
  ]
  const consume: Grant[] = [
    { resource: 'topic', name: topics.events, pattern: 'exact', operation: 'read' },
    { resource: 'topic', name: topics.events, pattern: 'exact', operation: 'describe' },
    { resource: 'group', name: groupPrefix, pattern: 'prefix', operation: 'read' },
    // A share group has its isolation and its start in settings of the group, which its clients cannot give.
    { resource: 'group', name: groupPrefix, pattern: 'prefix', operation: 'alter-configs' },
  ]
  return [...(produces(access) ? produce : []), ...(consumes(access) ? consume : [])]
}

/**
 * The byte rates of all credentials of one organization, by username; null for a direction that the credential may not
 * use. The plan limits the organization, but Kafka enforces rates per user: each credential gets an equal share of its
 * direction.
 */
export function ratesOf(organization: Organization, credentials: readonly KafkaCredential[]): Map<string, ByteRates> {
  const { kafkaBytesPerS } = planOf(organization.plan)
  const share = (users: number) => Math.max(1, Math.floor(kafkaBytesPerS / users))
  const producers = credentials.filter(({ access }) => produces(access)).length
  const consumers = credentials.filter(({ access }) => consumes(access)).length
  return new Map(
    credentials.map(({ username, access }) => [
      username,
      { produce: produces(access) ? share(producers) : null, consume: consumes(access) ? share(consumers) : null },
    ]),
  )
}
