import { byDefault, codecOf, int, list, long, optional, record, text, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Sequence numbers and counters of one organization. Months are UTC, as `year * 12 + month` with January = 0. */
export type OrganizationCounters = ValueOf<typeof organizationCountersFields>

export const organizationCountersFields = record('OrganizationCounters', {
  sequenceLive: long,
  sequenceTest: long,
  /** The newest months: each record of a burst over midnight of the first counts in its own. */
  months: list(
    record('MonthCount', {
      month: int,
      live: long,
      test: long,
    }),
  ),
})

/** Where `admit` goes on reading an input partition. */
export type InputPosition = ValueOf<typeof inputPositionFields>

export const inputPositionFields = record('InputPosition', {
  nextOffset: long,
  /** 32 hex digits; null: not known, as in records of earlier releases. */
  topicId: optional(text),
  /** Of the record before `nextOffset`; -1: not known. */
  leaderEpoch: byDefault(-1, int),
})

export const organizationCountersCodec = codecOf(organizationCountersFields)

export const inputPositionCodec = codecOf(inputPositionFields)

const COUNTERS = 'counters/'
const POSITION = 'position/'

export const counterKeys = {
  ofOrganization: (organizationId: string) => COUNTERS + organizationId,
  ofPosition: (topic: string, partition: number) => `${POSITION}${topic}/${partition}`,
  /** The meaning of a record's key. */
  parse(key: string): { organizationId: string } | { topic: string; partition: number } | undefined {
    if (key.startsWith(COUNTERS)) return { organizationId: key.slice(COUNTERS.length) }
    if (!key.startsWith(POSITION)) return undefined
    const slash = key.lastIndexOf('/')
    return { topic: key.slice(POSITION.length, slash), partition: Number(key.slice(slash + 1)) }
  },
}

export const admissionCounters: Topic = {
  name: 'admission.counters',
  meaning: "The state of `admit`: months' counters and sequence numbers by organization, positions by input partition.",
  key: 'counters/<org>, or position/<topic>/<partition>',
  value: 'Avro OrganizationCounters or InputPosition',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['admit', 'api', 'record'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
