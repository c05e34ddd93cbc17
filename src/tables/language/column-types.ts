/** The types of columns: what a value of each may be, and how it goes to PostgreSQL and back. */
import { ExactNumber, survivesDouble } from '../../json/exact-number.ts'
import { parseJson } from '../../json/json.ts'
import { NOT_A_TIME, parseTime } from '../../model/time.ts'
import type { Value } from '../store/session.ts'

export const COLUMN_TYPES = ['text', 'integer', 'bigint', 'numeric', 'boolean', 'timestamptz', 'jsonb', 'uuid'] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]

export const isColumnType = (type: unknown): type is ColumnType => COLUMN_TYPES.includes(type as ColumnType)

/** As PostgreSQL takes it, or the reason why it is no value of the type. */
export type Encoded = { ok: true; value: Value } | { ok: false; message: string }

const WHOLE = /^-?\d{1,19}$/
const DECIMAL = /^-?(?:\d{1,1000}(?:\.\d{0,1000})?|\.\d{1,1000})(?:[eE][+-]?\d{1,3})?$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const NO_NUL = 'must not hold the character U+0000'

const refuse = (message: string): Encoded => ({ ok: false, message })
const take = (value: string): Encoded => ({ ok: true, value })

/** Null is null of every type. */
export function encodeValue(type: ColumnType, value: unknown): Encoded {
  return value === null ? { ok: true, value: null } : ENCODERS[type](value)
}

const ENCODERS: Record<ColumnType, (value: unknown) => Encoded> = {
  text: value =>
    typeof value !== 'string' ? refuse('must be a text') : value.includes('\0') ? refuse(NO_NUL) : take(value),
  integer: value => encodeWhole(value, -(2n ** 31n), 2n ** 31n - 1n),
  bigint: value => encodeWhole(value, -(2n ** 63n), 2n ** 63n - 1n),
  numeric: value => {
    const text = numberText(value)
    return text !== undefined && DECIMAL.test(text) ? take(text) : refuse('must be a number, or one as text')
  },
  boolean: value => (typeof value === 'boolean' ? take(String(value)) : refuse('must be true or false')),
  timestamptz: value =>
    typeof value === 'string' && parseTime(value) !== undefined ? take(value) : refuse(NOT_A_TIME),
  jsonb: value => {
    const text = JSON.stringify(value)
    return /\\u0000/.test(text) ? refuse(NO_NUL) : take(text)
  },
  uuid: value => (typeof value === 'string' && UUID.test(value) ? take(value) : refuse('must be a UUID')),
}

const numberText = (value: unknown): string | undefined =>
  typeof value === 'number' && Number.isFinite(value)
    ? String(value)
    : value instanceof ExactNumber
      ? value.text
      : typeof value === 'string'
        ? value
        : undefined

function encodeWhole(value: unknown, min: bigint, max: bigint): Encoded {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : numberText(value)
  if (text === undefined || !WHOLE.test(text)) return refuse('must be a whole number')
  const whole = BigInt(text)
  return whole >= min && whole <= max ? take(text) : refuse(`must lie between ${min} and ${max}`)
}

/** Object ids of types, as PostgreSQL has them in every release. */
const OF_ID: Readonly<Record<number, (text: string) => unknown>> = {
  16: text => text === 't',
  20: decodeNumber,
  21: Number,
  23: Number,
  26: Number,
  114: decodeJson,
  700: decodeNumber,
  701: decodeNumber,
  1184: decodeTime,
  1700: decodeNumber,
  3802: decodeJson,
}

/** As JSON has it: a number that a double cannot carry is text, and so is a value of any other type. */
export function decodeValue(typeId: number, text: Value): unknown {
  return text === null ? null : (OF_ID[typeId]?.(text) ?? text)
}

function decodeNumber(text: string): unknown {
  return /^-?\d/.test(text) && survivesDouble(text) ? Number(text) : text
}

/** PostgreSQL writes `2026-07-25 17:20:00.5+00`. */
function decodeTime(text: string): string {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00$/.test(text) ? `${text.slice(0, -3).replace(' ', 'T')}Z` : text
}

const JSON_LIMITS = { depthMax: 1_000, duplicateKeys: 'refuse', exactNumbers: 'all' } as const

/** Numbers keep their digits. */
function decodeJson(text: string): unknown {
  const parsed = parseJson(Buffer.from(text), JSON_LIMITS)
  return parsed.ok ? parsed.exact : text
}
