import { bytes, codecOf, environment, long, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

export type QueueCall = 'receive' | 'settle' | 'stats' | 'peek' | 'dead' | 'purge' | 'redrive' | 'forget'

/** A call of a queue. */
export type QueueCommand = ValueOf<typeof queueCommandFields>

export const queueCommandFields = record('QueueCommand', {
  call: textOf<QueueCall>(),
  organizationId: text,
  environment,
  queueId: text,
  /** The api process that waits for the answer, and its own number for the call. */
  process: text,
  correlation: long,
  /** ms since 1970; nobody waits any more after it. */
  deadlineMs: long,
  /** `queue` looks the queue up once its view of the control plane has reached this offset. */
  controlOffset: long,
  /** JSON: what the call says. Null of calls that say nothing. */
  body: optional(bytes),
})

export const queueCommandCodec = codecOf(queueCommandFields)

export const queuesCommands: Topic = {
  name: 'queues.commands',
  meaning: 'Calls of queues: receives, receipts that are settled, redrives and purges.',
  key: 'the queue',
  value: 'Avro QueueCommand',
  partitions: 'shards',
  producers: ['api'],
  consumers: ['queue'],
  cleanup: 'delete',
  retentionMs: DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
