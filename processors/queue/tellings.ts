/**
 * Queues tell others of themselves, in the transaction that commits it: readings of the meter `queue_messages`, and
 * that dead letters have left a full list. Each waits for its time, and the queue's record has the last ones, so a change of
 * owner repeats none and forgets none.
 */
import type { Clock, Timer } from '../../src/clock.ts'
import type { Lifecycle } from '../../src/control-plane/store/lifecycle.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { auditMeters, auditMetersCodec, type MeterReading } from '../../topics/audit-meters.ts'
import type { QueueHead } from '../../topics/queues-state.ts'
import type { OpenQueue } from './open-queue.ts'

export interface Tellings {
  /** Of these queues and those that had to wait: what is due. A queue that tells something is added to them. */
  seal(touched: Set<OpenQueue>): OutRecord[]
  /** The queue is gone: it tells what it owes now. */
  last(queue: OpenQueue): OutRecord[]
  close(): void
}

type Told = Pick<QueueHead, 'handedOut' | 'overflowed' | 'meter' | 'overflow'>

const READ_EVERY_MS = 10_000
const OVERFLOW_EVERY_MS = 3_600_000
/** The history compares a reading with those of two days before: an older counter is ended, and another one begins at 0. */
const COUNTER_MS = 86_400_000

/** Whether it has something to tell, now or later. */
export const owes = ({ handedOut, overflowed, meter, overflow }: Told): boolean =>
  handedOut > (meter?.read ?? 0) || overflowed > (overflow?.told ?? 0)

export function createTellings(context: {
  handle: Pick<ShardHandle, 'shard' | 'write'>
  clock: Clock
  lifecycle: Pick<Lifecycle, 'announce'>
  guarded: (act: () => void) => void
}): Tellings {
  const { handle, clock, lifecycle, guarded } = context
  const waiting = new Set<OpenQueue>()
  let timer: Timer | undefined
  /** The time of the first of those that wait. */
  let nextMs = Number.POSITIVE_INFINITY
  let isClosed = false

  /** A counter of its own for each day in which it is used. */
  function read(queue: OpenQueue, { handedOut, meter }: Told, atMs: number): MeterReading {
    const isCurrent = meter !== null && meter.atMs > atMs - COUNTER_MS
    const beganAtMs = isCurrent ? meter.beganAtMs : atMs
    const base = isCurrent ? meter.base : (meter?.read ?? 0)
    queue.told.meter = { beganAtMs, base, read: handedOut, atMs }
    const { organizationId, environment } = queue.record()
    return {
      ...{ organizationId, environment, meter: 'queue_messages', counterId: `${queue.id}/${beganAtMs}` },
      ...{ reading: handedOut - base, atMs },
    }
  }

  function overflowed(queue: OpenQueue, head: Told, atMs: number): OutRecord[] {
    const count = head.overflowed - (head.overflow?.told ?? 0)
    queue.told.overflow = { told: head.overflowed, atMs }
    const { organizationId, environment, id, name } = queue.record()
    const type = 'QUEUE_DEAD_LETTER_OVERFLOW'
    const row = {
      ...{ id: `${type}/${id}/${head.overflowed}`, organizationId, type, entityType: 'queue', entityId: id },
      ...{ canonicalName: null, actorId: 'system', occurredAtMs: atMs, previousStatus: null, status: null },
      ...{ reason: null, requestId: null, data: JSON.stringify({ name, count }) },
    }
    return lifecycle.announce(row, environment)
  }

  function dueMs({ handedOut, overflowed, meter, overflow }: Told): number {
    const readMs = handedOut > (meter?.read ?? 0) ? (meter?.atMs ?? 0) + READ_EVERY_MS : Number.POSITIVE_INFINITY
    const toldMs =
      overflowed > (overflow?.told ?? 0) ? (overflow?.atMs ?? 0) + OVERFLOW_EVERY_MS : Number.POSITIVE_INFINITY
    return Math.min(readMs, toldMs)
  }

  /** Readings and announcements that are due by then. */
  function told(queue: OpenQueue, nowMs: number): { readings: MeterReading[]; records: OutRecord[] } {
    const head = queue.head()
    const isRead = dueMs({ ...head, overflowed: 0 }) <= nowMs
    const isTold = dueMs({ ...head, handedOut: 0 }) <= nowMs
    return {
      readings: isRead ? [read(queue, head, Math.round(clock.nowMs()))] : [],
      records: isTold ? overflowed(queue, head, Math.round(clock.nowMs())) : [],
    }
  }

  const packed = (readings: MeterReading[]): OutRecord[] =>
    readings.length === 0
      ? []
      : [
          {
            ...{ topic: auditMeters.name, partition: handle.shard, key: null },
            value: auditMetersCodec.encode({ readings }),
          },
        ]

  function arm(): void {
    timer?.cancel()
    timer = undefined
    if (isClosed || nextMs === Number.POSITIVE_INFINITY) return
    timer = clock.after(Math.max(1, nextMs - clock.nowMs()), () => guarded(() => handle.write([])))
  }

  return {
    seal(touched) {
      const readings: MeterReading[] = []
      const records: OutRecord[] = []
      const before = nextMs
      const isDue = nextMs <= clock.nowMs()
      if (isDue) nextMs = Number.POSITIVE_INFINITY
      for (const queue of isDue ? new Set([...waiting, ...touched]) : touched) {
        waiting.delete(queue)
        const found = told(queue, clock.nowMs())
        readings.push(...found.readings)
        records.push(...found.records)
        if (found.readings.length + found.records.length > 0) touched.add(queue)
        const head = queue.head()
        if (!owes(head)) continue
        waiting.add(queue)
        nextMs = Math.min(nextMs, dueMs(head))
      }
      if (nextMs !== before) arm()
      return [...packed(readings), ...records]
    },
    last(queue) {
      waiting.delete(queue)
      const { readings, records } = told(queue, Number.MAX_SAFE_INTEGER)
      return [...packed(readings), ...records]
    },
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}
