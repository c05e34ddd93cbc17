/**
 * Cursors of lists: the position of the last item shown. A cursor names its list but no organization, and grants
 * nothing: the caller's key alone decides which items a list shows.
 *
 * This is the only reader of cursors. It accepts exactly what `writeCursor` produced for the same list: each part has a
 * type, a form and a range, a checksum detects changes and truncation, and the parts must serialise to the same text
 * again.
 */
import { hash } from 'node:crypto'
import { ClarionError } from './codes.ts'

/** The constraints on one part of a position. */
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
/** Ids of things made by a call have 26 digits; ids of emits, and ids derived from them, have 32. */
const idOf = (prefix: string, digits: string): Part<string> => matching(new RegExp(`^${prefix}_${DIGIT}{${digits}}$`))

const time: Part<string> = { is: (part): part is string => typeof part === 'string' && isTime(part) }
const count: Part<number> = { is: (part): part is number => Number.isSafeInteger(part) && (part as number) >= 0 }
/** The name of a variable or a secret. */
const name = matching(/^[A-Z][A-Z0-9_]{0,62}$/)
/** A target of a replay, of whichever kind; of a redrive the delivery. */
const replayPlace = matching(new RegExp(`^(?:[a-z]{2,8}_${DIGIT}{26}|dlv_${DIGIT}{32})$`))
const emitId = idOf('cee', '32')
/** A change has the id of the command that made it: an id, or a type and ids separated by slashes. */
const changeId = matching(/^[A-Za-z0-9_./:-]{1,200}$/)
const emitStepId = matching(new RegExp(`^cee_${DIGIT}{32}\\.(?:[013]|1f|2\\.[a-z]{1,8}_[0-9a-z]{1,40})$`))
const record = [time, idOf('[a-z]{1,8}', '26')] as const

/** Characters of a value that an order of rows goes by: a cursor holds no more. */
export const ORDERED_CHARACTERS_MAX = 40

/** As a cursor has it: any text, or none. */
export const orderedValue = (value: string | null): string =>
  value === null ? 'n' : `v${Buffer.from(value).toString('base64url')}`

export const valueOfOrdered = (part: string): string | null =>
  part === 'n' ? null : Buffer.from(part.slice(1), 'base64url').toString()

function isOrderedValue(part: string): boolean {
  if (part === 'n') return true
  const value = valueOfOrdered(part)!
  return orderedValue(value) === part && [...value].length <= ORDERED_CHARACTERS_MAX
}

/** Every paged list and the parts of its positions, in sort order. */
export const LISTS = {
  organizations: record,
  keys: record,
  registrations: record,
  webhooks: record,
  inspectors: record,
  sinks: record,
  replays: record,
  queues: record,
  'queue-dead': [count],
  'notification-channels': record,
  workflows: record,
  routes: record,
  'workflow-versions': [count],
  variables: [name],
  secrets: [name],
  'mail-templates': [matching(/^mail:[a-z][a-z0-9-]{0,62}$/)],
  connections: [matching(/^connection:[a-z][a-z0-9-]{0,62}$/)],
  'kafka-credentials': record,
  'federation-groups': record,
  'federation-invitations': record,
  'federation-members': record,
  'federation-pushes': record,
  listings: [
    matching(/^(?:recent|forks|title)$/),
    { is: (part): part is string => typeof part === 'string' && isOrderedValue(part) } as Part<string>,
    idOf('mkl', '26'),
  ],
  forks: record,
  'drift-findings': record,
  emits: [emitId],
  quarantine: [emitId],
  deliveries: [time, idOf('evt', '26,32'), idOf('dlv', '32')],
  'dead-letters': [time, idOf('evt', '26,32'), idOf('dlv', '32')],
  'replay-items': [count, replayPlace],
  relays: [time, idOf('cefr', '32')],
  notifications: [time, idOf('ntf', '26')],
  runs: [time, idOf('run', '26')],
  'workflow-runs': [time, idOf('run', '26')],
  changes: [time, changeId],
  tables: [matching(/^name:[a-z][a-z0-9_]{0,62}$/)],
  'table-rows': [
    matching(/^rows:[A-Za-z0-9_-]{16}$/),
    { is: (part): part is string => typeof part === 'string' && isOrderedValue(part) } as Part<string>,
    matching(/^row:[1-9]\d{0,18}$/),
  ],
  'emit-steps': [time, emitStepId],
  orders: [idOf('ord', '26')],
  resources: [idOf('res', '26')],
  clusters: [idOf('clu', '26')],
  invoices: [idOf('inv', '26')],
  'usage-plans': [idOf('usp', '26')],
  'alert-rules': [idOf('alr', '26')],
  instances: [idOf('ins', '26')],
  deployments: [idOf('dep', '26')],
  'health-checks': [idOf('hck', '26')],
  domains: [idOf('dom', '26')],
  designs: [idOf('dsg', '26')],
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

/**
 * The position, or undefined without a cursor. Throws `validation_failed` for a cursor that this list did not produce.
 */
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

/** Only a time that reads back as it was written: V8 parses 31 November as 1 December. */
function isTime(text: string): boolean {
  const ms = Date.parse(text)
  return ms >= FIRST_MS && ms < END_MS && new Date(ms).toISOString() === text
}
