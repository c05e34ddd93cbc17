import { avroCodec } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/**
 * What is done of a stretch of one input partition, beyond the position: records end in any order, so a position alone does not tell.
 * `offsets` are ended whole; of those in `partial` the webhooks at these places of the record's list have ended.
 */
export interface DoneBlock {
  offsets: number[]
  partial: Array<{ offset: number; webhooks: number[] }>
}

/** Everything of this input partition before `nextOffset` has ended. */
export interface DeliveryPosition {
  nextOffset: number
}

/** Deliveries of one event that are still on their way, kept only while some wait for a retry. */
export interface OpenEvent {
  open: number
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
    { name: 'offsets', type: { type: 'array', items: 'long' } },
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
