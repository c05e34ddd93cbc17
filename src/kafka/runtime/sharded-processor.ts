/**
 * Runs a processor on the shards that this process holds: lease in, one `Shard` per held shard, one log reader for all of them.
 * A shard that stays is not reopened; one that is lost is dropped without a word to Kafka, its writer being fenced by the next holder.
 */
import type { Clock, Random } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import type { LogReader, Processor } from '../ports.ts'
import type { KafkaSettings } from '../protocol/wire.ts'
import { createLogReader } from '../read/log-reader.ts'
import { acquireLease, type Lease } from './lease.ts'
import { createShard, type Shard, type ShardMetrics } from './shard.ts'

export interface ShardedProcessor {
  /** True when every held shard is restored and running, and the group has assigned shards at least once. */
  ready(): boolean
  /** What is missing for `ready`, in words. */
  missing(): string | undefined
  shards(): number[]
  /** Drains, leaves the group, stops. */
  close(): Promise<void>
}

export async function runShardedProcessor(deps: {
  kafka: KafkaSettings
  processor: Processor
  clock: Clock
  random: Random
  logger: Logger
  metrics: ShardMetrics
  memberDir?: string | undefined
  onFatal(error: Error): void
}): Promise<ShardedProcessor> {
  const { processor } = deps
  const logger = deps.logger.child({ role: processor.role })
  const shards = new Map<number, Shard>()
  /** Which shard reads a partition; many partitions, one reader. */
  const readers = new Map<string, Shard>()
  let assigned = false
  let closing = false
  let lease: Lease | undefined

  const reader = createLogReader({
    kafka: deps.kafka,
    clock: deps.clock,
    logger,
    ...(processor.partitionFetchBytesMax && { settings: { partitionBytesMax: processor.partitionFetchBytesMax } }),
    foreign: processor.foreign,
    watch: deps.metrics.readers,
    patient: () => processor.patient === true && missing() === undefined,
    events: {
      onRecords(topic, partition, records, nextOffset) {
        readers.get(`${topic}/${partition}`)?.onRecords(topic, partition, records, nextOffset)
      },
      onReplaced: (topic, partition) => readers.get(`${topic}/${partition}`)?.onReplaced(topic, partition),
      onGap: (topic, partition, gap) => readers.get(`${topic}/${partition}`)?.onGap(topic, partition, gap),
      onFatal: deps.onFatal,
    },
  })

  function reading(shard: () => Shard): LogReader {
    return {
      assign(topic, partition, from, known) {
        readers.set(`${topic}/${partition}`, shard())
        reader.assign(topic, partition, from, known)
      },
      unassign(topic, partition) {
        if (readers.get(`${topic}/${partition}`) !== shard()) return
        readers.delete(`${topic}/${partition}`)
        reader.unassign(topic, partition)
      },
      pause: (topic, partition, briefly) => reader.pause(topic, partition, briefly),
      resume: (topic, partition) => reader.resume(topic, partition),
      position: (topic, partition) => reader.position(topic, partition),
      waiting: () => reader.waiting(),
      close: async () => undefined,
    }
  }

  function gain(number: number): void {
    const shard: Shard = createShard({
      ...deps,
      logger,
      shard: number,
      reader: reading(() => shard),
      lease: {
        confirmedAtMs: () => (lease && shards.get(number) === shard ? lease.confirmedAtMs() : -1),
        isHeld: () => shards.get(number) === shard,
      },
    })
    shards.set(number, shard)
    shard.open()
  }

  function onAssigned(held: number[]): void {
    assigned = true
    deps.metrics.assigned(processor.role, held.length)
    if (closing) return
    for (const [number, shard] of shards) {
      if (held.includes(number)) continue
      shards.delete(number)
      logger.info({ shard: number }, 'shard lost')
      shard.drop()
    }
    for (const number of held) if (!shards.has(number)) gain(number)
  }

  lease = await acquireLease({ kafka: deps.kafka, role: processor.role, clock: deps.clock, logger, memberDir: deps.memberDir, onAssigned })

  const missing = () => {
    if (!assigned) return `${processor.role}: waiting for shards`
    const waiting = [...shards].filter(([, shard]) => !shard.running()).map(([number]) => number)
    return waiting.length > 0 ? `${processor.role}: restoring shards ${waiting.join(', ')}` : undefined
  }

  return {
    missing,
    ready: () => missing() === undefined,
    shards: () => [...shards.keys()],
    async close() {
      closing = true
      await Promise.all([...shards.values()].map(shard => shard.drain()))
      await lease?.close().catch(error => logger.warn({ error: String(error) }, 'could not leave the group'))
      await Promise.all([...shards.values()].map(shard => shard.drop()))
      await reader.close()
    },
  }
}
