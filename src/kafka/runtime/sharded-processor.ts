/**
 * Runs a processor on the shards that this process holds: one `Shard` per held shard, one log reader for all of them. A
 * shard that stays is not reopened; one that moves is drained before another process opens it; one that another process
 * may own already is dropped without a request to Kafka, since the next owner fences its writer.
 */
import type { Clock, Random } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { LogReader, Processor, Unavailable, UnavailableReason } from '../ports.ts'
import type { ClusterMap } from '../protocol/cluster.ts'
import type { KafkaSettings } from '../protocol/wire.ts'
import { createLogReader } from '../read/log-reader.ts'
import type { InputLag } from './input-queue.ts'
import { type Lease, type LeaseIdentity, openLease } from './lease.ts'
import { type Restoring, readinessOf } from './readiness.ts'
import { createShard, type Shard } from './shard.ts'
import type { RoleFigures, ShardMetrics, ShardState } from './shard-metrics.ts'

/** Work that has not ended by then is dropped without a commit; the next owner fences it. */
const DRAIN_MS = 10_000
const PAUSED_NAMED_MAX = 3

export interface ShardedProcessor {
  /** True when every held shard is restored and running, and the lease is confirmed. */
  ready(): boolean
  /** Reasons why it is not `ready`, in words. */
  missing(): string | undefined
  /** Problems of single organizations or the cluster, while this process serves. */
  degraded(): string[]
  shards(): number[]
  /** Shards that run, and what waits in the inputs of all. */
  progress(): { running: number[]; lags: InputLag[] }
  /** Drains, leaves the group, stops. */
  close(): Promise<void>
}

interface Held {
  shard: Shard
  isDraining: boolean
  /** It was given back while it drained: to be opened anew. */
  isAssigned: boolean
}

export interface ShardedProcessorDeps {
  kafka: KafkaSettings
  /** Problems of the cluster that a shard waits for before it can run. */
  cluster?: Pick<ClusterMap, 'known'> | undefined
  processor: Processor
  clock: Clock
  random: Random
  logger: Logger
  metrics: ShardMetrics
  /** How the role's group identifies this process; a dynamic member by default. */
  identity?: LeaseIdentity
  onFatal(error: Error): void
}

