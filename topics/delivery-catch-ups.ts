import { avroCodec, nullable } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** As releases before wrote it: all of a partition before `offset` has been dealt with, and beyond it what is in `done`. Read, not extended. */
export interface LogCursor {
  partition: number
  offset: number
  done: number[]
}

/**
 * Owed of a segment: the events numbered above `settledNumber` up to `throughNumber` of which the log says that they go to the webhook, less
 * those with a bit in an `OwedBlock`.
 */
export interface OwedSegment {
  fromNumber: number
  throughNumber: number
  settledNumber: number
  /** `open`: takes what comes. `draining`: takes nothing more. Else all of it ends, and this is why. */
  mode: SegmentMode
  /** Of a segment that ends as `left_out`: only events recorded before. Of one beside it: only those recorded since. */
  beforeMs: number | null
  sinceMs: number | null
}

export const SEGMENT_MODES = ['open', 'draining', 'left_out', 'webhook_deleted'] as const
export type SegmentMode = (typeof SEGMENT_MODES)[number]

export const WAIT_CAUSES = ['held', 'paused', 'ordered', 'busy'] as const
/** Why a webhook's events wait: the endpoint does not take them, its owner paused it, their order, or it is slow. */
export type WaitCause = (typeof WAIT_CAUSES)[number]

/** What a webhook is owed beyond its share: ranges of its organization's log. */
export interface ParkedWebhook {
  organizationId: string
  /** Marks the deliveries of what was owed while it was paused: `rpl_…`. */
  replayId: string
  /** As releases before wrote it, which had no segments. */
  fromSequence: number
  throughSequence: number
  cursors: LogCursor[]
  environment: 'live' | 'test'
  cause: WaitCause
  /** Whether what comes is owed, too. */
  isOpen: boolean
  sinceMs: number
  segments: OwedSegment[]
  /** Events owed, early entries included, and when the oldest was recorded. */
  count: number
  oldestAtMs: number | null
  /** Requests that may be in flight at once; 0 while none may but a probe. */
  window: number
  nextProbeAtMs: number
  probeStepMs: number
  activatedAtMs: number
  /** Attempts that took something off in the last minute, by second. */
  ratePerSecond: number
  /** Events up to this number have had their completion from a release before. */
  closedThrough: number
  /** Since when events that were owed while it was paused are so marked: up to this number. */
  pausedThrough: number
}

/** Bits of 1,024 numbers: set for what has left the range out of order. */
export interface OwedBlock {
  left: Buffer
}

/** A delivery that waits with a range although it lies before it: where its record is, and how far it had come. */
export interface EarlyEntry {
  /** Place in `EARLY_INPUTS` of the topic. */
  input: number
  offset: number
  /** Place in the record's list of webhooks. */
  place: number
  number: number
  attempts: number
  attemptsBefore: number
  createdAtMs: number
  dueAtMs: number
  once: boolean
  trigger: 'live' | 'manual' | 'replay' | 'test'
  replayId: string | null
  /** Whether the end of its emit depends on it. */
  isCounted: boolean
}

export interface EarlyBlock {
  entries: EarlyEntry[]
}

export const OWED_BLOCK_NUMBERS = 1024
export const EARLY_BLOCK_ENTRIES = 512

/** How far a replay has come. */
export interface ReplayState extends ReplayPlace {
  organizationId: string
  matched: number
  skipped: number
}

export interface ReplayPlace {
  cursors: LogCursor[]
  /** All events before this number have been dealt with; -1: not known yet. */
  nextNumber: number
  doneNumbers: number[]
}

/** How far a redrive of a webhook's dead letters has come. */
export interface RedriveState {
  organizationId: string
  webhookId: string
  environment: 'live' | 'test'
  throughSequence: number
  /** The time in which the deliveries came to be, from and before; null: no bound. */
  fromMs: number | null
  toMs: number | null
  ratePerSecond: number
  askedAtMs: number
  nextNumber: number
  doneNumbers: number[]
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

const segmentSchema = {
  type: 'record',
  name: 'OwedSegment',
  fields: [
    { name: 'fromNumber', type: 'long' },
    { name: 'throughNumber', type: 'long' },
    { name: 'settledNumber', type: 'long' },
    { name: 'mode', type: { type: 'enum', name: 'SegmentMode', symbols: [...SEGMENT_MODES] } },
    { name: 'beforeMs', ...nullable('long') },
    { name: 'sinceMs', ...nullable('long') },
  ],
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
    { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] }, default: 'live' },
    { name: 'cause', type: { type: 'enum', name: 'WaitCause', symbols: [...WAIT_CAUSES] }, default: 'paused' },
    { name: 'isOpen', type: 'boolean', default: true },
    { name: 'sinceMs', type: 'long', default: 0 },
    { name: 'segments', type: { type: 'array', items: segmentSchema }, default: [] },
    { name: 'count', type: 'long', default: 0 },
    { name: 'oldestAtMs', ...nullable('long') },
    { name: 'window', type: 'int', default: 0 },
    { name: 'nextProbeAtMs', type: 'long', default: 0 },
    { name: 'probeStepMs', type: 'long', default: 0 },
    { name: 'activatedAtMs', type: 'long', default: 0 },
    { name: 'ratePerSecond', type: 'double', default: 0 },
    { name: 'closedThrough', type: 'long', default: -1 },
    { name: 'pausedThrough', type: 'long', default: -1 },
  ],
})

