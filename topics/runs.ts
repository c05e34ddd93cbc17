import { byDefault, bytes, codecOf, int, list, long, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { eventFactsFields } from './deliveries.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

const pinnedWorkflowFields = record('PinnedWorkflow', { workflowId: text, version: int })

/** An accepted event with the workflows that it starts, each in the version that was live when it was accepted. */
export type EventStart = ValueOf<typeof eventStartFields>

export const eventStartFields = record('EventStart', {
  event: eventFactsFields,
  payload: bytes,
  workflows: list(pinnedWorkflowFields),
  /** Those whose conditions did not hold, and that record it. */
  refused: byDefault([], list(pinnedWorkflowFields)),
  /** `run` looks the workflows up once its view of the control plane has reached this offset. */
  controlOffset: long,
  /** A stored event, which this replay hands to the workflows. */
  replayId: optional(text),
})

/** How the emit of a step was judged. */
export type StepVerdict = ValueOf<typeof stepVerdictFields>

export const stepVerdictFields = record('StepVerdict', {
  runId: text,
  /** The step's path in its run, and the attempt that emitted. */
  path: text,
  attempt: int,
  verdict: textOf<'accepted' | 'duplicate' | 'rejected' | 'failed'>(),
  code: optional(text),
  message: optional(text),
  emitId: text,
  eventId: optional(text),
  canonicalName: optional(text),
  depth: int,
})

/** One of both. */
export type RunInput = ValueOf<typeof runInputFields>

export const runInputFields = record('RunInput', {
  start: optional(eventStartFields),
  verdict: optional(stepVerdictFields),
})

export const runInputCodec = codecOf(runInputFields)

/** One record per accepted event that some workflow listens to, and one per emit of a run. */
export const runs: Topic = {
  name: 'runs',
  meaning: 'Accepted and replayed events with the workflows that they start, and verdicts on what runs emitted.',
  key: 'the organization',
  value: 'Avro RunInput',
  partitions: 'shards',
  producers: ['admit', 'deliver'],
  consumers: ['run'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
