/** Metadata of topics, and the choice of the newer of two answers. */
export interface LeaderOf {
  node: number
  /** -1: the broker sent none. */
  epoch: number
}

export interface PartitionInfo {
  partition: number
  /** Node id; -1: none now. */
  leader: number
  leaderEpoch: number
  replicas: number[]
  isr: number[]
}

export interface TopicInfo {
  topic: string
  /** 32 hex digits, lower case; empty when unknown. */
  id: string
  /** 0, or Kafka's error code (3: the broker knows no such topic). */
  errorCode: number
  partitions: PartitionInfo[]
}

/**
 * The partitions of an answer, each in its newer state. A topic with another id is another topic: the former state does
 * not count.
 */
export function newest(before: TopicInfo, { id, partitions }: Pick<TopicInfo, 'id' | 'partitions'>): PartitionInfo[] {
  if (before.id !== id) return partitions
  const known = new Map(before.partitions.map(each => [each.partition, each]))
  return partitions.map(each => {
    const other = known.get(each.partition)
    return other && other.leaderEpoch > each.leaderEpoch ? other : each
  })
}

export function sameLeaders(one: TopicInfo, other: TopicInfo): boolean {
  return (
    one.id === other.id &&
    one.errorCode === other.errorCode &&
    one.partitions.length === other.partitions.length &&
    one.partitions.every(({ leader, leaderEpoch }, index) => {
      const there = other.partitions[index]!
      return there.leader === leader && there.leaderEpoch === leaderEpoch
    })
  )
}
