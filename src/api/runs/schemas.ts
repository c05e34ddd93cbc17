import { RUN_STATUSES } from '../../../topics/audit-runs.ts'
import {
  anyObject,
  anything,
  definition,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const error = object({ actionKey: nullable(string), path: nullable(string), code: string, message: string })

const runFields = {
  id: string,
  workflowId: string,
  workflowVersion: integer,
  environment,
  mode: string,
  trigger: object({
    kind: string,
    'eventId?': string,
    'canonicalName?': string,
    'tick?': time,
    'parentRunId?': string,
    'replayId?': string,
  }),
  retryOf: nullable(string),
  status: string,
  skipReason: nullable(string),
  startedAt: time,
  finishedAt: nullable(time),
  durationMs: nullable(integer),
  error: nullable(error),
  reason: nullable(string),
  chainDepth: integer,
}

export const runSummary = object(runFields)

const step = object({
  number: integer,
  actionKey: string,
  path: string,
  type: string,
  status: string,
  attempts: integer,
  startedAt: time,
  durationMs: integer,
  input: anything,
  output: anything,
  error: nullable(object({ code: string, message: string })),
  branch: nullable(string),
  'variables?': anything,
})

const endedFields = { ...runFields, params: anything, output: anything, warnings: listOf(anyObject) }

export const run = object({ ...endedFields, steps: listOf(step) })

export const runFilter = {
  'status?': oneOf([...RUN_STATUSES]),
  'mode?': oneOf(['live', 'manual', 'route', 'debug', 'replay']),
  'code?': text(1, 60),
  'eventId?': text(1, 60),
  'event?': text(1, 255, { description: 'Name of the event that started it: `ns.name` or canonical.' }),
  'replayId?': text(1, 60),
  'from?': time,
  'to?': time,
}

/** `wait`: seconds. */
export const manualRun = object({
  'params?': anyObject,
  'wait?': { type: 'integer', minimum: 0, maximum: 25 },
  'idempotencyKey?': text(1, 255),
})
export const retryInput = object({
  'useLatest?': { type: 'boolean' },
  'from?': text(1, 100, { description: 'Key of an action: the answers of those before it are taken over.' }),
})
/** `runId`: of the run that was asked for, begun or to be cancelled; `run`: as it has ended by the call. */
export const accepted = object({ runId: string, 'run?': run })
/** Without its steps, if it ended in time. */
export const acceptedOrEnded = { anyOf: [accepted, object(endedFields)] }

/** `sideEffects: mock`: nothing leaves the platform; what would answers a placeholder, SQL is undone step by step. */
export const debugInput = object({
  'params?': anyObject,
  'stopAt?': text(1, 100),
  'mock?': anyObject,
  'sideEffects?': oneOf(['execute', 'mock']),
  'emit?': { type: 'boolean' },
  'definition?': definition,
})
export const acceptedOrRun = { anyOf: [accepted, run] }
export const debugParamsQuery = object({ from: oneOf(['schema', 'event', 'run']), 'runId?': text(1, 60) })
export const debugParams = object({ params: anything })
/** `live`: read from the owner of the run, not from the history. */
export const liveMeta = { live: { type: 'boolean' } }
export const runStream = { 'text/event-stream': { type: 'string' } }
