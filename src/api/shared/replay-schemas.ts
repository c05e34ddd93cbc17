/** Replays as callers see them. */
import { REPLAY_TARGETS } from '../../model/replays.ts'
import {
  anyObject,
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  stored,
  string,
  time,
} from '../http/schema-parts.ts'

export const REPLAY_STATES = ['pending', 'running', 'paused', 'cancelling', 'cancelled', 'completed', 'failed'] as const

export const replayProgress = object({
  // Null after a change while the history is unavailable; `matched` also while it runs.
  ...{
    matched: nullable(integer),
    processed: nullable(integer),
    succeeded: nullable(integer),
    failed: nullable(integer),
    skipped: nullable(integer),
  },
  expired: integer,
  lastRecordedAt: nullable(time),
})

export const replayTargetState = object({
  kind: string,
  id: string,
  state: oneOf(['running', 'completed', 'cancelled', 'failed']),
  stateReason: nullable(string),
  progress: replayProgress,
})

export const replaySource = object({
  from: nullable(string),
  to: nullable(time),
  selectors: listOf(string),
  subject: nullable(string),
  conditions: nullable(anyObject),
  eventIds: nullable(listOf(string)),
  /** Of a redrive; its range is the time in which the deliveries were made. */
  deadLetters: nullable(object({ count: integer, errorKind: nullable(string), responseStatus: nullable(integer) })),
})

export const replayTarget = object({ kind: oneOf(REPLAY_TARGETS), ids: listOf(string) })

export const replayOptions = object({
  ratePerSecond: integer,
  onlyFailed: boolean,
  includeFederation: boolean,
  includeLifecycle: boolean,
  dryRun: boolean,
  force: boolean,
})

/** The fields of a replay, with its progress. */
export const replayFields = {
  ...stored,
  environment,
  name: nullable(string),
  kind: oneOf(['replay', 'recover', 'redrive']),
  source: replaySource,
  target: replayTarget,
  options: replayOptions,
  state: oneOf(REPLAY_STATES),
  stateReason: nullable(string),
  progress: replayProgress,
  targets: listOf(replayTargetState),
  warnings: listOf(oneOf(['range_clamped'])),
  requestedBy: string,
  startedAt: nullable(time),
  endedAt: nullable(time),
}

export const replay = object(replayFields)
