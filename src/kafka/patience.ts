/** Asking again while the answer is "not yet": normal after a start, a commit or a move of leadership, and over soon. */
import type { Clock } from '../clock.ts'
import { LEADER_MOVED } from './error-codes.ts'
import { KafkaError } from './wire.ts'

const PATIENCE_MS = 30_000
const PAUSE_MS = { first: 2, longest: 200 }

/** kafkajs knows some codes by older names. */
const NOT_YET: ReadonlySet<string> = new Set([
  ...LEADER_MOVED,
  'CONCURRENT_TRANSACTIONS',
  'NOT_LEADER_FOR_PARTITION',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  // AddPartitionsToTxn: another partition of the same request was not ready.
  'OPERATION_NOT_ATTEMPTED',
])

/** Calls until it answers, or fails with something else, or for 30 s. */
export async function patiently<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  const deadline = clock.monotonicMs() + PATIENCE_MS
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof KafkaError) || !NOT_YET.has(error.type) || clock.monotonicMs() > deadline) throw error
      await clock.sleep(pauseMs)
    }
  }
}
