/**
 * Counters of this process, by organization and environment, and their readings in the topic `audit.meters`: while they
 * change, every ten seconds, and when the process stops. A process that is killed loses what it counted since; nothing
 * is counted twice.
 */
import { auditMeters, auditMetersCodec, type MeterReading, type ReadMeter } from '../../topics/audit-meters.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Appender } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { Logger } from '../logger.ts'
import type { Owner } from '../model/environments.ts'

export interface Meters {
  count(owner: Owner, events: number): void
  /** Writes readings of what has changed; called by the timer, and when the process stops. */
  flush(): Promise<void>
  close(): Promise<void>
}

interface Counter {
  owner: Owner
  id: string
  reading: number
  /** The reading that was written last. */
  written: number
  changedAtMs: number
}

const EVERY_MS = 10_000
/** Far less than the time for which readers of the topic compare a reading with the one before. */
const FORGOTTEN_AFTER_MS = 3_600_000
/** Readings in one record. */
const BATCH = 1_000

export function createMeters(deps: {
  appender: Pick<Appender, 'append'>
  shards: number
  /** Unique to the process. */
  processId: string
  meter: ReadMeter
  clock: Clock
  logger: Logger
}): Meters {
  const { clock, meter, shards } = deps
  const counters = new Map<string, Counter>()
  let created = 0
  let timer: Timer | undefined
  /** The timer is for readings, not only for what may be forgotten. */
  let isSoon = false
  let isClosed = false

  function counterOf(owner: Owner): Counter {
    const { organizationId, environment } = owner
    const key = `${organizationId}/${environment}`
    const known = counters.get(key)
    if (known !== undefined) return known
    const id = `${deps.processId}/${++created}`
    const counter = { owner: { organizationId, environment }, id, reading: 0, written: 0, changedAtMs: 0 }
    counters.set(key, counter)
    return counter
  }

  /** A counter that is forgotten is never read again under its id: the next count begins another one. */
  function forgetIdle(): void {
    const oldMs = clock.monotonicMs() - FORGOTTEN_AFTER_MS
    for (const [key, { reading, written, changedAtMs }] of counters)
      if (reading === written && changedAtMs < oldMs) counters.delete(key)
  }

  async function write(shard: number, changed: readonly Counter[]): Promise<void> {
    const atMs = Math.round(clock.nowMs())
    const readings: MeterReading[] = changed.map(({ owner, id, reading }) => ({
      ...owner,
      meter,
      counterId: id,
      reading,
      atMs,
    }))
    const value = auditMetersCodec.encode({ readings })
    await deps.appender.append({ topic: auditMeters.name, partition: shard, key: null, value })
    for (const [at, counter] of changed.entries()) counter.written = readings[at]!.reading
  }

  async function flush(): Promise<void> {
    timer?.cancel()
    timer = undefined
    const changed = [...counters.values()].filter(({ reading, written }) => reading > written)
    const byShard = Map.groupBy(changed, ({ owner }) => shardOf(owner.organizationId, shards))
    const batches = [...byShard].flatMap(([shard, list]) =>
      Array.from({ length: Math.ceil(list.length / BATCH) }, (_, at) =>
        write(shard, list.slice(at * BATCH, (at + 1) * BATCH)),
      ),
    )
    for (const result of await Promise.allSettled(batches))
      if (result.status === 'rejected')
        deps.logger.warn(
          { error: String(result.reason) },
          'readings of meters were not written; the next ones cover them',
        )
    forgetIdle()
    const isLeft = [...counters.values()].some(({ reading, written }) => reading > written)
    if (isLeft || counters.size > 0) schedule(isLeft ? EVERY_MS : FORGOTTEN_AFTER_MS)
  }

  function schedule(delayMs: number): void {
    if (isClosed) return
    timer?.cancel()
    timer = clock.after(delayMs, () => void flush())
    isSoon = delayMs === EVERY_MS
  }

  return {
    count(owner, events) {
      if (events === 0) return
      const counter = counterOf(owner)
      counter.reading += events
      counter.changedAtMs = clock.monotonicMs()
      if (timer === undefined || !isSoon) schedule(EVERY_MS)
    },
    flush,
    async close() {
      isClosed = true
      await flush()
    },
  }
}
