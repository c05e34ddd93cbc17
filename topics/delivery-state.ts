import { avroCodec } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Offsets of an input partition are remembered in stretches of this many. */
export const BLOCK_OFFSETS = 1024

/**
 * What has ended of one stretch of an input partition, beyond the position: records end in any order, so a position alone does not tell.
 * `ended` has one bit for each offset, set when all of the record has ended; of those in `partial` the webhooks at these places of the
 * record's list have.
 */
export interface DoneBlock {
  ended: Buffer
  partial: Array<{ offset: number; webhooks: number[] }>
}

/** Everything of this input partition before `nextOffset` has ended. */
export interface DeliveryPosition {
  nextOffset: number
}

/** Deliveries of one event that are still on their way, kept once one of them has ended or waits in a retry topic. */
export interface OpenEvent {
  /** How many. */
  open: number
  /** Whether one was exhausted. */
  failed: boolean
  emitId: string
  organizationId: string
  environment: 'live' | 'test'
  recordedAtMs: number
}

export const doneBlockCodec = avroCodec<DoneBlock>({
  type: 'record',
  name: 'DoneBlock',
  namespace: 'clarion',
  fields: [
    { name: 'ended', type: 'bytes' },
    {
      name: 'partial',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'PartlyDone',
          fields: [
            { name: 'offset', type: 'long' },
            { name: 'webhooks', type: { type: 'array', items: 'int' } },
          ],
        },
      },
    },
  ],
})

export const deliveryPositionCodec = avroCodec<DeliveryPosition>({
  type: 'record',
  name: 'DeliveryPosition',
  namespace: 'clarion',
  fields: [{ name: 'nextOffset', type: 'long' }],
})

export const openEventCodec = avroCodec<OpenEvent>({
  type: 'record',
  name: 'OpenEvent',
  namespace: 'clarion',
  fields: [
    { name: 'open', type: 'int' },
    { name: 'failed', type: 'boolean' },
    { name: 'emitId', type: 'string' },
    { name: 'organizationId', type: 'string' },
    { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] } },
    { name: 'recordedAtMs', type: 'long' },
  ],
})

const POSITION = 'position/'
const DONE = 'done/'
const OPEN = 'open/'

export const deliveryStateKeys = {
  ofPosition: (topic: string) => POSITION + topic,
  ofDone: (topic: string, block: number) => `${DONE}${topic}/${block}`,
  ofOpen: (eventId: string) => OPEN + eventId,
  /** What a record's key stands for. */
  parse(key: string): { position: string } | { done: string; block: number } | { open: string } | undefined {
    if (key.startsWith(OPEN)) return { open: key.slice(OPEN.length) }
    if (key.startsWith(POSITION)) return { position: key.slice(POSITION.length) }
    if (!key.startsWith(DONE)) return undefined
    const slash = key.lastIndexOf('/')
    return { done: key.slice(DONE.length, slash), block: Number(key.slice(slash + 1)) }
  },
}

export const deliveryState: Topic = {
  name: 'delivery.state',
  meaning: 'The state of `deliver`: positions, what has ended beyond them, and events with open deliveries.',
  key: 'position/<topic>, done/<topic>/<block>, or open/<event>',
  value: 'Avro DeliveryPosition, DoneBlock or OpenEvent; nothing once it is over',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: ['deliver'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