/** Returns at once: the shards come when the group assigns them (`missing`). */
export function runShardedProcessor(deps: ShardedProcessorDeps): ShardedProcessor {
  const { processor, clock } = deps
  const { role } = processor
  const logger = deps.logger.child({ role })
  const shards = new Map<number, Held>()
  /** The shard that reads a partition; many partitions, one reader. */
  const readers = new Map<string, Shard>()
  let isClosing = false

  const reader = createLogReader({
    kafka: deps.kafka,
    clock,
    logger,
    ...(processor.partitionFetchBytesMax && { settings: { partitionBytesMax: processor.partitionFetchBytesMax } }),
    foreign: processor.foreign,
    watch: deps.metrics.readers,
    allowBatching: () => processor.allowBatching === true && missing() === undefined,
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
    const held = shards.get(number)
    if (held) {
      held.isAssigned = true
      return
    }
    const isMine = () => shards.get(number)?.shard === shard
    const shard: Shard = createShard({
      ...deps,
      logger,
      shard: number,
      reader: reading(() => shard),
      lease: {
        confirmedAtMs: () => (isMine() ? lease.confirmedAtMs() : -1),
        isHeld: () => isMine() && lease.isHeld(),
      },
    })
    shards.set(number, { shard, isDraining: false, isAssigned: true })
    shard.open()
  }

  /** Ends the shard's work within the time limits, and closes its connections. */
  async function drainOne(number: number, held: Held): Promise<void> {
    held.isDraining = true
    held.isAssigned = false
    const startedAtMs = clock.monotonicMs()
    if (!(await within(held.shard.drain(), DRAIN_MS)))
      logger.warn({ shard: number }, 'the shard did not drain in time; its work is dropped')
    await within(held.shard.drop(), Math.max(0, startedAtMs + DRAIN_MS - clock.monotonicMs()))
    logger.debug({ shard: number, ms: Math.round(clock.monotonicMs() - startedAtMs) }, 'shard drained')
  }

  async function giveUp(number: number, held: Held): Promise<void> {
    await drainOne(number, held)
    // Meanwhile another process may have got it, or even this one again.
    if (shards.get(number) !== held) return
    shards.delete(number)
    if (held.isAssigned && !isClosing) gain(number)
    else lease.release(number)
  }

  /** True if it has ended within the time. */
  async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
    const late = Promise.withResolvers<boolean>()
    const timer = clock.after(ms, () => late.resolve(false))
    try {
      return await Promise.race([work.then(() => true), late.promise])
    } finally {
      timer.cancel()
    }
  }

  const countAssigned = () => deps.metrics.assigned(role, lease.heldShards().length)

  const lease: Lease = openLease({
    kafka: deps.kafka,
    role,
    clock,
    random: deps.random,
    logger: deps.logger,
    identity: deps.identity ?? {},
    events: {
      onGained(numbers) {
        countAssigned()
        if (!isClosing) for (const number of numbers) gain(number)
      },
      onRevoked(numbers) {
        countAssigned()
        for (const number of numbers) {
          const held = shards.get(number)
          if (!held) lease.release(number)
          else if (!held.isDraining)
            giveUp(number, held).catch(error =>
              logger.error({ shard: number, error: String(error) }, 'a shard did not drain'),
            )
        }
      },
      onDropped(numbers, reason) {
        countAssigned()
        for (const number of numbers) {
          const held = shards.get(number)
          if (!held) continue
          shards.delete(number)
          logger.info({ shard: number, reason }, 'shard lost')
          held.shard.drop().catch(error => logger.error({ shard: number, error: String(error) }, 'a shard did not end'))
        }
      },
      onLost() {
        if (processor.actsOutside) for (const { shard } of shards.values()) shard.suspend()
      },
      onFound() {
        if (processor.actsOutside) for (const { shard, isDraining } of shards.values()) if (!isDraining) shard.resume()
      },
    },
  })

  deps.metrics.watch?.(
    role,
    figuresOf(lease, clock, () => [...shards.values()].map(({ shard }) => shard)),
  )

  const paused = (): Unavailable[] => [...shards.values()].flatMap(({ shard }) => shard.paused())

  function ailments(): string[] {
    const topics = paused().map(({ topic, reason }) => `${topic} (${reason})`)
    const named = topics.slice(0, PAUSED_NAMED_MAX).join(', ') + (topics.length > PAUSED_NAMED_MAX ? ', …' : '')
    const sentences = [...shards.values()].map(({ shard }) => shard.degraded())
    if (topics.length > 0) sentences.push(`organizations are paused whose logs take nothing: ${named}`)
    return sentences.filter(each => each !== undefined)
  }

  function missing(): string | undefined {
    const reason = lease.reason()
    if (reason !== undefined) return `${role}: ${reason}`
    return readiness().missing
  }

  function readiness(): Restoring {
    const restoring = [...shards]
      .filter(([, { shard, isDraining }]) => !isDraining && !shard.running())
      .map(([number]) => number)
    return readinessOf({ role, restoring, stateTopics: processor.stateTopics, cluster: deps.cluster })
  }

  return {
    missing,
    degraded: () => [...readiness().degraded, ...ailments()],
    ready: () => missing() === undefined,
    shards: () => [...shards.keys()],
    progress: () => ({
      running: [...shards].filter(([, { shard }]) => shard.running()).map(([number]) => number),
      lags: [...shards.values()].map(({ shard }) => shard.lag()),
    }),
    async close() {
      isClosing = true
      await Promise.all([...shards].map(([number, held]) => drainOne(number, held)))
      await lease.close().catch(error => logger.warn({ error: String(error) }, 'could not leave the group'))
      await Promise.all([...shards.values()].map(({ shard }) => shard.drop()))
      await reader.close()
    },
  }
}

function figuresOf(lease: Lease, clock: Clock, shards: () => Shard[]): RoleFigures {
  return {
    leaseAgeSeconds() {
      const confirmedAtMs = lease.confirmedAtMs()
      return Number.isFinite(confirmedAtMs) ? (clock.monotonicMs() - confirmedAtMs) / 1000 : undefined
    },
    leasesLost: () => lease.lostCount(),
    shards() {
      const counts: Record<ShardState, number> = { opening: 0, running: 0, draining: 0, suspended: 0 }
      for (const shard of shards()) counts[shard.state()]++
      return counts
    },
    paused() {
      const counts: Partial<Record<UnavailableReason, number>> = {}
      for (const { reason } of shards().flatMap(shard => shard.paused())) counts[reason] = (counts[reason] ?? 0) + 1
      return counts
    },
  }
}
