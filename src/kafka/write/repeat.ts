/** Requests to coordinators, repeated while the answer is "not now": a coordinator that moves, loads its log or ends the last transaction. */
import type { Clock } from '../../clock.ts'
import { asKafkaError } from './send-batches.ts'

const PAUSE_MS = { first: 2, longest: 250 }
/** The markers of the last transaction are being written: a matter of a millisecond or two, and an emit waits for it. */
const MARKERS_PAUSE_MS = 1
const MARKERS_TRIES = 20

export const BUSY = 'CONCURRENT_TRANSACTIONS'
/** Markers that take so long are refused somewhere. */
export const HELD_UP_MS = 1_000

/** No answer at all is among them: a coordinator recognises a repeated request. */
export const COORDINATOR_NOT_NOW: ReadonlySet<string> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  BUSY,
  'REQUEST_TIMED_OUT',
  'REQUEST_TIMEOUT',
  'CONNECTION',
])

export interface Patience {
  clock: Clock
  /** Nobody waits for the answer any more. */
  isClosed(): boolean
  /** The id is busy with the end of its last transaction, and has been for a second. */
  onHeldUp?(): Promise<void>
}

/** Calls until it answers, fails with something else, or the patience is over; then rejects with the last error, a `KafkaError`. */
export async function repeat<T>(
  patience: Patience,
  patienceMs: number,
  call: () => Promise<T>,
  notNow: ReadonlySet<string> = COORDINATOR_NOT_NOW,
): Promise<T> {
  const { clock, isClosed } = patience
  const startedAtMs = clock.monotonicMs()
  const deadlineMs = startedAtMs + patienceMs
  let pauseMs = PAUSE_MS.first
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (thrown) {
      const error = asKafkaError(thrown)
      if (!notNow.has(error.type) || isClosed() || clock.monotonicMs() >= deadlineMs) throw error
      if (error.type === BUSY && clock.monotonicMs() - startedAtMs >= HELD_UP_MS) await patience.onHeldUp?.()
      if (error.type === BUSY && tries <= MARKERS_TRIES) {
        await clock.sleep(MARKERS_PAUSE_MS)
        continue
      }
      await clock.sleep(pauseMs)
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)
    }
  }
}
