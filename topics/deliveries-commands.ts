import { avroCodec } from './avro.ts'
import { type RetryRecord, retryRecordSchema } from './deliveries-retry.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** What somebody asks of one delivery (C.10). */
export interface DeliveryCommand {
  /** `cmd_…`, unique. */
  commandId: string
  /** `retry`: one more attempt, or the schedule anew. `cancel`: none any more. */
  kind: 'retry' | 'cancel'
  organizationId: string
  webhookId: string
  deliveryId: string
  /** Cancels: attempts made, as the caller saw it. */
  attempts: number
  actorId: string
  requestId: string
  /** Retries: the delivery as it is to go on, with the attempts made so far. */
  record: RetryRecord | null
}

export const deliveryCommandCodec = avroCodec<DeliveryCommand>({
  type: 'record',
  name: 'DeliveryCommand',
  namespace: 'clarion',
  fields: [
    { name: 'commandId', type: 'string' },
    { name: 'kind', type: { type: 'enum', name: 'DeliveryCommandKind', symbols: ['retry', 'cancel'] } },
    { name: 'organizationId', type: 'string' },
    { name: 'webhookId', type: 'string' },
    { name: 'deliveryId', type: 'string' },
    { name: 'attempts', type: 'int' },
    { name: 'actorId', type: 'string' },
    { name: 'requestId', type: 'string' },
    { name: 'record', type: ['null', retryRecordSchema], default: null },
  ],
})

export const deliveriesCommands: Topic = {
  name: 'deliveries.commands',
  meaning: 'Deliveries that somebody wants retried, redriven or cancelled.',
  key: 'the delivery',
  value: 'Avro DeliveryCommand',
  partitions: 'shards',
  producers: ['api'],
  consumers: ['deliver'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
