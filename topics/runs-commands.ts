import { codecOf, environment, int, long, oneOf, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { answerToFields } from './responses.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** A call about a run. */
export type RunCommand = ValueOf<typeof runCommandFields>

export const runCommandFields = record('RunCommand', {
  kind: oneOf('RunCommandKind', ['start', 'cancel']),
  organizationId: text,
  environment,
  /** Of a start it is drawn by the caller. */
  runId: text,
  actorId: text,
  requestId: text,
  /** Starts: the workflow and its version; else empty and 0. */
  workflowId: text,
  version: int,
  /** Starts: a JSON object of scopes, such as `{"$param": {}}`. */
  scopes: optional(text),
  /** Starts: a JSON object of what started it, as a run shows it. */
  trigger: optional(text),
  /** Starts: the run whose params it repeats. */
  retryOf: optional(text),
  /**
   * Starts: a JSON object of `RunOptions` (src/workflows/run-options.ts); looks and watches: of `LookQuestion`
   * (src/run-calls/looked.ts). Null: none.
   */
  options: optional(text),
  /** `run` looks the workflow up once its view of the control plane has reached this offset. */
  controlOffset: long,
  /** Null: the answer is in the history alone. */
  answerTo: optional(answerToFields),
  /** Starts: SHA-256, hex, of the caller's idempotency key and of what it asked for. */
  callKey: optional(record('CallKey', { hash: text, bodyHash: text })),
  /**
   * A question, which changes nothing. Its run is in `options`; `kind` is `cancel` and `runId` is empty, so that a release
   * that does not know questions finds no such run.
   */
  ask: optional(textOf<'look' | 'watch'>()),
})

export const runCommandCodec = codecOf(runCommandFields)

export const runsCommands: Topic = {
  name: 'runs.commands',
  meaning: 'Starts by hand and by requests, retries of runs, their cancellation, and looks at them.',
  key: 'the organization',
  value: 'Avro RunCommand',
  partitions: 'shards',
  producers: ['api'],
  consumers: ['run'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
