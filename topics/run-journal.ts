import { codecOf, environment, int, list, long, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { answerToFields } from './responses.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** The constant part of a run. Times are ms since 1970. */
export type RunFacts = ValueOf<typeof runFactsFields>

export const runFactsFields = record('RunFacts', {
  runId: text,
  organizationId: text,
  environment,
  workflowId: text,
  version: int,
  mode: textOf<'live' | 'manual' | 'route' | 'debug' | 'replay'>(),
  /** Its start: docs/specification/runs.md#what-starts-a-run. */
  triggerKind: textOf<'event' | 'schedule' | 'manual' | 'workflow' | 'route'>(),
  eventId: optional(text),
  canonicalName: optional(text),
  /** Of a schedule: the tick, ms since 1970. */
  tickMs: optional(long),
  retryOf: optional(text),
  /** The run and step that called it, and the attempt; a caller that does not wait has attempt 0. */
  parentRunId: optional(text),
  parentPath: optional(text),
  parentAttempt: int,
  /** Calls of workflows that it is inside of. */
  nesting: int,
  startedAtMs: long,
  /** When it got its first slot; the same before that. */
  begunAtMs: long,
  /** Of the event that started it. */
  depth: int,
  rootEventId: optional(text),
  correlationId: optional(text),
  traceparent: optional(text),
  path: list(text),
  /** A JSON object of the values of `$param`, `$event` and so on. */
  scopes: text,
  /** A JSON object: variables of `$env`, as they were at the start. */
  variables: text,
  /** Who waits for its response or its end. */
  answerTo: optional(answerToFields),
  /** A JSON object of `RunOptions` (src/workflows/run-options.ts); null: none. */
  options: optional(text),
  replayId: optional(text),
  /** The workflow and the hash of the idempotency key that it was started with. */
  callKey: optional(text),
})

/** A live run: a snapshot and the inputs since give its state. */
export type RunEntry = ValueOf<typeof runEntryFields>

export const runEntryFields = record('RunEntry', {
  facts: runFactsFields,
  /** JSON of the interpreter; null before the first. */
  snapshot: optional(text),
  /** JSON of each input since. */
  inputs: list(text),
  /** The highest numbers of the effects and step records that have committed. */
  effects: int,
  records: int,
})

export const runEntryCodec = codecOf(runEntryFields)

export const runJournal: Topic = {
  name: 'run.journal',
  meaning: 'The state of each run that has not ended.',
  key: 'the run',
  value: 'Avro RunEntry',
  partitions: 'shards',
  producers: ['run'],
  consumers: ['run'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
