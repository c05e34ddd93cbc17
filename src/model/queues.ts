/** Queues: selections of the log that are received under a lease and acknowledged. */
import type { ConditionGroup } from './conditions.ts'
import type { Environment } from './environments.ts'
import type { Stored } from './stored.ts'

export interface NackBackoff {
  firstSeconds: number
  factor: number
  maxSeconds: number
}

/** See docs/specification/queues.md#a-queue. */
export interface QueueRecord extends Stored {
  environment: Environment
  /** Unique in the environment. */
  name: string
  selectors: string[]
  conditions: ConditionGroup | null
  /** What it needs of payloads, as JSON Schema by `<namespace>.<name>`. Absent: nothing, as before this was asked. */
  contracts?: Readonly<Record<string, Record<string, unknown>>>
  visibilityTimeoutSeconds: number
  maxReceives: number
  nackBackoff: NackBackoff | null
  retentionHours: number
  /** Events of one subject are handed out one after the other. */
  ordered: boolean
  /** Of the same environment. Null: the queue has a dead list of its own. */
  deadLetterQueueId: string | null
  /** Where it began to read the log: the next offset by partition. */
  startOffsets: number[]
  active: boolean
  /** What clients of SQS get as the body. Absent: the envelope. */
  sqsBody?: SqsBody
}

export const SQS_BODIES = ['envelope', 'payload'] as const
export type SqsBody = (typeof SQS_BODIES)[number]
