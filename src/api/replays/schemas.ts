import { REPLAY_RATE } from '../../control-plane/replays/replays.ts'
import {
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const ratePerSecond = { type: 'integer', minimum: 1, maximum: REPLAY_RATE.most }
const selectors = { type: 'array', items: text(1, 255), maxItems: 100 }

export const newReplay = object({
  'name?': optionalText(120),
  source: object({ from: time, 'to?': time, 'selectors?': selectors }),
  target: object({ kind: oneOf(['webhook']), ids: { type: 'array', items: string, minItems: 1, maxItems: 1 } }),
  'options?': object({ 'ratePerSecond?': ratePerSecond, 'onlyFailed?': boolean }),
})
export const webhookReplay = object({
  from: time,
  'to?': time,
  'selectors?': selectors,
  'ratePerSecond?': ratePerSecond,
})
export const webhookRecovery = object({ since: time, 'ratePerSecond?': ratePerSecond })

const REPLAY_STATES = ['pending', 'running', 'paused', 'cancelling', 'cancelled', 'completed', 'failed'] as const

/** A replay with its progress. */
export const replay = object({
  ...stored,
  name: nullable(string),
  kind: oneOf(['replay', 'recover']),
  source: object({ from: time, to: time, selectors: listOf(string) }),
  target: object({ kind: string, ids: listOf(string) }),
  options: object({ ratePerSecond: integer, onlyFailed: boolean }),
  state: oneOf(REPLAY_STATES),
  stateReason: nullable(string),
  progress: object({
    // Null after a change while the history is unavailable.
    ...{
      matched: nullable(integer),
      processed: nullable(integer),
      succeeded: nullable(integer),
      failed: nullable(integer),
      skipped: integer,
    },
    lastRecordedAt: nullable(time),
  }),
  requestedBy: string,
  startedAt: nullable(time),
  endedAt: nullable(time),
})
export const replayQuery = { 'state?': oneOf(REPLAY_STATES) }

/** The answer for a subscription's replay that ends in time. */
export const replayed = object({ replayed: integer, succeeded: integer, failed: integer })
