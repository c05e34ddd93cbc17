import { avroCodec, nullable } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** What `admit` knows of one organization's numbers. Months are UTC, as `year * 12 + month` with January = 0. */
export interface OrganizationCounters {
  sequenceLive: number
  sequenceTest: number
  /** The newest months, so that a burst over midnight of the first counts each record in its own. */
  months: Array<{ month: number; live: number; test: number }>
}

/** Where `admit` goes on reading an input partition. */
export interface InputPosition {
  nextOffset: number
  /** 32 hex digits; null: not known, as in records of earlier releases. */
  topicId: string | null
  /** Of the record before `nextOffset`; -1: not known. */
  leaderEpoch: number
}

export const organizationCountersCodec = avroCodec<OrganizationCounters>({
  type: 'record',
  name: 'OrganizationCounters',
  namespace: 'clarion',
  fields: [
    { name: 'sequenceLive', type: 'long' },
    { name: 'sequenceTest', type: 'long' },
    {
      name: 'months',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'MonthCount',
          fields: [
            { name: 'month', type: 'int' },
            { name: 'live', type: 'long' },
            { name: 'test', type: 'long' },
          ],
        },
      },
    },
  ],
})

export const inputPositionCodec = avroCodec<InputPosition>({
  type: 'record',
  name: 'InputPosition',
  namespace: 'clarion',
  fields: [
    { name: 'nextOffset', type: 'long' },
    { name: 'topicId', ...nullable('string') },
    { name: 'leaderEpoch', type: 'int', default: -1 },
  ],
})

const COUNTERS = 'counters/'
const POSITION = 'position/'

export const counterKeys = {
  ofOrganization: (organizationId: string) => COUNTERS + organizationId,
  ofPosition: (topic: string, partition: number) => `${POSITION}${topic}/${partition}`,
  /** What a record's key stands for. */
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
