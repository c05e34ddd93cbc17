/** The leaders of the cluster map, for callers that need a node id. */
import { KafkaError, type Wire } from './wire.ts'

export interface Leaders {
  /** Node id of the leader. Throws `UNKNOWN_TOPIC_OR_PARTITION` when there is none now. */
  find(topic: string, partition: number): Promise<number>
  /** The same without a request: undefined when not known. */
  known(topic: string, partition: number): number | undefined
  /** Loads those that are unknown or were invalidated, in one request. A missing topic stays unknown. */
  load(topics: Iterable<string>): Promise<void>
  /** The known leader may be wrong: the next `load` or `find` looks it up again. */
  forget(topic: string): void
}

export function createLeaders({ cluster }: Wire): Leaders {
  const known = (topic: string, partition: number) => cluster.leader(topic, partition)?.node
  return {
    load: topics => cluster.load(topics),
    known,
    forget: topic => cluster.stale(topic),
    async find(topic, partition) {
      if (known(topic, partition) === undefined) cluster.stale(topic)
      await cluster.load([topic])
      const found = known(topic, partition)
      if (found === undefined)
        throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${topic}/${partition} has no leader now`)
      return found
    },
  }
}
