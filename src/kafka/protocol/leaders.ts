/** Which broker leads a partition: asked once, forgotten when a broker says otherwise. */
import { errorName } from './error-codes.ts'
import { KafkaError, type Wire } from './wire.ts'

export interface Leaders {
  /** Node id of the leader. Throws `UNKNOWN_TOPIC_OR_PARTITION` or `LEADER_NOT_AVAILABLE` when there is none now. */
  find(topic: string, partition: number): Promise<number>
  /** The same without asking anybody: undefined when not known. */
  known(topic: string, partition: number): number | undefined
  /** Asks for all of these in one request. A topic that is missing is left unknown. */
  load(topics: Iterable<string>): Promise<void>
  forget(topic: string): void
}

export function createLeaders(wire: Wire): Leaders {
  const byTopic = new Map<string, Map<number, number>>()

  async function load(topics: Iterable<string>): Promise<void> {
    const wanted = [...new Set(topics)].filter(topic => !byTopic.has(topic))
    if (wanted.length === 0) return
    for (const { topic, errorCode, partitions } of await wire.metadata(wanted)) {
      if (errorCode !== 0) continue
      byTopic.set(topic, new Map(partitions.filter(each => each.leader >= 0).map(each => [each.partition, each.leader])))
    }
  }

  const known = (topic: string, partition: number) => byTopic.get(topic)?.get(partition)

  return {
    load,
    known,
    forget: topic => void byTopic.delete(topic),
    find: async (topic, partition) => {
      const cached = known(topic, partition)
      if (cached !== undefined) return cached
      byTopic.delete(topic)
      await load([topic])
      const found = known(topic, partition)
      if (found === undefined) throw new KafkaError(errorName(3), `${topic}/${partition} has no leader now`)
      return found
    },
  }
}
