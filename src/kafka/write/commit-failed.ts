import type { KafkaError } from '../protocol/wire.ts'

/**
 * `aborted`: nothing of it is visible, nor will be. `refused`: the same, because a broker rejects these very records.
 * `unknown`: the commit was sent; only the log shows whether it took place (a restore up to a barrier, the command's id
 * in `control`).
 */
export type CommitOutcome = 'aborted' | 'refused' | 'unknown'

export interface FailedTopic {
  topic: string
  partition: number
  /** Kafka's name of the error. */
  type: string
}

export class CommitFailed extends Error {
  readonly outcome: CommitOutcome
  /** Another process holds the id, or the coordinator has ended a transaction that took too long. */
  readonly isFenced: boolean
  /**
   * Whether the coordinator has confirmed the abort: the writer is usable again, and nothing has changed since the last
   * commit.
   */
  readonly abortConfirmed: boolean
  /** The partitions whose batches failed on their own; empty where the transaction failed as a whole. */
  readonly failedTopics: readonly FailedTopic[]

  constructor(facts: {
    outcome: CommitOutcome
    cause: KafkaError
    isFenced?: boolean
    abortConfirmed?: boolean
    failedTopics?: readonly FailedTopic[]
  }) {
    const { outcome, cause, isFenced = false, abortConfirmed = false, failedTopics = [] } = facts
    super(`transaction ${outcome}: ${cause.message}`, { cause })
    this.name = 'CommitFailed'
    this.outcome = outcome
    this.isFenced = isFenced
    this.abortConfirmed = abortConfirmed
    this.failedTopics = failedTopics
  }
}
