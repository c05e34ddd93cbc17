/**
 * Requests to coordinators, retried while the answer is "not now": a coordinator that moves, loads its log or ends the
 * last transaction.
 */
import type { Clock } from '../../clock.ts'
import { asKafkaError } from './send-batches.ts'

const PAUSE_MS = { first: 2, longest: 250 }
/** The markers of the last transaction are being written: this takes a millisecond or two, and an emit waits for it. */
export const MARKERS_PAUSE_MS = 1
export const MARKERS_TRIES = 20

export const BUSY = 'CONCURRENT_TRANSACTIONS'
/** Markers that take this long are being refused by some partition. */
export const HELD_UP_MS = 1_000

/** Includes a missing answer: a coordinator recognizes a repeated request. */
export const COORDINATOR_NOT_NOW: ReadonlySet<string> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  BUSY,
  'REQUEST_TIMED_OUT',
  'REQUEST_TIMEOUT',
  'CONNECTION',
])

export interface Retrying {
  clock: Clock
  /** The caller no longer waits for the answer. */
  isClosed(): boolean
  /** The id has been busy with the end of its last transaction for a second. */
  onHeldUp?(): Promise<void>
}

/**
 * Calls until it succeeds, fails with another error, or the retry time is over; then rejects with the last error, a
 * `KafkaError`.
 */
export async function repeat<T>(
  retrying: Retrying,
  retryTimeMs: number,
  call: () => Promise<T>,
  notNow: ReadonlySet<string> = COORDINATOR_NOT_NOW,
): Promise<T> {
  const { clock, isClosed } = retrying
  const startedAtMs = clock.monotonicMs()
  const deadlineMs = startedAtMs + retryTimeMs
  let pauseMs = PAUSE_MS.first
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (thrown) {
      const error = asKafkaError(thrown)
      if (!notNow.has(error.type) || isClosed() || clock.monotonicMs() >= deadlineMs) throw error
      if (error.type === BUSY && clock.monotonicMs() - startedAtMs >= HELD_UP_MS) await retrying.onHeldUp?.()
      if (error.type === BUSY && tries <= MARKERS_TRIES) {
        await clock.sleep(MARKERS_PAUSE_MS)
        continue
      }
      await clock.sleep(pauseMs)
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)
    }
  }
}
