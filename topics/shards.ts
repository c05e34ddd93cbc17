import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Empty for ever: its partitions are the leases, its partition count is the number of shards. */
export const shards: Topic = {
  name: 'shards',
  meaning: 'No records. Owning partition s in the group of a role is owning shard s of that role.',
  key: 'nothing',
  value: 'nothing',
  partitions: 'shards',
  producers: [],
  consumers: ['admit', 'deliver', 'run', 'record'],
  cleanup: 'delete',
  retentionMs: DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
