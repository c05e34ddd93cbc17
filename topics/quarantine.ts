import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Headers that the platform adds; a producer's own headers that begin with `clarion-` are dropped. */
export const QUARANTINE_HEADERS = {
  organization: 'clarion-organization',
  code: 'clarion-code',
  message: 'clarion-message',
  /** A JSON array. */
  findings: 'clarion-findings',
  /** `<namespace>.<name>` of the request; empty if it had none. */
  name: 'clarion-name',
  /** The record's key, if it had one. */
  key: 'clarion-key',
  /** Ms since 1970: when it was appended. */
  recordedAt: 'clarion-recorded-at',
  /** `<topic>/<partition>/<offset>` of the record as it came. */
  ingress: 'clarion-ingress',
  /** Parts that are not kept, since they are larger than 1 MB: `value`, `headers`, `key`, by comma. */
  leftOut: 'clarion-left-out',
} as const

/** Headers: those of the producer, and `QUARANTINE_HEADERS`. */
export const quarantine: Topic = {
  name: 'quarantine',
  meaning:
    'Records that an organization produced straight into Kafka and that were rejected, as they came, with the reason.',
  key: 'the emit id',
  value: 'the record as it came',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
