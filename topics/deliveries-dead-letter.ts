import { codecOf, environment, list, long, record, text, type ValueOf } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Events that a webhook was owed as a range and that ended in bulk; the payloads are in the organization's log. */
export type DeadLetters = ValueOf<typeof deadLettersFields>

export const deadLettersFields = record('DeadLetters', {
  webhookId: text,
  organizationId: text,
  environment,
  /** `endpoint_unavailable` or `outside_retention`. */
  reason: text,
  /** Sequence numbers of the events, and their ids in the same order. */
  numbers: list(long),
  eventIds: list(text),
})

export const deadLettersCodec = codecOf(deadLettersFields)

/** Headers: `reason` (an error kind), `error`, `status` if there was an answer, `delivery-id`, `event-id`, `organization-id`. */
export const deliveriesDeadLetter: Topic = {
  name: 'deliveries.dead-letter',
  meaning:
    'Deliveries that failed for good, with the event, for tools that read Kafka; a redrive takes the event from the history.',
  key: 'the webhook; packed/<webhook> for many',
  value:
    'Avro RetryRecord, headers `reason` and `error` say why the last attempt failed; or Avro DeadLetters, many that ended without an attempt',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: [],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
