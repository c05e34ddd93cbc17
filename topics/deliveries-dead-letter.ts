import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Headers: `reason` (an error kind), `error`, `status` if there was an answer, `delivery-id`, `event-id`, `organization-id`. */
export const deliveriesDeadLetter: Topic = {
  name: 'deliveries.dead-letter',
  meaning: 'Deliveries whose attempts are used up, with the event, so that they can be redriven.',
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
