import { byDefault, bytes, codecOf, list, long, optional, record, text, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** The answer to one call. */
export type QueueAnswer = ValueOf<typeof queueAnswerFields>

export const queueAnswerFields = record('QueueAnswer', {
  correlation: long,
  /** A code of an error; null: none. */
  code: optional(text),
  /** JSON: the answer, or the message of the error. */
  value: bytes,
})

export const queuesAnswersCodec = codecOf(
  record('QueueAnswers', {
    answers: list(queueAnswerFields),
    /**
     * Of a record that all api processes read (`HANDED_OVER_KEY`): the shard has a new owner, which carries out the
     * calls from this offset of `queues.commands` on. -1 else.
     */
    handedOverFrom: byDefault(-1, long),
  }),
)

export const HANDED_OVER_KEY = '*'

/** An answer reports a committed change: it is in the transaction that changes the queue. */
export const queuesAnswers: Topic = {
  name: 'queues.answers',
  meaning: 'Answers of queues to api processes that hold a call open.',
  key: 'the api process id; `*` of a handover',
  value: 'Avro QueueAnswers',
  partitions: 'shards',
  producers: ['queue'],
  consumers: ['api'],
  cleanup: 'delete',
  retentionMs: 3_600_000,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
