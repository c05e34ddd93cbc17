import { absentable, codecOf, environment, int, long, oneOf, optional, record, text, type ValueOf } from './avro.ts'
import { eventFactsFields } from './deliveries.ts'
import { retryRecordFields } from './deliveries-retry.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/**
 * Which dead letters of a webhook are redriven: those whose newest step is `failed`, no tests, whose events have these sequence numbers and
 * which came to be in this time. They go through the schedule anew under their delivery ids, with the attempts that they had.
 */
export type RedriveRange = ValueOf<typeof redriveRangeFields>

export const redriveRangeFields = record('RedriveRange', {
  environment,
  /** The first and the last sequence number of those that there were when the call was made. */
  fromSequence: long,
  throughSequence: long,
  /** The time in which the deliveries came to be, ms since 1970: from, and before; null: no bound. */
  fromMs: optional(long),
  toMs: optional(long),
  ratePerSecond: int,
  /** When the call was made: what has had a step since then is left alone. */
  askedAtMs: long,
})

/** A call about one delivery, or about the dead letters of one webhook. */
export type DeliveryCommand = ValueOf<typeof deliveryCommandFields>

export const deliveryCommandFields = record('DeliveryCommand', {
  /** `cmd_…`, unique; of a range the id that the caller is given. */
  commandId: text,
  /** `retry`: one more attempt, or the schedule anew; with `range` for all of them, in the background. `cancel`: none any more. */
  kind: oneOf('DeliveryCommandKind', ['retry', 'cancel']),
  organizationId: text,
  webhookId: text,
  /** Empty for a range. */
  deliveryId: text,
  /** Cancels: attempts made, as the caller saw it. */
  attempts: int,
  actorId: text,
  requestId: text,
  /** Retries of one: the delivery as it is to go on, with the attempts made so far. */
  record: optional(retryRecordFields),
  /** Cancels of what has had no step yet: its event, since it may be owed from the log; null when the history does not have it. */
  event: absentable(optional(eventFactsFields)),
  /** Retries of a range; null for one delivery. */
  range: absentable(optional(redriveRangeFields)),
})

export const deliveryCommandCodec = codecOf(deliveryCommandFields)

export const deliveriesCommands: Topic = {
  name: 'deliveries.commands',
  meaning: 'Deliveries that somebody wants retried, redriven or cancelled, and ranges of dead letters to redrive.',
  key: 'the delivery; of a range the webhook',
  value: 'Avro DeliveryCommand',
  partitions: 'shards',
  producers: ['api'],
  consumers: ['deliver'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
