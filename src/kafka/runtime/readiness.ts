/**
 * Why a role is not ready: because of this process, which another one may replace, or because of the cluster, which
 * affects every process. Only the first should take a process out of service.
 */
import { ailmentOf } from '../protocol/ailing.ts'
import type { ClusterMap } from '../protocol/cluster.ts'

export interface Restoring {
  /** In words; undefined: nothing that this process could do. */
  missing: string | undefined
  degraded: string[]
}

const AILMENTS = { no_leader: 'has no leader', too_few_replicas: 'has too few replicas in sync' } as const

/** Of the held shards that are not running. */
export function readinessOf(deps: {
  role: string
  restoring: readonly number[]
  stateTopics: readonly string[]
  cluster: Pick<ClusterMap, 'known'> | undefined
}): Restoring {
  const { role, cluster } = deps
  const degraded: string[] = []
  const own: number[] = []
  for (const shard of deps.restoring) {
    const ailing = deps.stateTopics.map(topic => ailingOf(cluster, topic, shard)).find(each => each !== undefined)
    if (ailing === undefined) own.push(shard)
    else degraded.push(`${role}: shard ${shard} is restored when it can be: ${ailing}`)
  }
  return { missing: own.length > 0 ? `${role}: restoring shards ${own.join(', ')}` : undefined, degraded }
}

function ailingOf(cluster: Pick<ClusterMap, 'known'> | undefined, topic: string, shard: number): string | undefined {
  const partition = cluster?.known(topic)?.partitions.find(each => each.partition === shard)
  const ailment = partition && ailmentOf(partition)
  return ailment && `${topic}/${shard} ${AILMENTS[ailment]}`
}
