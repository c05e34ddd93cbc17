import {
  boolean,
  byDefault,
  bytes,
  codecOf,
  double,
  environment,
  int,
  list,
  long,
  oneOf,
  optional,
  record,
  text,
  trigger,
  type ValueOf,
} from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Of earlier releases: the records of a partition before `offset`, and beyond it those in `done`, are dealt with. Read, not extended. */
export type LogCursor = ValueOf<typeof logCursorFields>

export const logCursorFields = record('LogCursor', {
  partition: int,
  offset: long,
  done: list(long),
})

export const SEGMENT_MODES = ['open', 'draining', 'left_out', 'webhook_deleted'] as const
export type SegmentMode = (typeof SEGMENT_MODES)[number]

export const WAIT_CAUSES = ['held', 'paused', 'ordered', 'busy'] as const
/** Why a webhook's events wait: the endpoint does not take them, its owner paused it, their order, or it is slow. */
export type WaitCause = (typeof WAIT_CAUSES)[number]

/**
 * A segment owes the events numbered above `settledNumber` up to `throughNumber` whose log records name the webhook, less
 * those with a bit in an `OwedBlock`.
 */
export type OwedSegment = ValueOf<typeof owedSegmentFields>

export const owedSegmentFields = record('OwedSegment', {
  fromNumber: long,
  throughNumber: long,
  settledNumber: long,
  /** `open`: takes new events. `draining`: takes none. Otherwise the reason for which all of it ends. */
  mode: oneOf('SegmentMode', SEGMENT_MODES),
  /** A segment that ends as `left_out` has only events recorded before `beforeMs`; one beside it only those recorded since `sinceMs`. */
  beforeMs: optional(long),
  sinceMs: optional(long),
})

/** Events that a webhook is owed beyond its share: ranges of its organization's log. */
export type ParkedWebhook = ValueOf<typeof parkedWebhookFields>

export const parkedWebhookFields = record('ParkedWebhook', {
  organizationId: text,
  /** Replay id (`rpl_…`) of deliveries that were owed during the pause. */
  replayId: text,
  /** Of earlier releases, which had no segments. */
  fromSequence: long,
  throughSequence: long,
  cursors: list(logCursorFields),
  environment: byDefault('live', environment),
  cause: byDefault('paused', oneOf('WaitCause', WAIT_CAUSES)),
  /** Whether new events are owed, too. */
  isOpen: byDefault(true, boolean),
  sinceMs: byDefault(0, long),
  segments: byDefault([], list(owedSegmentFields)),
  /** Number of owed events, early entries included, and the append time of the oldest. */
  count: byDefault(0, long),
  oldestAtMs: optional(long),
  /** Requests that may be in flight at once; 0 while only a probe may. */
  window: byDefault(0, int),
  nextProbeAtMs: byDefault(0, long),
  probeStepMs: byDefault(0, long),
  activatedAtMs: byDefault(0, long),
  /** Attempts of the last minute that ended an owed event, per second. */
  ratePerSecond: byDefault(0, double),
  /** An earlier release has written the completion of events up to this number. */
  closedThrough: byDefault(-1, long),
  /** Events up to this number were owed during the pause, and are marked with `replayId`. */
  pausedThrough: byDefault(-1, long),
})

/** Bits of 1,024 numbers, set for events that have left the range out of order. */
export type OwedBlock = ValueOf<typeof owedBlockFields>

export const owedBlockFields = record('OwedBlock', {
  left: bytes,
})

/** A delivery that waits with a range although its number is before it: the position of its record, and its progress. */
export type EarlyEntry = ValueOf<typeof earlyEntryFields>

export const earlyEntryFields = record('EarlyEntry', {
  /** Index of the topic in `EARLY_INPUTS`. */
  input: int,
  offset: long,
  /** Index in the record's list of webhooks. */
  place: int,
  number: long,
  attempts: int,
  attemptsBefore: int,
  createdAtMs: long,
  dueAtMs: long,
  once: boolean,
  trigger,
  replayId: optional(text),
  /** Whether the completion of its emit depends on it. */
  isCounted: boolean,
  /** Whether its delivery id is derived from `replayId`, too; null: not known, as in records of earlier releases. */
  isOfReplay: optional(boolean),
})

export type EarlyBlock = ValueOf<typeof earlyBlockFields>

export const earlyBlockFields = record('EarlyBlock', {
  entries: list(earlyEntryFields),
})

export const OWED_BLOCK_NUMBERS = 1024
export const EARLY_BLOCK_ENTRIES = 512

/** Progress of one target of a replay. Counts are of events that are dealt with, so those in flight come again. */
export type ReplayState = ValueOf<typeof replayStateFields>

export const replayStateFields = record('ReplayState', {
  organizationId: text,
  cursors: list(logCursorFields),
  matched: long,
  skipped: long,
  /** All events before this number are dealt with; -1: not known yet. */
  nextNumber: byDefault(-1, long),
  doneNumbers: byDefault([], list(long)),
  /** Events handed over without a delivery, and those that could not be. */
  handedOver: byDefault(0, long),
  failed: byDefault(0, long),
  /** Numbers that left the log before they were read. */
  expired: byDefault(0, long),
  /** Deliveries by other replays of the organization when this one began; they are not on its allowance. */
  othersBefore: byDefault(0, long),
})

export type ReplayPlace = Pick<ReplayState, 'cursors' | 'nextNumber' | 'doneNumbers'>

/** Progress of a redrive of a webhook's dead letters. */
export type RedriveState = ValueOf<typeof redriveStateFields>

export const redriveStateFields = record('RedriveState', {
  organizationId: text,
  webhookId: text,
  environment,
  throughSequence: long,
  /** Creation time of the deliveries, from and before; null: no bound. */
  fromMs: optional(long),
  toMs: optional(long),
  ratePerSecond: int,
  askedAtMs: long,
  nextNumber: long,
  doneNumbers: list(long),
})

export const parkedWebhookCodec = codecOf(parkedWebhookFields)

export const owedBlockCodec = codecOf(owedBlockFields)

export const earlyBlockCodec = codecOf(earlyBlockFields)

export const replayStateCodec = codecOf(replayStateFields)

export const redriveStateCodec = codecOf(redriveStateFields)

const PARKED = 'parked/'
const OWED = 'owed/'
const EARLY = 'early/'
/** Followed by the replay; where it has several targets, by a slash and the target. */
const REPLAY = 'replay/'
const REDRIVE = 'redrive/'

/** The meaning of a record's key. */
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
    'The state of `deliver`: ranges of their logs that webhooks are owed, and the progress of replays and redrives.',
  key: 'parked/<webhook>, owed/<webhook>/<block>, early/<webhook>/<block>, replay/<replay>, replay/<replay>/<target> or redrive/<command>',
  value: 'Avro ParkedWebhook, OwedBlock, EarlyBlock, ReplayState or RedriveState; nothing once it is over',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: ['deliver', 'api'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
