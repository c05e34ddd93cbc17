/** How many replicas a topic has, and how many of them must have a record before its write is acknowledged. */
import type { TopicInfo } from '../protocol/cluster.ts'
import type { KafkaSettings } from '../protocol/wire.ts'
import type { ClusterDescription } from './cluster-requests.ts'
import type { TopicAdmin } from './topic-admin.ts'

const REPLICAS = 3
const MIN_IN_SYNC = 'min.insync.replicas'
const IN_SYNC = 2

/** Unavailable brokers do not count as live, so present topics and the configured addresses count as well. */
export function usualFactor(
  { brokers }: KafkaSettings,
  cluster: ClusterDescription,
  topics: readonly TopicInfo[],
): number {
  const replicas = topics.flatMap(({ partitions }) => partitions.map(each => each.replicas.length))
  return Math.max(brokers.length, cluster.brokers.length, ...replicas) >= REPLICAS ? REPLICAS : 1
}

/** The settings of a new topic for that. */
export const inSyncSettings = (replicationFactor: number): Readonly<Record<string, string>> =>
  replicationFactor >= REPLICAS ? { [MIN_IN_SYNC]: String(IN_SYNC) } : {}

/** Two in-sync replicas for a write, where there are three. Returns how many topics had fewer. */
export async function protect(
  admin: TopicAdmin,
  topics: readonly string[],
  replicationFactor: number,
): Promise<number> {
  const weak = await weakOf(admin, topics, replicationFactor)
  await admin.set(weak, { [MIN_IN_SYNC]: String(IN_SYNC) })
  return weak.length
}

/** Topics for which one in-sync replica is enough. */
export async function weakOf(
  admin: TopicAdmin,
  topics: readonly string[],
  replicationFactor: number,
): Promise<string[]> {
  if (replicationFactor < REPLICAS || topics.length === 0) return []
  const settings = await admin.settings(topics, [MIN_IN_SYNC])
  return [...settings].filter(([, values]) => Number(values.get(MIN_IN_SYNC)?.value) < IN_SYNC).map(([topic]) => topic)
}
