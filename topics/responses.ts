import { byDefault, bytes, codecOf, list, long, record, text, textOf, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Who waits for the answer to a command, and until when. */
export type AnswerTo = ValueOf<typeof answerToFields>

export const answerToFields = record('AnswerTo', {
  /** The api process, and its own number for the call. */
  process: text,
  correlation: long,
  /** ms since 1970; nobody waits any more after it. */
  deadlineMs: long,
  /**
   * `taken`: once the command has been settled, whatever follows. `end`: the end of the run. `response`: what the run
   * responds, or its end if it has not responded by then. `look`: what the owner knows behind the command. `watch`: each
   * step that commits, until the deadline.
   */
  wants: textOf<'taken' | 'end' | 'response' | 'look' | 'watch'>(),
})

/** An answer to a call that waits. */
export type ResponseRow = ValueOf<typeof responseRowFields>

export const responseRowFields = record('Response', {
  correlation: long,
  /** The kind of its value. */
  kind: textOf<ResponseKind>(),
  /** Empty where the answer is about no run. */
  runId: text,
  /** JSON. */
  value: bytes,
})

/**
 * `taken`: null. `ended`: the row of the run's end, as in `audit.runs`. `responded`: status, headers and body.
 * `refused`: code and message. `looked`: what was asked (src/run-calls/looked.ts). `watched`: `WatchedSteps` of it.
 */
export type ResponseKind = 'taken' | 'ended' | 'responded' | 'refused' | 'looked' | 'watched'

export type Responses = ValueOf<typeof responsesFields>

export const responsesFields = record('Responses', { responses: byDefault([], list(responseRowFields)) })

export const responsesCodec = codecOf(responsesFields)

/**
 * One record per process and transaction, cut at 512 KB. What a run answers is in the run's own transaction; a look at
 * what is in memory is appended outside any.
 */
export const responses: Topic = {
  name: 'responses',
  meaning: 'Answers of runs to api processes that hold a request open.',
  key: 'the api process id',
  value: 'Avro Responses',
  partitions: 'shards',
  producers: ['run'],
  consumers: ['api'],
  cleanup: 'delete',
  retentionMs: 3_600_000,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
