/** Where a consumer group without a committed position begins, and the end of a former member. */
import type { Cluster } from 'kafkajs'

const NO_PLACE = '-1'

export interface GroupStart {
  groupId: string
  topic: string
  /** The oldest event that is kept, or the next one. */
  fromBeginning: boolean
}

/**
 * Commits the start of a new group before its first member joins, all partitions in one request. Otherwise each join would begin with the event that is
 * next then, and the events in between would be missed. False: the group has members but no position, so they have to decide.
 */
export async function commitStart(cluster: Cluster, { groupId, topic, fromBeginning }: GroupStart): Promise<boolean> {
  const partitions = cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => ({ partition: partitionId, offset: NO_PLACE }))
  const coordinator = await cluster.findGroupCoordinator({ groupId })
  const hasPlace = async (): Promise<boolean> => {
    const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions }] })
    return responses.some(each => each.partitions.some(({ offset }) => offset !== NO_PLACE))
  }
  if (await hasPlace()) return true
  const topics = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }])
  try {
    // Without a member id: refused when the group has members, who have committed a position before they joined.
    await coordinator.offsetCommit({ groupId, memberId: '', groupGenerationId: -1, topics })
    return true
  } catch (error) {
    if ((error as { type?: string }).type !== 'UNKNOWN_MEMBER_ID') throw error
    return hasPlace()
  }
}

/** Its partitions would be idle until the group removes it. Not in kafkajs's types, but called by its consumers. */
export async function removeMember(cluster: Cluster, groupId: string, memberId: string): Promise<void> {
  const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as {
    leaveGroup?(member: { groupId: string; memberId: string }): Promise<unknown>
  }
  await coordinator.leaveGroup?.({ groupId, memberId }).catch((error: { type?: string }) => {
    if (error.type !== 'UNKNOWN_MEMBER_ID') throw error
  })
}
