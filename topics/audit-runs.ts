import {
  byDefault,
  codecOf,
  environment,
  int,
  list,
  long,
  optional,
  record,
  text,
  textOf,
  type ValueOf,
} from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
  'truncated',
  'skipped',
] as const
export type RunStatus = (typeof RUN_STATUSES)[number]

/** In the order of the checks. */
export const SKIP_REASONS = [
  'organization_suspended',
  'inactive',
  'condition_false',
  'cooldown',
  'daily_cap',
  'concurrency',
  'queue_full',
  'expired',
] as const
export type SkipReason = (typeof SKIP_REASONS)[number]

/** A run at its end, or at its beginning if it outlived that. */
export type RunRow = ValueOf<typeof runRowFields>

export const runRowFields = record('RunRow', {
  runId: text,
  /** 0: its beginning; 1: its end. */
  step: int,
  organizationId: text,
  environment,
  workflowId: text,
  workflowVersion: int,
  mode: text,
  status: textOf<RunStatus>(),
  skipReason: optional(textOf<SkipReason>()),
  triggerKind: text,
  eventId: optional(text),
  canonicalName: optional(text),
  tickMs: optional(long),
  parentRunId: optional(text),
  retryOf: optional(text),
  startedAtMs: long,
  finishedAtMs: optional(long),
  durationMs: optional(long),
  /** JSON; what is too long is cut, and secrets read `***`. */
  scopes: text,
  output: optional(text),
  errorAction: optional(text),
  errorPath: optional(text),
  errorCode: optional(text),
  errorMessage: optional(text),
  reason: optional(text),
  chainDepth: int,
  steps: int,
  /** A JSON array. */
  warnings: text,
  replayId: optional(text),
})

/** A step that has ended; one with a higher number replaces another of its path. */
export type StepRow = ValueOf<typeof stepRowFields>

export const stepRowFields = record('StepRow', {
  runId: text,
  path: text,
  number: int,
  organizationId: text,
  environment,
  workflowId: text,
  actionKey: text,
  actionType: text,
  status: text,
  attempts: int,
  runStartedAtMs: long,
  startedAtMs: long,
  durationMs: long,
  /** JSON; what is longer than 64 KB is cut, and secrets read `***`. */
  input: optional(text),
  output: optional(text),
  errorCode: optional(text),
  errorMessage: optional(text),
  branch: optional(text),
  /** Of a debug run: JSON of the variables behind the step. */
  variables: optional(text),
})

export type AuditRuns = ValueOf<typeof auditRunsFields>

export const auditRunsFields = record('AuditRuns', {
  steps: byDefault([], list(stepRowFields)),
  runs: byDefault([], list(runRowFields)),
})

export const auditRunsCodec = codecOf(auditRunsFields)

/** Many rows travel in one record. */
export const auditRuns: Topic = {
  name: 'audit.runs',
  meaning: 'Runs of workflows: skipped, begun, ended; and each of their steps.',
  key: 'nothing',
  value: 'Avro AuditRuns',
  partitions: 'shards',
  producers: ['run'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
