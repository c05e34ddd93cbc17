import { avroCodec } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** How far one partition of a log has been gone through: all before `offset` has been dealt with, and beyond it what is in `done`. */
export interface LogCursor {
  partition: number
  offset: number
  done: number[]
}

/** A webhook that was paused: what its log holds from `fromSequence` to `throughSequence` and it selects is still to be delivered, in order. */
export interface ParkedWebhook {
  organizationId: string
  /** Marks its deliveries (C.8): `rpl_…`. */
  replayId: string
  fromSequence: number
  throughSequence: number
  cursors: LogCursor[]
}

/** How far a replay has come (C.8). */
export interface ReplayState {
  organizationId: string
  cursors: LogCursor[]
  matched: number
  skipped: number
}

const cursorsSchema = {
  type: 'array',
  items: {
    type: 'record',
    name: 'LogCursor',
    fields: [
      { name: 'partition', type: 'int' },
      { name: 'offset', type: 'long' },
      { name: 'done', type: { type: 'array', items: 'long' } },
    ],
  },
}

export const parkedWebhookCodec = avroCodec<ParkedWebhook>({
  type: 'record',
  name: 'ParkedWebhook',
  namespace: 'clarion',
  fields: [
    { name: 'organizationId', type: 'string' },
    { name: 'replayId', type: 'string' },
    { name: 'fromSequence', type: 'long' },
    { name: 'throughSequence', type: 'long' },
    { name: 'cursors', type: cursorsSchema },
  ],
})

export const replayStateCodec = avroCodec<ReplayState>({
  type: 'record',
  name: 'ReplayState',
  namespace: 'clarion',
  fields: [
    { name: 'organizationId', type: 'string' },
    { name: 'cursors', type: cursorsSchema },
    { name: 'matched', type: 'long' },
    { name: 'skipped', type: 'long' },
  ],
})

const PARKED = 'parked/'
const REPLAY = 'replay/'

export const catchUpKeys = {
  ofParked: (webhookId: string) => PARKED + webhookId,
  ofReplay: (replayId: string) => REPLAY + replayId,
  /** What a record's key stands for. */
  parse(key: string): { parked: string } | { replay: string } | undefined {
    if (key.startsWith(PARKED)) return { parked: key.slice(PARKED.length) }
    return key.startsWith(REPLAY) ? { replay: key.slice(REPLAY.length) } : undefined
  },
}

export const deliveryCatchUps: Topic = {
  name: 'delivery.catch-ups',
  meaning: 'The state of `deliver`: how far paused webhooks and replays have come in the logs that they are fed from.',
  key: 'parked/<webhook> or replay/<replay>',
  value: 'Avro ParkedWebhook or ReplayState; nothing once it is over',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: ['deliver', 'api'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
