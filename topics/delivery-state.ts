import { avroCodec, nullable } from './avro.ts'
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
  /** The newest leader epoch of the records that it names; -1: not known, as in records of earlier releases. */
  leaderEpoch: number
}

/** Everything of this input partition before `nextOffset` has ended. */
export interface DeliveryPosition {
  nextOffset: number
  /** 32 hex digits; null: not known, as in records of earlier releases. */
  topicId: string | null
  /** Of the record before `nextOffset`, or a newer one; -1: not known. */
  leaderEpoch: number
}

/** Deliveries of one event that are still on their way, kept once one of them has failed or is away from the event's record. */
export interface OpenEvent {
  /** How many were open, by a release before, which counted all of them; -1 since. */
  open: number
  /** How many there were. */
  deliveries: number
  /** Whether one was exhausted. */
  failed: boolean
  emitId: string
  organizationId: string
  environment: 'live' | 'test'
  recordedAtMs: number
  /** Deliveries that have left the event's record and are open one by one: in a retry topic, or an early entry. */
  away: number
  /** Webhooks that are owed the event as part of a range, 8 bytes each as in the log. */
  owedBy: Buffer
  /** The event's sequence number. */
  number: number
}

/** Attempts that failed in a row, and what waits in retry topics: of a webhook of which there are any. */
export interface EndpointState {
  organizationId: string
  failures: number
  firstFailureAtMs: number
  inRetry: number
}

/** Of 8,192 sequence numbers, those of which a delivery failed while others are owed as a range: runs of [first, how many], from the block's first. */
export interface FailedBlock {
  runs: number[]
  /** Instead of the runs where it is shorter: one bit each. */
  bits: Buffer
}

export const FAILED_BLOCK_NUMBERS = 8192

/** A delivery that was retried by hand when it had made so many attempts: who asks twice gets one attempt. */
export interface AskedDelivery {
  attempts: number
  atMs: number
  /** The command that asked; null as a release before wrote it. */
  by: string | null
}

/** An endpoint whose last attempts failed, that is failing, or whose recovery the control plane has not acknowledged yet. */
export interface WebhookHealth {
  organizationId: string
  state: 'failing' | 'disabled' | 'healthy'
  sinceMs: number
  /** It must be switched off: its receiver is gone, or it has been failing for as long as its owner allows. */
  deactivate: boolean
  /** Whether the control plane knows. */
  reported: boolean
  /** Of a healthy one: failed attempts in a row, and when the first of them had failed. */
  failures: number
  firstFailureAtMs: number
}

/** A notice to the organization's owner that has not been sent yet. */
export interface PendingNotice {
  organizationId: string
  webhookId: string
  kind: NoticeKind
  /** The delivery that brought it about. */
  deliveryId: string
  error: string | null
  occurredAtMs: number
  /** How often it has been tried. */
  tries: number
  dueAtMs: number
}

export const NOTICE_KINDS = ['failing', 'gone', 'disabled', 'recovered'] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]

/**
 * An ordered lane, (webhook, subject): the deliveries that have left the topic `deliveries` and are still before their turn or at it, by the
 * sequence numbers of their events, ascending, each as the distance from the one before.
 */
export interface LaneState {
  steps: number[]
  /** All of them stood before this offset of `deliveries`. */
  readTo: number
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
    { name: 'leaderEpoch', type: 'int', default: -1 },
  ],
})

export const deliveryPositionCodec = avroCodec<DeliveryPosition>({
  type: 'record',
  name: 'DeliveryPosition',
  namespace: 'clarion',
  fields: [
    { name: 'nextOffset', type: 'long' },
    { name: 'topicId', ...nullable('string') },
    { name: 'leaderEpoch', type: 'int', default: -1 },
  ],
})

export const openEventCodec = avroCodec<OpenEvent>({
  type: 'record',
  name: 'OpenEvent',
  namespace: 'clarion',
  fields: [
    { name: 'open', type: 'int' },
    { name: 'deliveries', type: 'int', default: 0 },
    { name: 'failed', type: 'boolean' },
    { name: 'emitId', type: 'string' },
    { name: 'organizationId', type: 'string' },
    { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] } },
    { name: 'recordedAtMs', type: 'long' },
    { name: 'away', type: 'int', default: -1 },
    { name: 'owedBy', type: 'bytes', default: '' },
    { name: 'number', type: 'long', default: -1 },
  ],
})

export const endpointStateCodec = avroCodec<EndpointState>({
  type: 'record',
  name: 'EndpointState',
  namespace: 'clarion',
  fields: [
    { name: 'organizationId', type: 'string' },
    { name: 'failures', type: 'int' },
    { name: 'firstFailureAtMs', type: 'long' },
    { name: 'inRetry', type: 'int' },
  ],
})

export const failedBlockCodec = avroCodec<FailedBlock>({
  type: 'record',
  name: 'FailedBlock',
  namespace: 'clarion',
  fields: [
    { name: 'runs', type: { type: 'array', items: 'int' } },
    { name: 'bits', type: 'bytes' },
  ],
})

export const askedDeliveryCodec = avroCodec<AskedDelivery>({
  type: 'record',
  name: 'AskedDelivery',
  namespace: 'clarion',
  fields: [
    { name: 'attempts', type: 'int' },
    { name: 'atMs', type: 'long' },
    { name: 'by', ...nullable('string') },
  ],
})

