/**
 * The input and the result of a command. A command is a function of both: it changes nothing by itself, so the
 * shard applies the whole change, and writes its events, in one transaction.
 */
import { ClarionError } from '../model/codes.ts'
import type { Environment } from '../model/environments.ts'
import { fixedId } from '../model/ids.ts'
import { type Cause, type DomainKind, type Entry, type FieldsOf, ID_PREFIXES } from './kinds.ts'

/** The records of one environment of an organization. */
export interface Books {
  find<K extends DomainKind>(kind: K, id: string): Entry<K> | undefined
  /** Oldest first. */
  all<K extends DomainKind>(kind: K): Iterable<Entry<K>>
  /** Records that have not ended. */
  live(kind: DomainKind): number
  /** Whether there is no room for more, however many records there are. */
  isFull(): boolean
  /** The number of the newest invoice; 0 before the first. */
  lastInvoice(): number
}

export interface Timings {
  provisioningMs: number
  scalingMs: number
  certificateMs: number
}

export interface Situation {
  books: Books
  environment: Environment
  actorId: string
  nowMs: number
  /** Text that no other command or transition has: ids of what is made follow from it. */
  seed: string
  cause: Cause | null
  timings: Timings
  /** Records of one kind that may be there and not have ended. */
  recordsMax: number
}

export interface DomainEvent {
  type: string
  data: Record<string, unknown>
}

export interface Change {
  put: Entry[]
  /** Removed at once, such as a deleted design. */
  removed: Entry[]
  events: DomainEvent[]
  /** The record that is answered, or anything else. */
  answer: Entry | Record<string, unknown>
  /** 200 unless set. */
  status?: number
  /** Nothing has changed, and a repetition may: no key keeps the answer. */
  isIdle?: boolean
}

/** The part of a call that a command reads. */
export interface Given {
  /** Of the record, from the path. */
  id: string
  /** Of a part of the record, from the path. */
  part: string
  /** Valid under the schema of the route. */
  // biome-ignore lint/suspicious/noExplicitAny: each command knows the schema of its own body
  body: any
  /** From `If-Match`. */
  expectedRevision: number | undefined
}

export type Command = (given: Given, situation: Situation) => Change

const NOUNS: Readonly<Record<DomainKind, string>> = {
  ...{
    order: 'order',
    resource: 'resource',
    cluster: 'cluster',
    invoice: 'invoice',
    usage_plan: 'usage plan',
    alert_rule: 'alert rule',
  },
  ...{ instance: 'instance', deployment: 'deployment', health_check: 'health check', domain: 'domain' },
  design: 'design',
}

/** Throws `not_found`, or `revision_conflict`. */
export function findEntry<K extends DomainKind>(
  { books }: Situation,
  kind: K,
  { id, expectedRevision }: Pick<Given, 'id' | 'expectedRevision'>,
): Entry<K> {
  const entry = books.find(kind, id)
  if (entry === undefined) throw new ClarionError('not_found', `There is no ${NOUNS[kind]} '${id}'.`)
  if (expectedRevision !== undefined && expectedRevision !== entry.revision) {
    const message = `The ${NOUNS[kind]} has the revision ${entry.revision}, not ${expectedRevision}: read it again.`
    throw new ClarionError('revision_conflict', message)
  }
  return entry
}

/** The id of what a command makes; `of` tells several apart. */
export const idOf = (prefix: string, { seed, nowMs }: Situation, of = ''): string =>
  fixedId(prefix, `${seed}${of}`, nowMs)

/** Throws `domain_limit_exceeded`. `of`: see `idOf`. */
export function newEntry<K extends DomainKind>(
  kind: K,
  fields: FieldsOf[K],
  situation: Situation,
  { of = '', dueAtMs = null }: { of?: string; dueAtMs?: number | null } = {},
): Entry<K> {
  if (!hasRoom(kind, situation, 1)) throw beyond(kind, situation)
  const { nowMs, cause } = situation
  const id = idOf(ID_PREFIXES[kind], situation, of)
  const times = { createdAtMs: nowMs, updatedAtMs: nowMs, dueAtMs: whole(dueAtMs), endedAtMs: null }
  return { kind, id, revision: 1, ...times, cause, fields }
}

const whole = (ms: number | null): number | null => (ms === null ? null : Math.ceil(ms))

/** Whether so many more may be made. */
export const hasRoom = (kind: DomainKind, { books, recordsMax }: Situation, count: number): boolean =>
  books.live(kind) + count <= recordsMax && !books.isFull()

function beyond(kind: DomainKind, { recordsMax }: Situation): ClarionError {
  const message = `There is room for ${recordsMax} records of a kind that have not ended, and 64 MB of all: end some ${NOUNS[kind]}s.`
  return new ClarionError('domain_limit_exceeded', message)
}

/** The next revision. A transition that is not named here is not due any more. */
export function changed<K extends DomainKind>(
  entry: Entry<K>,
  fields: Partial<FieldsOf[K]>,
  { nowMs, cause }: Situation,
  { dueAtMs = null, hasEnded = false }: { dueAtMs?: number | null; hasEnded?: boolean } = {},
): Entry<K> {
  return {
    ...entry,
    ...{ revision: entry.revision + 1, updatedAtMs: Math.max(nowMs, entry.updatedAtMs), cause },
    dueAtMs: whole(dueAtMs),
    endedAtMs: hasEnded ? nowMs : null,
    fields: { ...entry.fields, ...fields },
  }
}

export const change = (put: Entry[], events: DomainEvent[], more: Partial<Change> = {}): Change => ({
  ...{ put, removed: [], events, answer: put[0] ?? {} },
  ...more,
})

/** `permitted`: what may be done instead, in words. */
export function invalidTransition(kind: DomainKind, status: string, wanted: string, permitted: string): ClarionError {
  const message = `The ${NOUNS[kind]} is '${status}': it cannot be ${wanted}. ${permitted}`
  return new ClarionError('invalid_transition', message)
}

/** A fault that no schema sees. `path`: a JSON pointer into the body. */
export function invalid(path: string, rule: string, message: string): ClarionError {
  return new ClarionError('validation_failed', `${path} ${message}.`, { details: [{ path, rule, message }] })
}
