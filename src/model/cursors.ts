/**
 * Cursors of lists: the place of the last item shown. A cursor names its list, but no organization, and grants nothing: what a list shows
 * follows from the caller's key alone.
 *
 * This is the only reader of cursors. It takes back what `writeCursor` gave out for the same list and nothing else: each part has a type, a
 * form and a range, a sum over the text finds what was changed or cut off on its way, and the text that is made of the parts again is the
 * one that came.
 */
import { hash } from 'node:crypto'
import { ClarionError } from './codes.ts'

/** What one part of a place must be. */
interface Part<T extends string | number> {
  is(part: unknown): part is T
}

const CHECK_BYTES = 6
const CURSOR_CHARS_MAX = 500
const FIRST_MS = 0
const END_MS = Date.UTC(2200, 0)
/** Crockford's base32, as ids have it. */
const DIGIT = '[0-9a-hjkmnp-tv-z]'

const matching = (pattern: RegExp): Part<string> => ({
  is: (part): part is string => typeof part === 'string' && pattern.test(part),
})
/** Ids of things made by a call have 26 digits, those of emits and what comes of them 32. */
const idOf = (prefix: string, digits: string): Part<string> => matching(new RegExp(`^${prefix}_${DIGIT}{${digits}}$`))

const time: Part<string> = { is: (part): part is string => typeof part === 'string' && isTime(part) }
const count: Part<number> = { is: (part): part is number => Number.isSafeInteger(part) && (part as number) >= 0 }
const emitId = idOf('cee', '32')
/** A change has the id of what made it: an id, or a type with ids, cut by slashes. */
const changeId = matching(/^[A-Za-z0-9_./:-]{1,200}$/)
const emitStepId = matching(new RegExp(`^cee_${DIGIT}{32}\\.(?:[013]|1f|2\\.[a-z]{1,8}_[0-9a-z]{1,40})$`))
const record = [time, idOf('[a-z]{1,8}', '26')] as const

/** Every list that has pages, and what its places are made of, the first part first in its order. */
export const LISTS = {
  organizations: record,
  keys: record,
  registrations: record,
  webhooks: record,
  replays: record,
  'kafka-credentials': record,
  'federation-groups': record,
  'federation-invitations': record,
  'federation-members': record,
  'federation-pushes': record,
  emits: [emitId],
  quarantine: [emitId],
  deliveries: [time, idOf('evt', '26,32'), idOf('dlv', '32')],
  'dead-letters': [time, idOf('evt', '26,32'), idOf('dlv', '32')],
  'replay-items': [count],
  relays: [time, idOf('cefr', '32')],
  changes: [time, changeId],
  'emit-steps': [time, emitStepId],
} as const satisfies Record<string, readonly Part<string | number>[]>

export type ListName = keyof typeof LISTS
type ValuesOf<Parts extends readonly unknown[]> = {
  -readonly [At in keyof Parts]: Parts[At] extends Part<infer T> ? T : never
}
export type Place<L extends ListName> = ValuesOf<(typeof LISTS)[L]>

export function writeCursor<L extends ListName>(list: L, place: Place<L>): string {
  const text = JSON.stringify([list, ...(place as ReadonlyArray<string | number>)])
  return Buffer.concat([checkOf(text), Buffer.from(text)]).toString('base64url')
}

/** The place, or undefined without a cursor. Throws `validation_failed` for what this list never gave out. */
export function readCursor<L extends ListName>(list: L, cursor: string | null | undefined): Place<L> | undefined {
  if (cursor === undefined || cursor === null) return undefined
  const place = parsePlace(list, cursor)
  if (place !== undefined && writeCursor(list, place) === cursor) return place
  const message =
    'is not a cursor of this list: use meta.nextCursor of its last page unchanged, or none for the first page'
  throw new ClarionError('validation_failed', `The cursor ${message}.`, {
    details: [{ path: '/cursor', rule: 'cursor', message }],
  })
}

function parsePlace<L extends ListName>(list: L, cursor: string): Place<L> | undefined {
  if (cursor.length > CURSOR_CHARS_MAX) return undefined
  const bytes = Buffer.from(cursor, 'base64url')
  const text = bytes.toString('utf8', CHECK_BYTES)
  if (!checkOf(text).equals(bytes.subarray(0, CHECK_BYTES))) return undefined
  const [name, ...place] = parseList(text)
  const parts: readonly Part<string | number>[] = LISTS[list]
  const isPlace = name === list && place.length === parts.length && parts.every((part, at) => part.is(place[at]))
  return isPlace ? (place as unknown[] as Place<L>) : undefined
}

function parseList(text: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

const checkOf = (text: string): Buffer => hash('sha256', text, 'buffer').subarray(0, CHECK_BYTES)

/** Only a time that reads back as it was written: the engine takes 31 November for 1 December. */
function isTime(text: string): boolean {
  const ms = Date.parse(text)
  return ms >= FIRST_MS && ms < END_MS && new Date(ms).toISOString() === text
}