export const webhookHealthCodec = avroCodec<WebhookHealth>({
  type: 'record',
  name: 'WebhookHealth',
  namespace: 'clarion',
  fields: [
    { name: 'organizationId', type: 'string' },
    { name: 'state', type: { type: 'enum', name: 'HealthState', symbols: ['failing', 'disabled', 'healthy'] } },
    { name: 'sinceMs', type: 'long' },
    { name: 'deactivate', type: 'boolean' },
    { name: 'reported', type: 'boolean' },
    { name: 'failures', type: 'int', default: 0 },
    { name: 'firstFailureAtMs', type: 'long', default: 0 },
  ],
})

export const pendingNoticeCodec = avroCodec<PendingNotice>({
  type: 'record',
  name: 'PendingNotice',
  namespace: 'clarion',
  fields: [
    { name: 'organizationId', type: 'string' },
    { name: 'webhookId', type: 'string' },
    { name: 'kind', type: { type: 'enum', name: 'NoticeKind', symbols: [...NOTICE_KINDS] } },
    { name: 'deliveryId', type: 'string' },
    { name: 'error', ...nullable('string') },
    { name: 'occurredAtMs', type: 'long' },
    { name: 'tries', type: 'int' },
    { name: 'dueAtMs', type: 'long' },
  ],
})

export const laneStateCodec = avroCodec<LaneState>({
  type: 'record',
  name: 'LaneState',
  namespace: 'clarion',
  fields: [
    { name: 'steps', type: { type: 'array', items: 'long' } },
    { name: 'readTo', type: 'long' },
  ],
})

/** What a record's key stands for. */
export type DeliveryStateKey =
  | { position: string }
  | { done: string; block: number }
  | { open: string }
  | { asked: string }
  | { health: string }
  | { notice: string }
  | { lane: string; subject: string | null }
  | { endpoint: string }
  | { failed: string; environment: 'live' | 'test'; block: number }

const POSITION = 'position/'
const DONE = 'done/'
const OPEN = 'open/'
const ASKED = 'asked/'
const HEALTH = 'health/'
const NOTICE = 'notice/'
const LANE = 'lane/'
const ENDPOINT = 'endpoint/'
const FAILED = 'failed/'

export const deliveryStateKeys = {
  ofPosition: (topic: string) => POSITION + topic,
  ofDone: (topic: string, block: number) => `${DONE}${topic}/${block}`,
  ofOpen: (eventId: string) => OPEN + eventId,
  ofAsked: (deliveryId: string) => ASKED + deliveryId,
  ofHealth: (webhookId: string) => HEALTH + webhookId,
  ofNotice: (noticeId: string) => NOTICE + noticeId,
  /** Events without a subject have a lane of their own. */
  ofLane: (webhookId: string, subject: string | null) => `${LANE}${webhookId}/${subject === null ? '' : `=${subject}`}`,
  ofEndpoint: (webhookId: string) => ENDPOINT + webhookId,
  ofFailed: (organizationId: string, environment: 'live' | 'test', block: number) =>
    `${FAILED}${organizationId}/${environment}/${block}`,
  parse(key: string): DeliveryStateKey | undefined {
    if (key.startsWith(OPEN)) return { open: key.slice(OPEN.length) }
    if (key.startsWith(POSITION)) return { position: key.slice(POSITION.length) }
    if (key.startsWith(DONE)) {
      const slash = key.lastIndexOf('/')
      return { done: key.slice(DONE.length, slash), block: Number(key.slice(slash + 1)) }
    }
    if (key.startsWith(ASKED)) return { asked: key.slice(ASKED.length) }
    if (key.startsWith(HEALTH)) return { health: key.slice(HEALTH.length) }
    if (key.startsWith(NOTICE)) return { notice: key.slice(NOTICE.length) }
    if (key.startsWith(ENDPOINT)) return { endpoint: key.slice(ENDPOINT.length) }
    if (key.startsWith(FAILED)) {
      const [failed = '', environment, block] = key.slice(FAILED.length).split('/')
      return { failed, environment: environment === 'test' ? 'test' : 'live', block: Number(block) }
    }
    return key.startsWith(LANE) ? laneOf(key.slice(LANE.length)) : undefined
  },
}

function laneOf(rest: string): DeliveryStateKey {
  const slash = rest.indexOf('/')
  const subject = rest.slice(slash + 1)
  return { lane: rest.slice(0, slash), subject: subject === '' ? null : subject.slice(1) }
}

export const deliveryState: Topic = {
  name: 'delivery.state',
  meaning:
    'The state of `deliver`: positions, what has ended beyond them, events with open deliveries, endpoints that fail, notices to send, ordered lanes.',
  key: 'position/<topic>, done/<topic>/<block>, open/<event>, asked/<delivery>, health/<webhook>, endpoint/<webhook>, notice/<notice>, lane/<webhook>/=<subject> or failed/<organization>/<environment>/<block>',
  value:
    'Avro DeliveryPosition, DoneBlock, OpenEvent, AskedDelivery, WebhookHealth, EndpointState, PendingNotice, LaneState or FailedBlock; nothing once it is over',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: ['deliver'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
