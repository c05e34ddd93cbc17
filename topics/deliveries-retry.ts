import {
  absentable,
  boolean,
  byDefault,
  bytes,
  codecOf,
  int,
  long,
  optional,
  record,
  text,
  trigger,
  type ValueOf,
} from './avro.ts'
import { eventFactsFields } from './deliveries.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** One delivery that waits for its next attempt. */
export type RetryRecord = ValueOf<typeof retryRecordFields>

export const retryRecordFields = record('RetryRecord', {
  event: eventFactsFields,
  payload: bytes,
  webhookId: text,
  deliveryId: text,
  /** Attempts made so far. */
  attempts: int,
  /** When the next attempt is due; the record may pass through several tiers until then. */
  dueAtMs: long,
  /** `test`: a message of a workflow, whose event is in no log. */
  trigger,
  /** The replay or catch-up that made this delivery. */
  replayId: optional(text),
  /** Of a delivery that a replay made: when the webhook first had the event with success, by the history. */
  originalDeliveredAtMs: absentable(optional(long)),
  /** The next attempt is the last one, whatever the schedule says (a manual retry without `resume`). */
  once: byDefault(false, boolean),
  /** Attempts before the schedule started anew, by a redrive or a manual retry with `resume`. 0 if absent. */
  attemptsBefore: absentable(byDefault(0, int)),
  createdAtMs: long,
})

export const retryRecordCodec = codecOf(retryRecordFields)

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export interface RetryTier {
  delayMs: number
  topic: Topic
}

const tier = (label: string, delayMs: number): RetryTier => ({
  delayMs,
  topic: {
    name: `deliveries.retry-${label}`,
    meaning: `Deliveries that wait up to ${label} for their next attempt.`,
    key: 'the webhook',
    value: 'Avro RetryRecord',
    partitions: 'shards',
    producers: ['deliver'],
    consumers: ['deliver'],
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    logAppendTime: true,
    maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
  },
})

/** Shortest first. The delays are scaled by `CLARION_TIME_SCALE` where they are used, not in the names. */
export const RETRY_TIERS: readonly RetryTier[] = [
  tier('1s', SECOND),
  tier('5s', 5 * SECOND),
  tier('30s', 30 * SECOND),
  tier('1m', MINUTE),
  tier('5m', 5 * MINUTE),
  tier('30m', 30 * MINUTE),
  tier('2h', 2 * HOUR),
  tier('5h', 5 * HOUR),
  tier('12h', 12 * HOUR),
]
