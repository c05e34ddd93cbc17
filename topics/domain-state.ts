import { bytes, codecOf, environment, int, list, long, optional, record, text, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** A record of the reference domain, such as an order. Times are ms since 1970. */
export type DomainEntry = ValueOf<typeof domainEntryFields>

export const domainCauseFields = record('DomainCause', {
  causationId: optional(text),
  rootEventId: optional(text),
  correlationId: optional(text),
  traceparent: optional(text),
  depth: int,
  path: list(text),
})

export const domainEntryFields = record('DomainEntry', {
  organizationId: text,
  environment,
  kind: text,
  id: text,
  revision: int,
  createdAtMs: long,
  updatedAtMs: long,
  /** When its next transition by time is due. */
  dueAtMs: optional(long),
  /** Null: it has not come to its end. */
  endedAtMs: optional(long),
  /** Of a change in a chain of events, which its next transition by time goes on with. */
  cause: optional(domainCauseFields),
  /** JSON of the kind's own fields. */
  fields: text,
})

export const domainEntryCodec = codecOf(domainEntryFields)

/** The answer to a command with an idempotency key. */
export type DomainKey = ValueOf<typeof domainKeyFields>

export const domainKeyFields = record('DomainKey', {
  organizationId: text,
  environment,
  /** Of the command's name, ids and body: 16 bytes of SHA-256. */
  contentHash: bytes,
  atMs: long,
  status: int,
  /** JSON. */
  answer: text,
})

export const domainKeyCodec = codecOf(domainKeyFields)

/** Counters that never go back. */
export type DomainNumbers = ValueOf<typeof domainNumbersFields>

export const domainNumbersFields = record('DomainNumbers', {
  organizationId: text,
  environment,
  lastInvoice: int,
})

export const domainNumbersCodec = codecOf(domainNumbersFields)

interface Owner {
  organizationId: string
  environment: string
}

/** Keys of the topic; they begin with what they are the key of. */
export const domainStateKeys = {
  entry: ({ organizationId, environment }: Owner, kind: string, id: string): string =>
    `entry/${organizationId}/${environment}/${kind}/${id}`,
  key: ({ organizationId, environment }: Owner, hash: string): string => `key/${organizationId}/${environment}/${hash}`,
  numbers: ({ organizationId, environment }: Owner): string => `numbers/${organizationId}/${environment}`,
}

export const domainState: Topic = {
  name: 'domain.state',
  meaning: 'Records of the reference domain, answers under idempotency keys, and the number of the newest invoice.',
  key: '`entry/<org>/<environment>/<kind>/<id>`, `key/<org>/<environment>/<hash>` or `numbers/<org>/<environment>`',
  value: 'Avro DomainEntry, DomainKey or DomainNumbers',
  partitions: 'shards',
  producers: ['run'],
  consumers: ['run'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
