/**
 * The reader of one retry topic. Its records are read when they are appended and may be loaded once nine tenths of the
 * tier's delay have passed. Append times only grow, so the first record decides for all, and reading is paused
 * meanwhile. A loaded record that is due soon waits in memory; one that is due later goes into the next tier that fits.
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import { TIER_LOAD_FRACTION, tierFor } from '../../../src/delivery/retry-schedule.ts'
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { type RetryRecord, type RetryTier, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import type { OpenRecord, Progress } from '../state/progress.ts'

/** Deliveries due within this time wait in memory; in the 5-minute tier this always covers the last tenth. */
const HELD_MS_MAX = 30_000
/** A shorter time is not worth a round trip to the broker, however short the scaled delays are. */
const HELD_MS_MIN = 100

export interface RetryTierReader {
  receive(records: LogRecord[], nextOffset: number): void
  /** Append time of the oldest record that waits to be loaded; undefined: there is none. */
  oldestAtMs(): number | undefined
  /** Loads the records whose time has come. Call this whenever there is capacity again. */
  load(): void
  /** Hands on waiting records that are to be cancelled, whenever they would be due. */
  release(isCancelled: (record: RetryRecord) => boolean): void
  /** Writes waiting deliveries that have lost their record anew. Returns how many. */
  rescue(): number
  close(): void
}

interface Waiting {
  log: LogRecord
  openRecord: OpenRecord
  loadAtMs: number
}

export function createRetryTier(deps: {
  tier: RetryTier
  handle: ShardHandle
  progress: Progress
  clock: Clock
  clockOffsetMs: number
  timeScale: number
  full(): boolean
  /** Whether it is to be cancelled as soon as it is in hand. */
  cancelled(record: RetryRecord): boolean
  /** Takes a delivery in hand, now or at its due time. False when one that is due later does not fit. */
  take(record: RetryRecord, openRecord: OpenRecord): boolean
  /** For errors in a timer. */
  guarded(work: () => void): void
}): RetryTierReader {
  const { tier, handle, progress, clock, timeScale } = deps
  const topic = tier.topic.name
  const loadAfterMs = tier.delayMs * timeScale * TIER_LOAD_FRACTION
  const heldMs = Math.max(HELD_MS_MIN, HELD_MS_MAX * timeScale)
  let waiting: Waiting[] = []
  let paused = false
  let timer: Timer | undefined

  function load(): void {
    timer?.cancel()
    timer = undefined
    const nowMs = clock.nowMs()
    let loaded = 0
    while (
      loaded < waiting.length &&
      waiting[loaded]!.loadAtMs <= nowMs &&
      !deps.full() &&
      settle(waiting[loaded]!, nowMs)
    )
      loaded++
    if (loaded > 0) waiting = waiting.slice(loaded)
    const first = waiting[0]
    if (first && first.loadAtMs > nowMs)
      timer = clock.after(Math.max(1, first.loadAtMs - nowMs), () => deps.guarded(load))
    pause(first !== undefined || deps.full())
  }

  /** False when it must be tried again later. */
  function settle({ log, openRecord }: Waiting, nowMs: number): boolean {
    const record = retryRecordCodec.decode(log.value!)
    const remainingMs = deps.cancelled(record) ? 0 : record.dueAtMs - nowMs
    if (remainingMs <= heldMs && deps.take(record, openRecord)) return true
    const next = tierFor(remainingMs, timeScale)
    if (next.delayMs * timeScale * TIER_LOAD_FRACTION > remainingMs) return false
    handle.write([movedTo(next, log)])
    progress.end(openRecord, 0)
    return true
  }

  const movedTo = ({ topic }: RetryTier, { key, value }: LogRecord) => ({
    topic: topic.name,
    partition: handle.shard,
    key,
    value,
  })

  function pause(pausing: boolean): void {
    if (pausing === paused) return
    paused = pausing
    if (pausing) handle.pause(topic, handle.shard)
    else handle.resume(topic, handle.shard)
  }

  return {
    load,
    oldestAtMs: () => (waiting[0] === undefined ? undefined : waiting[0].loadAtMs - loadAfterMs),
    receive(records, nextOffset) {
      const nowMs = clock.nowMs()
      for (const log of records) {
        const openRecord = progress.begin(log, 1)
        // Never longer than the tier's own delay, should the broker's clock be ahead of this one.
        const appendedMs = Math.min(log.timestampMs + deps.clockOffsetMs, nowMs)
        if (openRecord) waiting.push({ log, openRecord, loadAtMs: appendedMs + loadAfterMs })
      }
      progress.advance(nextOffset)
      load()
    },
    release(isCancelled) {
      waiting = waiting.filter(({ log, openRecord }) => {
        const record = retryRecordCodec.decode(log.value!)
        return !(isCancelled(record) && deps.take(record, openRecord))
      })
    },
    rescue() {
      const lost = waiting.filter(({ openRecord }) => openRecord.isLost)
      if (lost.length === 0) return 0
      waiting = waiting.filter(({ openRecord }) => !openRecord.isLost)
      handle.write(
        lost.map(({ log }) =>
          movedTo(tierFor(retryRecordCodec.decode(log.value!).dueAtMs - clock.nowMs(), timeScale), log),
        ),
      )
      load()
      return lost.length
    },
    close() {
      timer?.cancel()
      waiting = []
    },
  }
}
