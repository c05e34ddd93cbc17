import { SQS_BODIES } from '../../model/queues.ts'
import { CONTRACTS_MAX } from '../../registry/contract-settings.ts'
import {
  anyObject,
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const seconds = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum })

const backoff = {
  type: ['object', 'null'],
  properties: {
    firstSeconds: seconds(1, 43_200),
    factor: { type: 'number', minimum: 1, maximum: 10 },
    maxSeconds: seconds(1, 43_200),
  },
  required: ['firstSeconds', 'factor', 'maxSeconds'],
  additionalProperties: false,
  description: 'How long a message that is given back without a delay waits, by how often it was received.',
}

const settings = {
  'conditions?': { description: 'Conditions over the event, as those of webhooks.' },
  'contracts?': { type: ['object', 'null'], additionalProperties: anyObject, maxProperties: CONTRACTS_MAX },
  'visibilityTimeoutSeconds?': seconds(1, 43_200),
  'maxReceives?': { type: 'integer', minimum: 1, maximum: 1_000 },
  'nackBackoff?': backoff,
  'retentionHours?': { type: 'integer', minimum: 1, maximum: 720 },
  'deadLetterQueueId?': { type: ['string', 'null'], maxLength: 40 },
  'active?': boolean,
  'sqsBody?': { ...oneOf(SQS_BODIES), description: 'What clients of SQS get as the body of a message.' },
}

const name = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,75}(\\.fifo)?$' }
const selectors = { type: 'array', items: text(1, 200), minItems: 1, maxItems: 100 }

export const newQueue = object({
  name,
  selectors,
  ...settings,
  'ordered?': boolean,
  'start?': text(1, 500, { description: '`latest` (default), `earliest`, a time, or a cursor.' }),
})

export const queuePatch = object({ 'name?': name, 'selectors?': selectors, ...settings })

export const queue = object({
  ...stored,
  ...{ environment: oneOf(['live', 'test']), name: string, selectors: listOf(string) },
  conditions: { type: ['object', 'null'] },
  contracts: anyObject,
  ...{ visibilityTimeoutSeconds: integer, maxReceives: integer, nackBackoff: backoff },
  ...{
    retentionHours: integer,
    ordered: boolean,
    deadLetterQueueId: nullable(string),
    active: boolean,
    sqsBody: oneOf(SQS_BODIES),
  },
  /** The plan has fewer queues than there are, and this is one of the newest. */
  receivable: boolean,
})

const receipts = { type: 'array', items: text(1, 500), minItems: 1, maxItems: 100 }

export const receiveOrder = object({
  'max?': { type: 'integer', minimum: 1, maximum: 100, default: 1, description: 'Messages at most.' },
  'waitSeconds?': { type: 'integer', minimum: 0, maximum: 20, default: 0, description: 'While there is none.' },
  'visibilityTimeoutSeconds?': seconds(1, 43_200),
  'perSubject?': { type: 'integer', minimum: 1, maximum: 100, default: 1, description: 'Of ordered queues.' },
  'ack?': { ...receipts, minItems: 0, description: 'Receipts that are settled in the same call.' },
})

export const settledReceipt = object({
  receipt: string,
  status: oneOf([
    ...['acked', 'returned', 'dead', 'extended', 'already_settled'],
    ...['receipt_expired', 'receipt_unknown', 'extension_too_long'],
  ]),
  'visibleAt?': time,
})

/** A message is the event's envelope with these fields beside its own. */
export const message = {
  type: 'object',
  required: ['id', 'type', 'receipt', 'receiveCount', 'firstReceivedAt', 'visibleAt'],
  properties: {
    ...{ id: string, type: string, receipt: string, receiveCount: integer, firstReceivedAt: time, visibleAt: time },
    deadFrom: { type: 'object', properties: { queueId: string, receiveCount: integer, reason: string } },
  },
}

export const received = object({ messages: listOf(message), 'results?': listOf(settledReceipt) })
export const settled = object({ results: listOf(settledReceipt) })
export const ackOrder = object({ receipts })
export const nackOrder = object({ receipts, 'delaySeconds?': seconds(0, 43_200), 'dead?': boolean })
export const extendOrder = object({ receipts, seconds: seconds(1, 43_200) })

export const stats = object({
  ...{ ready: integer, approximate: boolean, inFlight: integer, delayed: integer, held: integer, dead: integer },
  oldestReadyAt: nullable(time),
  ...{
    handedOut: integer,
    acked: integer,
    expired: integer,
    purged: integer,
    waitingReceives: integer,
    awake: boolean,
  },
})

export const peekQuery = object({
  'limit?': { type: 'integer', minimum: 1, maximum: 100, default: 10, description: 'Messages at most.' },
})
export const peeked = listOf({
  type: 'object',
  required: ['id', 'receiveCount'],
  properties: { id: string, receiveCount: integer },
})

export const deadLetter = object({
  ...{ eventId: string, receiveCount: integer, reason: oneOf(['max_receives', 'rejected']) },
  ...{ deadAt: time, firstReceivedAt: nullable(time) },
  event: { type: ['object', 'null'], description: 'Null once retention has deleted it.' },
})

export const deleteQuery = object({ 'force?': { ...boolean, description: 'Although it has messages.' } })
export const redriveOrder = object({
  'all?': boolean,
  'eventIds?': { type: 'array', items: text(1, 100), minItems: 1, maxItems: 1_000 },
  'toQueueId?': text(1, 40),
})
export const redriven = object({ redriven: integer, notFound: listOf(string) })
export const purgeOrder = object({ 'dead?': boolean })
export const purged = object({ purged: integer })
