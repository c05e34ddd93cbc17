import { byDefault, bytes, codecOf, int, list, long, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { platformEmitFields } from './platform-emits.ts'
import { answerToFields, type ResponseKind } from './responses.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Everything of an input before `nextOffset` has been settled. */
export type RunPosition = ValueOf<typeof runPositionFields>

export const runPositionFields = record('RunPosition', {
  nextOffset: long,
  /** 32 hex digits; null: not known. */
  topicId: optional(text),
  /** Of the record before `nextOffset`; -1: not known. */
  leaderEpoch: byDefault(-1, int),
})

export const runPositionCodec = codecOf(runPositionFields)

/** How often a workflow has started, for its cooldown and its cap of the day. */
export type RunPace = ValueOf<typeof runPaceFields>

export const runPaceFields = record('RunPace', {
  lastStartMs: long,
  /** Days since 1970, UTC; and the starts on it. */
  day: int,
  count: int,
})

export const runPaceCodec = codecOf(runPaceFields)

/** The schedule of a workflow, and its last tick. */
export type RunSchedule = ValueOf<typeof runScheduleFields>

export const runScheduleFields = record('RunSchedule', {
  cron: text,
  timeZone: text,
  tickMs: long,
})

export const runScheduleCodec = codecOf(runScheduleFields)

/** An idempotency key of a call that has started a run. */
export type RunCallKey = ValueOf<typeof runCallKeyFields>

export const runCallKeyFields = record('RunCallKey', {
  organizationId: text,
  runId: text,
  /** SHA-256, hex, of what was asked for. */
  bodyHash: text,
  atMs: long,
  /** Calls without an answer. */
  waiting: list(answerToFields),
  /** Null: there is no answer yet. */
  kind: optional(textOf<ResponseKind>()),
  /** JSON; null: the answer was too large, or has made room for newer ones. */
  value: optional(bytes),
})

export const runCallKeyCodec = codecOf(runCallKeyFields)

/** An event that a step has asked for, and when it is to be emitted. */
export type RunDelayedEmit = ValueOf<typeof runDelayedEmitFields>

export const runDelayedEmitFields = record('RunDelayedEmit', {
  organizationId: text,
  dueAtMs: long,
  /** Stays last: its own last field may be absent. */
  emit: platformEmitFields,
})

export const runDelayedEmitCodec = codecOf(runDelayedEmitFields)

export type RunStateKey =
  | { position: string }
  | { pace: string }
  | { schedule: string }
  | { callKey: string }
  | { delayed: string }

/** Keys of the topic. */
export const runStateKeys = {
  position: (topic: string): string => `position/${topic}`,
  pace: (workflowId: string): string => `pace/${workflowId}`,
  schedule: (workflowId: string): string => `schedule/${workflowId}`,
  callKey: (callKey: string): string => `key/${callKey}`,
  delayed: (stepId: string): string => `emit/${stepId}`,
  parse(key: string): RunStateKey | undefined {
    const at = key.indexOf('/')
    const rest = key.slice(at + 1)
    if (key.startsWith('emit/')) return { delayed: rest }
    if (key.startsWith('position/')) return { position: rest }
    if (key.startsWith('key/')) return { callKey: rest }
    if (key.startsWith('schedule/')) return { schedule: rest }
    return key.startsWith('pace/') ? { pace: rest } : undefined
  },
}

export const runState: Topic = {
  name: 'run.state',
  meaning:
    'Positions in the inputs of `run`, last ticks of schedules, idempotency keys of calls, events that wait for their time, and when workflows with a cooldown or a cap last started.',
  key: '`position/<topic>`, `schedule/<workflow>`, `pace/<workflow>`, `key/<workflow>/<hash>` or `emit/<step>`',
  value: 'Avro RunPosition, RunSchedule, RunPace, RunCallKey or RunDelayedEmit',
  partitions: 'shards',
  producers: ['run'],
  consumers: ['run'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
