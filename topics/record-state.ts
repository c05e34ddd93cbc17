import { byDefault, codecOf, int, long, optional, record, text, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Progress of one audit partition into ClickHouse. */
export type RecordState = ValueOf<typeof recordStateFields>

export const recordStateFields = record('RecordState', {
  /** Every record before this offset is in ClickHouse. */
  from: long,
  /** The block under way ends with this offset; it was written here before it was sent. Null: none is. */
  through: optional(long),
  /** 32 hex digits; null: not known, as in records of earlier releases. */
  topicId: optional(text),
  /** Of the record before `from`; -1: not known. */
  leaderEpoch: byDefault(-1, int),
  /** Of the record at `through`; -1: not known, or no block is under way. */
  throughEpoch: byDefault(-1, int),
})

export const recordStateCodec = codecOf(recordStateFields)

/** After a crash, exactly the offsets `from`–`through` are read and sent again under the same deduplication token, so that ClickHouse stores them once. */
export const recordState: Topic = {
  name: 'record.state',
  meaning: 'For each audit partition: the position up to which it is in ClickHouse, and the block under way.',
  key: '<topic>/<partition>',
  value: 'Avro RecordState',
  partitions: 'shards',
  producers: ['record'],
  consumers: ['record'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
