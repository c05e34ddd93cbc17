import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Headers: `reason` (an error kind), `error`, `status` if there was an answer, `delivery-id`, `event-id`, `organization-id`. */
export const deliveriesDeadLetter: Topic = {
  name: 'deliveries.dead-letter',
  meaning: 'Deliveries that failed for good, with the event, for tools that read Kafka; a redrive takes the event from the history.',
  key: 'the webhook',
  value: 'Avro RetryRecord; headers `reason` and `error` say why the last attempt failed',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: [],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
