import { absentable, codecOf, environment, int, long, oneOf, optional, record, text, type ValueOf } from './avro.ts'
import { eventFactsFields } from './deliveries.ts'
import { retryRecordFields } from './deliveries-retry.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/**
 * Of earlier releases. Dead letters of a webhook to redrive: deliveries, without tests, whose newest step is `failed`, whose events have these sequence numbers and
 * that were created in this time. They start their schedule anew under their delivery ids and keep their attempts.
 */
export type RedriveRange = ValueOf<typeof redriveRangeFields>

export const redriveRangeFields = record('RedriveRange', {
  environment,
  /** First and last sequence number at the time of the call. */
  fromSequence: long,
  throughSequence: long,
  /** Creation time of the deliveries, ms since 1970: from, and before; null: no bound. */
  fromMs: optional(long),
  toMs: optional(long),
  ratePerSecond: int,
  /** Time of the call; deliveries with a later step are left out. */
  askedAtMs: long,
})

/** A call about one delivery, or about the dead letters of one webhook. */
export type DeliveryCommand = ValueOf<typeof deliveryCommandFields>

export const deliveryCommandFields = record('DeliveryCommand', {
  /** `cmd_…`, unique; of a range the id in the answer. */
  commandId: text,
  /**
   * `retry`: one more attempt, or the schedule anew, or the first attempt of a message; with `range` for all of it, in the
   * background. `cancel`: no further attempt.
   */
  kind: oneOf('DeliveryCommandKind', ['retry', 'cancel']),
  organizationId: text,
  webhookId: text,
  /** Empty for a range. */
  deliveryId: text,
  /** Cancellations: attempts made, as the caller saw them. */
  attempts: int,
  actorId: text,
  requestId: text,
  /** Retries of one delivery: its record, with the attempts made so far. Of a message that is to be sent, with none. */
  record: optional(retryRecordFields),
  /** Cancellations: the event, for processes of earlier releases; null when the history does not have it. */
  event: absentable(optional(eventFactsFields)),
  /** Retries of a range; null for one delivery. */
  range: absentable(optional(redriveRangeFields)),
  /** Cancellations: the event's sequence number, since the delivery may be owed from the log; null in records of earlier releases. */
  sequence: absentable(optional(long)),
})

export const deliveryCommandCodec = codecOf(deliveryCommandFields)

export const deliveriesCommands: Topic = {
  name: 'deliveries.commands',
  meaning:
    'Retries, redrives and cancellations of single deliveries, and messages of workflows to webhooks; of earlier releases ranges of dead letters to redrive.',
  key: 'the delivery; of a range the webhook',
  value: 'Avro DeliveryCommand',
  partitions: 'shards',
  producers: ['api', 'run'],
  consumers: ['deliver'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
