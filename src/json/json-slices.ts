/**
 * The positions of a JSON document's parts in its bytes. A payload is cut out of a request as it was sent and never
 * serialised again, so that numbers beyond double precision, key order and white space survive.
 */
import type { Finding } from '../model/codes.ts'
import { isJsonObject, pointerTo } from './json-pointer.ts'
import { finding, parseText, refuse } from './json-text.ts'

/**
 * Bytes `start` to `end` (exclusive) of a document, and their parsed value. `path` is the JSON pointer. Use `value`
 * only to read a request's own fields; a payload or schema is cut out and goes through `parseJson`.
 */
export interface Slice {
  start: number
  end: number
  value: unknown
  path: string
}

export type Members = { ok: true; members: Map<string, Slice> } | { ok: false; findings: Finding[] }
export type Elements = { ok: true; elements: Slice[] } | { ok: false; findings: Finding[] }

/** The whole document; refuses bytes that are not UTF-8 or not JSON (rule `not_json`). */
export function sliceDocument(bytes: Buffer): { ok: true; slice: Slice } | { ok: false; findings: Finding[] } {
  const parsed = parseText(bytes)
  if (!parsed.ok) return parsed
  return { ok: true, slice: { start: 0, end: bytes.length, value: parsed.value, path: '' } }
}

/**
 * The members of an object: of the document, or of a slice of it. Duplicate keys at this level are refused
 * (`duplicate_key`), and so are values other than objects (`type`); deeper levels are not checked.
 */
export function sliceMembers(bytes: Buffer, within?: Slice): Members {
  const object = sliceOf(bytes, within)
  if (!object.ok) return object
  const { path, value } = object.slice
  if (!isJsonObject(value)) return refuse(path, 'type', 'must be object')
  const members = new Map<string, Slice>()
  const findings: Finding[] = []
  for (const part of parts(bytes, object.slice, true)) {
    const at = pointerTo(path, part.key)
    if (members.has(part.key)) findings.push(duplicate(at))
    members.set(part.key, { start: part.start, end: part.end, value: value[part.key], path: at })
  }
  return findings.length > 0 ? { ok: false, findings: findings.slice(0, FINDINGS_MAX) } : { ok: true, members }
}

/** The elements of an array: of the document, or of a slice of it. */
export function sliceElements(bytes: Buffer, within?: Slice): Elements {
  const array = sliceOf(bytes, within)
  if (!array.ok) return array
  const { path, value } = array.slice
  if (!Array.isArray(value)) return refuse(path, 'type', 'must be array')
  const elements: Slice[] = []
  for (const { start, end } of parts(bytes, array.slice, false)) {
    elements.push({ start, end, value: value[elements.length], path: pointerTo(path, elements.length) })
  }
  return { ok: true, elements }
}

/** Every duplicate key (rule `duplicate_key`), at most 20. The document is JSON and its nesting is bounded. */
export function findDuplicates(
  bytes: Buffer,
  within: Place = { start: 0, end: bytes.length, path: '' },
  findings: Finding[] = [],
): Finding[] {
  const opening = bytes[skipSpace(bytes, within.start)]
  if (opening !== OPEN_OBJECT && opening !== OPEN_ARRAY) return findings
  const seen = new Set<string>()
  let index = 0
  for (const part of parts(bytes, within, opening === OPEN_OBJECT)) {
    if (findings.length >= FINDINGS_MAX) return findings
    const key = opening === OPEN_OBJECT ? part.key : String(index++)
    const path = pointerTo(within.path, key)
    if (seen.has(key)) findings.push(duplicate(path))
    seen.add(key)
    findDuplicates(bytes, { ...part, path }, findings)
  }
  return findings
}

type Place = Omit<Slice, 'value'>

const FINDINGS_MAX = 20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

const duplicate = (path: string): Finding => finding(path, 'duplicate_key', 'is there more than once')

const sliceOf = (bytes: Buffer, within: Slice | undefined): ReturnType<typeof sliceDocument> =>
  within ? { ok: true, slice: within } : sliceDocument(bytes)

/** Walks the parts of one object or array. The bytes are valid JSON. */
function* parts(
  bytes: Buffer,
  within: { start: number; end: number },
  keyed: boolean,
): Generator<{ key: string; start: number; end: number }> {
  let at = skipSpace(bytes, skipSpace(bytes, within.start) + 1)
  while (bytes[at] !== CLOSE_OBJECT && bytes[at] !== CLOSE_ARRAY && at < within.end) {
    let key = ''
    if (keyed) {
      const quote = skipString(bytes, at + 1, within.end)
      key = readKey(bytes, at, quote)
      at = skipSpace(bytes, skipSpace(bytes, quote + 1) + 1)
    }
    const end = skipValue(bytes, at, within.end)
    yield { key, start: at, end }
    at = skipSpace(bytes, end)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
}

function readKey(bytes: Buffer, quote: number, closingQuote: number): string {
  const escaped = bytes.subarray(quote, closingQuote).includes(BACKSLASH)
  return escaped
    ? (JSON.parse(bytes.toString('utf8', quote, closingQuote + 1)) as string)
    : bytes.toString('utf8', quote + 1, closingQuote)
}

function skipSpace(bytes: Buffer, at: number): number {
  for (;;) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

/** `at` is behind an opening quote; returns the position of the closing one. */
function skipString(bytes: Buffer, at: number, end: number): number {
  for (; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
  return at
}

/** `at` is the first byte of a value; returns the position behind it. */
function skipValue(bytes: Buffer, at: number, end: number): number {
  let open = 0
  for (; at < end; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = skipString(bytes, at + 1, end)
      if (open === 0) return at + 1
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) open++
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (open === 0) return at
      if (--open === 0) return at + 1
    } else if (open === 0 && (byte === COMMA || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09))
      return at
  }
  return end
}
