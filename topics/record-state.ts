import { avroCodec, nullable } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** How far one audit partition has come into ClickHouse. */
export interface RecordState {
  /** Everything before this offset is in. */
  from: number
  /** The block under way ends with this offset; it was written here before it was sent. Null: none is. */
  through: number | null
  /** 32 hex digits; null: not known, as in records of earlier releases. */
  topicId: string | null
  /** Of the record before `from`; -1: not known. */
  leaderEpoch: number
  /** Of the record at `through`; -1: not known, or no block is under way. */
  throughEpoch: number
}

export const recordStateCodec = avroCodec<RecordState>({
  type: 'record',
  name: 'RecordState',
  namespace: 'clarion',
  fields: [
    { name: 'from', type: 'long' },
    { name: 'through', ...nullable('long') },
    { name: 'topicId', ...nullable('string') },
    { name: 'leaderEpoch', type: 'int', default: -1 },
    { name: 'throughEpoch', type: 'int', default: -1 },
  ],
})

/** After a crash, exactly the offsets `from`–`through` are read again and sent under the same name, so that ClickHouse takes them once. */
export const recordState: Topic = {
  name: 'record.state',
  meaning: 'For each audit partition: what is in ClickHouse, and which block is on its way.',
  key: '<topic>/<partition>',
  value: 'Avro RecordState',
  partitions: 'shards',
  producers: ['record'],
  consumers: ['record'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
