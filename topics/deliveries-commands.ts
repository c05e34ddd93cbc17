import { avroCodec } from './avro.ts'
import type { EventFacts } from './deliveries.ts'
import { type RetryRecord, retryRecordSchema } from './deliveries-retry.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/**
 * Which dead letters of a webhook are redriven: those whose newest step is `failed`, no tests, whose events have these sequence numbers and
 * which came to be in this time. They go through the schedule anew under their delivery ids, with the attempts that they had.
 */
export interface RedriveRange {
  environment: 'live' | 'test'
  /** The first and the last sequence number of those that there were when the call was made. */
  fromSequence: number
  throughSequence: number
  /** The time in which the deliveries came to be, ms since 1970: from, and before; null: no bound. */
  fromMs: number | null
  toMs: number | null
  ratePerSecond: number
  /** When the call was made: what has had a step since then is left alone. */
  askedAtMs: number
}

/** A call about one delivery, or about the dead letters of one webhook. */
export interface DeliveryCommand {
  /** `cmd_…`, unique; of a range the id that the caller is given. */
  commandId: string
  /** `retry`: one more attempt, or the schedule anew; with `range` for all of them, in the background. `cancel`: none any more. */
  kind: 'retry' | 'cancel'
  organizationId: string
  webhookId: string
  /** Empty for a range. */
  deliveryId: string
  /** Cancels: attempts made, as the caller saw it. */
  attempts: number
  actorId: string
  requestId: string
  /** Retries of one: the delivery as it is to go on, with the attempts made so far. */
  record: RetryRecord | null
  /** Cancels of what has had no step yet: its event, since it may be owed from the log; null when the history does not have it. */
  event?: EventFacts | null
  /** Retries of a range; null for one delivery. */
  range?: RedriveRange | null
}

const redriveRangeSchema = {
  type: 'record',
  name: 'RedriveRange',
  fields: [
    { name: 'environment', type: 'Environment' },
    { name: 'fromSequence', type: 'long' },
    { name: 'throughSequence', type: 'long' },
    { name: 'fromMs', type: ['null', 'long'], default: null },
    { name: 'toMs', type: ['null', 'long'], default: null },
    { name: 'ratePerSecond', type: 'int' },
    { name: 'askedAtMs', type: 'long' },
  ],
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
    { name: 'event', type: ['null', 'EventFacts'], default: null },
    { name: 'range', type: ['null', redriveRangeSchema], default: null },
  ],
})

export const deliveriesCommands: Topic = {
  name: 'deliveries.commands',
  meaning: 'Deliveries that somebody wants retried, redriven or cancelled, and ranges of dead letters to redrive.',
  key: 'the delivery; of a range the webhook',
  value: 'Avro DeliveryCommand',
  partitions: 'shards',
  producers: ['api'],
  consumers: ['deliver'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
