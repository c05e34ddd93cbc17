import { byDefault, bytes, codecOf, int, list, long, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** How far the calls have been settled. */
export type QueuePosition = ValueOf<typeof queuePositionFields>

export const queuePositionFields = record('QueuePosition', {
  nextOffset: long,
  /** 32 hex digits; null: not known. */
  topicId: optional(text),
  /** Of the record before `nextOffset`; -1: not known. */
  leaderEpoch: byDefault(-1, int),
})

export const queuePositionCodec = codecOf(queuePositionFields)

/** A queue that was called at least once. */
export type QueueHead = ValueOf<typeof queueHeadFields>

export const queueHeadFields = record('QueueHead', {
  /** By partition of the log: everything before it was handed out, held, or passed over. */
  offsets: list(long),
  /** Queues whose dead letters it takes, by their number as an origin, from 1 on. */
  origins: list(text),
  purge: int,
  lastGroup: long,
  handedOut: long,
  acked: long,
  expired: long,
  purged: long,
  overflowed: long,
  /** Null: nothing was redriven from here yet. */
  lastRedrive: optional(
    record('Redrive', {
      atMs: long,
      moved: long,
      /** Null: each to the queue that it came from. */
      toQueueId: optional(text),
    }),
  ),
  /** The last reading of the meter `queue_messages`. Null: none yet. */
  meter: optional(
    record('QueueMeter', {
      /** When its counter began, and what had been handed out by then. */
      beganAtMs: long,
      base: long,
      read: long,
      atMs: long,
    }),
  ),
  /** How many of the overflowed have been announced. Null: none yet. */
  overflow: optional(record('QueueOverflow', { told: long, atMs: long })),
  /** Replays to it that were under way when it was last purged: they are over. */
  purgedReplays: byDefault([], list(text)),
  /** What came in and went to other queues, for the ledger. Null: not counted yet. */
  books: optional(
    record('QueueBooks', {
      /** Matching events of the log that the head has passed: handed out, held, too old, or purged. */
      matched: long,
      /** By replays, and from other queues. */
      brought: long,
      /** To other queues. */
      left: long,
    }),
  ),
})

export const queueHeadCodec = codecOf(queueHeadFields)

const deadFromFields = record('DeadFrom', {
  queueId: text,
  receiveCount: int,
  reason: textOf<'max_receives' | 'rejected'>(),
})

/** Messages that are out, waiting or dead: those of one receive, or up to fifty others. */
export type QueueGroup = ValueOf<typeof queueGroupFields>

export const queueGroupFields = record('QueueGroup', {
  messages: list(
    record('QueueMessage', {
      /** Where its event is in the log; 0 is the queue's own reading. */
      origin: int,
      partition: int,
      offset: long,
      state: textOf<'out' | 'waiting' | 'dead'>(),
      eventId: text,
      subject: text,
      recordedAtMs: long,
      receiveCount: int,
      firstReceivedAtMs: long,
      receivedAtMs: long,
      dueAtMs: long,
      deadFrom: optional(deadFromFields),
      deadAtMs: long,
      deadReason: optional(textOf<'max_receives' | 'rejected'>()),
    }),
  ),
})

export const queueGroupCodec = codecOf(queueGroupFields)

/** An event of a message that is handed out, as it is in the log. */
export type CarriedEvent = ValueOf<typeof carriedEventFields>

export const carriedEventFields = record('CarriedEvent', {
  partition: int,
  offset: long,
  timestampMs: long,
  value: optional(bytes),
  headers: list(record('CarriedHeader', { name: text, value: bytes })),
})

/** The answer to one call. */
export type QueueAnswer = ValueOf<typeof queueAnswerFields>

export const queueAnswerFields = record('QueueAnswer', {
  correlation: long,
  /** A code of an error; null: none. */
  code: optional(text),
  /** JSON: the answer, or the message of the error. */
  value: bytes,
  /** Of a receive: those that its owner had at hand. The others are read from the log. */
  events: byDefault([], list(carriedEventFields)),
})

/** An answer reports a committed change: it is in the batch that changes the queue. */
export const queueAnswersCodec = codecOf(
  record('QueueAnswers', {
    answers: list(queueAnswerFields),
    /**
     * Of a record to all api processes: the shard has a new owner, which carries out the calls from this offset of
     * `queues.commands` on. -1 else.
     */
    handedOverFrom: byDefault(-1, long),
  }),
)

/** The header of answers that names the api process they are for; `*` for all. */
export const ANSWERS_TO = 'to'
export const TO_ALL = '*'

/** Keys of the topic. */
export const queueStateKeys = {
  /** Of all answers: compaction leaves the last one. */
  answers: 'answers',
  position: (topic: string): string => `position/${topic}`,
  head: (organizationId: string, queueId: string): string => `queue/${organizationId}/${queueId}`,
  group: (organizationId: string, queueId: string, group: number): string =>
    `group/${organizationId}/${queueId}/${group}`,
  /** Of one replay to one queue. */
  replay: (runId: string): string => `replay/${runId}`,
  parse(
    key: string,
  ):
    | { position: string }
    | { replay: string }
    | { organizationId: string; queueId: string }
    | { organizationId: string; queueId: string; group: number }
    | undefined {
    const [kind, first, second, third] = key.split('/')
    if (first === undefined) return undefined
    if (kind === 'position') return { position: first }
    if (kind === 'replay') return { replay: key.slice('replay/'.length) }
    if (second === undefined) return undefined
    if (kind === 'queue') return { organizationId: first, queueId: second }
    return kind === 'group' ? { organizationId: first, queueId: second, group: Number(third) } : undefined
  },
}

export const queuesState: Topic = {
  name: 'queues.state',
  meaning:
    'Heads of queues in the log, their messages that are out, waiting or dead, replays into queues, and answers to api processes that hold a call open.',
  key: '`answers`, `producer`, `position/<topic>`, `queue/<org>/<queue>`, `group/<org>/<queue>/<number>` or `replay/<replay>` with `/<queue>` behind it if it has several targets',
  value: 'Avro QueueAnswers, QueuePosition, QueueHead, QueueGroup or ReplayState; digits of the producer',
  partitions: 'shards',
  producers: ['queue'],
  consumers: ['api', 'queue'],
  cleanup: 'compact',
  compactionLagMs: 60_000,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