export const owedBlockCodec = avroCodec<OwedBlock>({
  type: 'record',
  name: 'OwedBlock',
  namespace: 'clarion',
  fields: [{ name: 'left', type: 'bytes' }],
})

export const earlyBlockCodec = avroCodec<EarlyBlock>({
  type: 'record',
  name: 'EarlyBlock',
  namespace: 'clarion',
  fields: [
    {
      name: 'entries',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'EarlyEntry',
          fields: [
            { name: 'input', type: 'int' },
            { name: 'offset', type: 'long' },
            { name: 'place', type: 'int' },
            { name: 'number', type: 'long' },
            { name: 'attempts', type: 'int' },
            { name: 'attemptsBefore', type: 'int' },
            { name: 'createdAtMs', type: 'long' },
            { name: 'dueAtMs', type: 'long' },
            { name: 'once', type: 'boolean' },
            { name: 'trigger', type: { type: 'enum', name: 'Trigger', symbols: ['live', 'manual', 'replay', 'test'] } },
            { name: 'replayId', ...nullable('string') },
            { name: 'isCounted', type: 'boolean' },
          ],
        },
      },
    },
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
    { name: 'nextNumber', type: 'long', default: -1 },
    { name: 'doneNumbers', type: { type: 'array', items: 'long' }, default: [] },
  ],
})

export const redriveStateCodec = avroCodec<RedriveState>({
  type: 'record',
  name: 'RedriveState',
  namespace: 'clarion',
  fields: [
    { name: 'organizationId', type: 'string' },
    { name: 'webhookId', type: 'string' },
    { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] } },
    { name: 'throughSequence', type: 'long' },
    { name: 'fromMs', ...nullable('long') },
    { name: 'toMs', ...nullable('long') },
    { name: 'ratePerSecond', type: 'int' },
    { name: 'askedAtMs', type: 'long' },
    { name: 'nextNumber', type: 'long' },
    { name: 'doneNumbers', type: { type: 'array', items: 'long' } },
  ],
})

const PARKED = 'parked/'
const OWED = 'owed/'
const EARLY = 'early/'
const REPLAY = 'replay/'
const REDRIVE = 'redrive/'

/** What a record's key stands for. */
export type CatchUpKey =
  | { parked: string }
  | { owed: string; block: number }
  | { early: string; block: number }
  | { replay: string }
  | { redrive: string }

export const catchUpKeys = {
  ofParked: (webhookId: string) => PARKED + webhookId,
  ofOwed: (webhookId: string, block: number) => `${OWED}${webhookId}/${block}`,
  ofEarly: (webhookId: string, block: number) => `${EARLY}${webhookId}/${block}`,
  ofReplay: (replayId: string) => REPLAY + replayId,
  ofRedrive: (commandId: string) => REDRIVE + commandId,
  parse(key: string): CatchUpKey | undefined {
    if (key.startsWith(PARKED)) return { parked: key.slice(PARKED.length) }
    if (key.startsWith(REDRIVE)) return { redrive: key.slice(REDRIVE.length) }
    const slash = key.lastIndexOf('/')
    const block = Number(key.slice(slash + 1))
    if (key.startsWith(OWED)) return { owed: key.slice(OWED.length, slash), block }
    if (key.startsWith(EARLY)) return { early: key.slice(EARLY.length, slash), block }
    return key.startsWith(REPLAY) ? { replay: key.slice(REPLAY.length) } : undefined
  },
}

export const deliveryCatchUps: Topic = {
  name: 'delivery.catch-ups',
  meaning:
    'The state of `deliver`: what webhooks are owed as ranges of their logs, and how far replays and redrives have come.',
  key: 'parked/<webhook>, owed/<webhook>/<block>, early/<webhook>/<block>, replay/<replay> or redrive/<command>',
  value: 'Avro ParkedWebhook, OwedBlock, EarlyBlock, ReplayState or RedriveState; nothing once it is over',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: ['deliver', 'api'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
