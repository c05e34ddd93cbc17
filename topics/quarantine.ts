import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/**
 * Headers: those of the producer but for what begins with `clarion-`, and `clarion-organization`, `clarion-code`, `clarion-findings` (a JSON
 * array), `clarion-ingress` (`<topic>/<partition>/<offset>` of the record as it came). What is
 * larger than 1 MB is left out, and `clarion-left-out` names it (`value`, `headers` or both). Nobody reads it yet but with Kafka's own tools.
 */
export const quarantine: Topic = {
  name: 'quarantine',
  meaning: 'Records that an organization produced straight into Kafka and that were rejected, as they came, with the reason.',
  key: 'the emit id',
  value: 'the record as it came',
  partitions: 'shards',
  producers: ['admit'],
  consumers: [],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
