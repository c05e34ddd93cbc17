/** Which partitions a shard of a role depends on, so that all of them can be led by one broker. */
import { emits } from '../../topics/emits.ts'
import { events } from '../../topics/events.ts'
import { SHARED_TOPICS } from '../../topics/index.ts'
import type { PartitionName } from './operator-requests.ts'

export const GROUPS_TOPIC = '__consumer_offsets'
export const TRANSACTIONS_TOPIC = '__transaction_state'

/** `String.hashCode` of Java, by which Kafka chooses the partition of a group or a transactional id. */
export function javaHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0
  return hash
}

/** The partition of an internal topic whose leader coordinates this id. `Utils.abs`: the sign bit is dropped where -2^31 has no positive. */
export const coordinatorPartition = (id: string, partitions: number): number =>
  (javaHash(id) === -0x80000000 ? 0 : Math.abs(javaHash(id))) % partitions

/** The shard's partition of every topic that is partitioned by shards: its state, its inputs and its outputs. */
export const partitionsOfShard = (shard: number): PartitionName[] =>
  SHARED_TOPICS.filter(({ partitions }) => partitions === 'shards').map(({ name }) => ({
    topic: name,
    partition: shard,
  }))

/** The topics of an organization, of both environments; the look-up leaves out missing ones. */
export const topicsOfOrganization = (organizationId: string): string[] =>
  (['live', 'test'] as const).flatMap(environment =>
    [emits, events].map(each => each.nameFor(organizationId, environment)),
  )
