import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Headers: those of the producer, and `code`, `emit-id`, `organization`, `findings`. */
export const quarantine: Topic = {
  name: 'quarantine',
  meaning: 'Records that an organization produced straight into Kafka and that were rejected, as they came, with the reason.',
  key: 'the emit id',
  value: 'the record as it came',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['api'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
