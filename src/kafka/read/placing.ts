/**
 * Finds the leaders of the partitions to read, and waits for those without one: for ever, because only the control
 * plane ends a partition. Each partition has its own back-off, and a broker that does not answer delays only the
 * partitions that it leads.
 *
 *     waiting ──leader known──► placed            another topic id from two brokers ──► started over
 *        ▲                         │
 *        └── error, back-off ──────┘
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { WaitReason } from '../ports.ts'
import type { Wire } from '../protocol/wire.ts'
import { keyOf, pauseOf, placementOf, type Reading } from './reading.ts'
import { confirmTopicId } from './topic-id.ts'

/** A partition that has waited this long is reported. */
export const REPORT_AFTER_MS = 10_000
const NAMED_MAX = 5

export interface Placing {
  /** To be placed after its pause, at the leader known or found then. */
  add(reading: Reading): void
  remove(reading: Reading): void
  /** It cannot be read now. `pause`: the same leader is not tried again before. */
  fail(reading: Reading, reason: WaitReason, pause: 'none' | 'back-off'): void
  /** It is read again. */
  recovered(reading: Reading): void
  /** Ends the loop. */
  close(): void
}

export function createPlacing(deps: {
  clock: Clock
  logger: Logger
  wire(): Promise<Wire>
  /** Runs until closed; a rejection is a fault. */
  track(work: Promise<void>): void
  isClosed(): boolean
  /** Whether this reading is still active. */
  isRead(reading: Reading): boolean
  /** Its leader and topic id are known. */
  place(reading: Reading): void
  /** Two brokers report another topic of its name. */
  replaced(reading: Reading, topicId: string): void
}): Placing {
  const { clock, logger } = deps
  const unplaced = new Set<Reading>()
  const confirming = new Set<Reading>()
  let isRunning = false
  let wake: () => void = () => undefined

  function run(): void {
    if (deps.isClosed() || unplaced.size === 0) return
    if (isRunning) {
      wake()
      return
    }
    isRunning = true
    deps.track(
      loop().finally(() => {
        isRunning = false
      }),
    )
  }

  async function loop(): Promise<void> {
    while (unplaced.size > 0 && !deps.isClosed()) {
      const nowMs = clock.monotonicMs()
      const due = [...unplaced].filter(reading => reading.dueMs <= nowMs && !confirming.has(reading))
      if (due.length > 0) await placeDue(due)
      reportOverdue()
      if (unplaced.size > 0 && !deps.isClosed()) await untilDue()
    }
  }

  function untilDue(): Promise<void> {
    let dueMs = Number.POSITIVE_INFINITY
    for (const reading of unplaced) if (!confirming.has(reading)) dueMs = Math.min(dueMs, reading.dueMs)
    const delayMs = dueMs - clock.monotonicMs()
    if (delayMs <= 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = delayMs === Number.POSITIVE_INFINITY ? undefined : clock.after(delayMs, resolve)
      wake = () => {
        timer?.cancel()
        resolve()
      }
    })
  }

  async function placeDue(due: Reading[]): Promise<void> {
    let wire: Wire
    try {
      wire = await deps.wire()
      await wire.cluster.load(due.map(({ topic }) => topic))
    } catch (error) {
      if (deps.isClosed()) return
      logger.warn({ error: String(error) }, 'no broker says who leads; asking again')
      for (const reading of due) backOff(reading, 'unreachable')
      return
    }
    for (const reading of due) if (unplaced.has(reading)) settle(wire, reading)
  }

  function settle(wire: Wire, reading: Reading): void {
    const { topic, partition } = reading
    const info = wire.cluster.known(topic)
    const placement = placementOf(reading, info, wire.cluster.leader(topic, partition))
    if ('otherId' in placement) deps.track(confirm(wire, reading, placement.otherId))
    else if ('wait' in placement) {
      wire.cluster.stale(topic)
      backOff(reading, placement.wait)
    } else if ('sameLeader' in placement) {
      wire.cluster.stale(topic)
      reading.failedAt = undefined
      reading.dueMs = clock.monotonicMs() + pauseOf(reading)
    } else {
      unplaced.delete(reading)
      reading.topicId = info!.id
      reading.leader = placement.at
      reading.failedAt = undefined
      reading.activeAtMs = clock.monotonicMs()
      deps.place(reading)
    }
  }

  async function confirm(wire: Wire, reading: Reading, topicId: string): Promise<void> {
    confirming.add(reading)
    const isConfirmed = await confirmTopicId(wire, reading.topic, topicId).catch(() => false)
    confirming.delete(reading)
    if (deps.isClosed() || !unplaced.has(reading)) return
    if (isConfirmed) deps.replaced(reading, topicId)
    else {
      wire.cluster.stale(reading.topic)
      backOff(reading, 'unknown_topic')
    }
    run()
  }

  function backOff(reading: Reading, reason: WaitReason): void {
    reading.failures++
    wait(reading, reason)
    reading.dueMs = clock.monotonicMs() + pauseOf(reading)
  }

  function wait(reading: Reading, reason: WaitReason): void {
    reading.waiting ??= { sinceMs: clock.monotonicMs(), reason, isReported: false }
    reading.waiting.reason = reason
  }

  /** One line for all that have become overdue together: a broker may lead thousands. */
  function reportOverdue(): void {
    const beforeMs = clock.monotonicMs() - REPORT_AFTER_MS
    const overdue = [...unplaced].filter(({ waiting }) => waiting && !waiting.isReported && waiting.sinceMs <= beforeMs)
    if (overdue.length === 0) return
    for (const { waiting } of overdue) waiting!.isReported = true
    const named = overdue
      .slice(0, NAMED_MAX)
      .map(({ topic, partition, offset, waiting }) => `${keyOf(topic, partition)} at ${offset} (${waiting!.reason})`)
    logger.warn({ partitions: overdue.length, such_as: named }, 'partitions cannot be read for 10 s; waiting for them')
  }

  return {
    add(reading) {
      unplaced.add(reading)
      run()
    },
    remove(reading) {
      unplaced.delete(reading)
    },
    fail(reading, reason, pause) {
      if (!deps.isRead(reading)) return
      reading.failedAt = reading.leader
      if (pause === 'back-off') {
        reading.failedAt = undefined
        backOff(reading, reason)
      } else {
        reading.failures++
        wait(reading, reason)
        reading.dueMs = clock.monotonicMs()
      }
      unplaced.add(reading)
      run()
    },
    recovered(reading) {
      const { waiting, topic, partition } = reading
      reading.failures = 0
      reading.waiting = undefined
      if (!waiting?.isReported) return
      logger.info(
        { topic, partition, waitedMs: Math.round(clock.monotonicMs() - waiting.sinceMs) },
        'a partition is read again',
      )
    },
    close: () => wake(),
  }
}
