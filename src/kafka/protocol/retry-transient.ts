/** Retries while the answer is "not yet": normal after a start, a commit or a move of leadership, and soon over. */
import type { Clock } from '../../clock.ts'
import { LEADER_MOVED } from './error-codes.ts'
import { KafkaError } from './wire.ts'

const RETRY_TIME_MS = 30_000
const PAUSE_MS = { first: 2, longest: 200 }
/** The markers of the last transaction are being written: this takes a millisecond or two, and an emit waits for it. */
const MARKERS_PAUSE_MS = 1
const MARKERS_TRIES = 20

const NOT_YET: ReadonlySet<string> = new Set([
  ...LEADER_MOVED,
  'CONCURRENT_TRANSACTIONS',
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  // AddPartitionsToTxn: another partition of the same request was not ready.
  'OPERATION_NOT_ATTEMPTED',
])

/** Calls until it succeeds, or fails with another error, or for 30 s. */
export async function retryTransient<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  const deadline = clock.monotonicMs() + RETRY_TIME_MS
  let pauseMs = PAUSE_MS.first
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof KafkaError) || !NOT_YET.has(error.type) || clock.monotonicMs() > deadline) throw error
      if (error.type === 'CONCURRENT_TRANSACTIONS' && tries <= MARKERS_TRIES) {
        await clock.sleep(MARKERS_PAUSE_MS)
        continue
      }
      await clock.sleep(pauseMs)
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)
    }
  }
}
