import {
  boolean,
  byDefault,
  bytes,
  codecOf,
  environment,
  int,
  list,
  long,
  oneOf,
  optional,
  record,
  text,
  type ValueOf,
} from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Offsets of an input partition in one block. */
export const BLOCK_OFFSETS = 1024

/**
 * Records of one block of an input partition that have ended beyond the position: they end in any order, so a position alone is not enough.
 * `ended` has one bit for each offset, set when all of the record has ended; of those in `partial` the webhooks at these places of the
 * record's list have.
 */
export type DoneBlock = ValueOf<typeof doneBlockFields>

export const doneBlockFields = record('DoneBlock', {
  ended: bytes,
  partial: list(
    record('PartlyDone', {
      offset: long,
      webhooks: list(int),
    }),
  ),
  /** The newest leader epoch of the records that it names; -1: not known, as in records of earlier releases. */
  leaderEpoch: byDefault(-1, int),
})

/** Everything of this input partition before `nextOffset` has ended. */
export type DeliveryPosition = ValueOf<typeof deliveryPositionFields>

export const deliveryPositionFields = record('DeliveryPosition', {
  nextOffset: long,
  /** 32 hex digits; null: not known, as in records of earlier releases. */
  topicId: optional(text),
  /** Of the record before `nextOffset`, or a newer one; -1: not known. */
  leaderEpoch: byDefault(-1, int),
})

/** An event with deliveries that have not ended, kept once one of them has failed or has left the event's record. */
export type OpenEvent = ValueOf<typeof openEventFields>

export const openEventFields = record('OpenEvent', {
  /** Number of open deliveries in records of earlier releases, which counted all of them; -1 since. */
  open: int,
  /** Number of deliveries at acceptance. */
  deliveries: byDefault(0, int),
  /** Whether one was exhausted. */
  failed: boolean,
  emitId: text,
  organizationId: text,
  environment,
  recordedAtMs: long,
  /** Deliveries that have left the event's record and are open one by one: in a retry topic, or an early entry. */
  away: byDefault(-1, int),
  /** Webhooks that are owed the event as part of a range, 8 bytes each as in the log. */
  owedBy: byDefault('', bytes),
  /** The event's sequence number. */
  number: byDefault(-1, long),
})

/** Failed attempts in a row, and deliveries in retry topics, of a webhook that has any. */
export type EndpointState = ValueOf<typeof endpointStateFields>

export const endpointStateFields = record('EndpointState', {
  organizationId: text,
  failures: int,
  firstFailureAtMs: long,
  inRetry: int,
})

/** Of 8,192 sequence numbers, those with a failed delivery while others are owed as a range: runs of [first, count], from the block's first. */
export type FailedBlock = ValueOf<typeof failedBlockFields>

export const failedBlockFields = record('FailedBlock', {
  runs: list(int),
  /** Instead of the runs where it is shorter: one bit each. */
  bits: bytes,
})

export const FAILED_BLOCK_NUMBERS = 8192

/** A delivery with a manual retry after this many attempts: a repeated call gets one attempt. */
export type AskedDelivery = ValueOf<typeof askedDeliveryFields>

export const askedDeliveryFields = record('AskedDelivery', {
  attempts: int,
  atMs: long,
  /** The command of the retry; null in records of earlier releases. */
  by: optional(text),
})

/** An endpoint whose last attempts failed, that is failing, or whose recovery the control plane has not acknowledged yet. */
export type WebhookHealth = ValueOf<typeof webhookHealthFields>

export const webhookHealthFields = record('WebhookHealth', {
  organizationId: text,
  state: oneOf('HealthState', ['failing', 'disabled', 'healthy']),
  sinceMs: long,
  /** It must be switched off: its receiver is gone, or it has been failing for as long as its owner allows. */
  deactivate: boolean,
  /** Whether the control plane has acknowledged it. */
  reported: boolean,
  /** Of a healthy one: failed attempts in a row, and when the first of them had failed. */
  failures: byDefault(0, int),
  firstFailureAtMs: byDefault(0, long),
})

export const WEBHOOK_STORIES = ['failing', 'gone', 'disabled', 'recovered'] as const
export type WebhookStory = (typeof WEBHOOK_STORIES)[number]

/** A notice to the organization's owner that an earlier release has not sent: it becomes a notification. */
export type PendingNotice = ValueOf<typeof pendingNoticeFields>

export const pendingNoticeFields = record('PendingNotice', {
  organizationId: text,
  webhookId: text,
  kind: oneOf('NoticeKind', WEBHOOK_STORIES),
  /** The delivery that caused it. */
  deliveryId: text,
  error: optional(text),
  occurredAtMs: long,
  /** How often it has been tried. */
  tries: int,
  dueAtMs: long,
})

/**
 * An ordered lane, (webhook, subject): deliveries that have left the topic `deliveries` and have not ended, by the
 * sequence numbers of their events, ascending, each as the distance from the one before.
 */
export type LaneState = ValueOf<typeof laneStateFields>

export const laneStateFields = record('LaneState', {
  steps: list(long),
  /** All of them were before this offset of `deliveries`. */
  readTo: long,
})

export const doneBlockCodec = codecOf(doneBlockFields)

export const deliveryPositionCodec = codecOf(deliveryPositionFields)

export const openEventCodec = codecOf(openEventFields)

export const endpointStateCodec = codecOf(endpointStateFields)

export const failedBlockCodec = codecOf(failedBlockFields)

export const askedDeliveryCodec = codecOf(askedDeliveryFields)

export const webhookHealthCodec = codecOf(webhookHealthFields)

export const pendingNoticeCodec = codecOf(pendingNoticeFields)

export const laneStateCodec = codecOf(laneStateFields)

/** The meaning of a record's key. */
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
    'The state of `deliver`: positions, records that have ended beyond them, events with open deliveries, failing endpoints, notices to send, ordered lanes.',
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
