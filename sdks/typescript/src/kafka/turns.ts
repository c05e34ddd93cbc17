/** Passes fetched records to the program, partition by partition. */
import type { EachBatchPayload, KafkaMessage } from 'kafkajs'
import type { Clock } from '../clock.ts'
import type { Handling, Outcome } from './handling.ts'

export interface TurnSettings {
  handling: Handling
  clock: Clock
  isClosing(): boolean
  /** Aborted when handlers are no longer waited for. */
  abandoned: AbortSignal
  onStop(error: Error): void
  /** How often the consumer has joined the group, and how many partitions it got last. */
  assignment: { joins: number; partitions: number }
}

/** After this time a batch, or a handler that has not returned, yields to the other partitions. */
const TURN_MS = 1_000
/** How long a rebalance waits for a handler, whose event the next owner would handle too. */
const REBALANCE_WAIT_MS = 5_000

/**
 * As many of the partition's records as a turn allows. With several partitions the others are fetched next, and the
 * remaining records again. With one partition there is none to yield to: each turn ends with a commit and a heartbeat,
 * and the batch continues.
 */
export function createEachBatch({ handling, clock, isClosing, abandoned, onStop, assignment }: TurnSettings) {
  const givenUp = new Promise<undefined>(resolve =>
    abandoned.addEventListener('abort', () => resolve(undefined), { once: true }),
  )

  return async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, isRunning, isStale } = payload
    let turn = startTimer(clock, TURN_MS)
    const commit = () => payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
    const hasOthers = () => assignment.partitions > 1

    async function startNextTurn(): Promise<void> {
      await commit()
      await payload.heartbeat()
      turn = startTimer(clock, TURN_MS)
    }

    /** Undefined: the handler has not returned, and is no longer waited for. Throws when the group rebalances. */
    async function outcomeOf(handled: Promise<Outcome>): Promise<Outcome | undefined> {
      for (;;) {
        const outcome = await Promise.race([handled, turn.over, givenUp])
        if (outcome !== undefined || hasOthers() || abandoned.aborted) return outcome
        await startNextTurn()
      }
    }

    try {
      for (const record of batch.messages) {
        if (isClosing() || !isRunning() || isStale() || (turn.isOver() && hasOthers())) break
        const handled = handling.handle(batch.partition, record)
        let [outcome, rebalance]: [Outcome | undefined, unknown] = [undefined, undefined]
        try {
          outcome = await outcomeOf(handled)
        } catch (error) {
          rebalance = error
          outcome = await Promise.race([handled, startTimer(clock, REBALANCE_WAIT_MS).over, givenUp])
        }
        if (outcome === 'handled') resolveOffset(record.offset)
        else setAside(payload, record, handled)
        if (rebalance !== undefined) throw rebalance
        if (outcome !== 'handled') break
        if (turn.isOver() && !hasOthers()) await startNextTurn()
      }
    } finally {
      turn.end()
      await commit()
    }
  }

  function setAside(
    { batch: { topic, partition }, pause, commitOffsetsIfNecessary }: EachBatchPayload,
    record: KafkaMessage,
    handled: Promise<Outcome>,
  ): void {
    const resume = pause()
    const { joins } = assignment
    const settle = async (outcome: Outcome): Promise<void> => {
      if (outcome === 'handled') {
        const offset = String(BigInt(record.offset) + 1n)
        // After another join the partition may belong to another member, which is ahead of this position.
        if (joins === assignment.joins)
          await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] })
      } else if ('stop' in outcome) onStop(outcome.stop)
      else return void clock.after(outcome.retryInMs, resume)
      resume()
    }
    // A failed commit is harmless: the record is fetched again, recognised as handled, and skipped.
    handling.hold(handled.then(settle).catch(resume))
  }
}

function startTimer(clock: Clock, delayMs: number) {
  let isOver = false
  let end: () => void = () => undefined
  const over = new Promise<undefined>(resolve => {
    const timer = clock.after(delayMs, () => {
      isOver = true
      resolve(undefined)
    })
    end = () => timer.cancel()
  })
  return { over, end, isOver: () => isOver }
}
