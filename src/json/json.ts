/**
 * Strict JSON for input from outside: UTF-8, no duplicate keys, bounded nesting. It runs for every emit, so the common
 * case is three cheap steps: `JSON.parse`, a pass over the text that counts structural colons and depth, and a count of
 * the keys in the value. A document with a duplicate key has more colons than keys; only then is its place searched
 * for.
 */
import type { Finding } from '../model/codes.ts'
import { survivesDouble, withExactNumbers } from './exact-number.ts'
import { isJsonObject, pointerTo } from './json-pointer.ts'
import { findDuplicates } from './json-slices.ts'
import { parseText, refuse } from './json-text.ts'
import { closingQuote, readJson } from './read-json.ts'

export interface JsonLimits {
  /** Deepest nesting of objects and arrays; a scalar is 0 deep. */
  depthMax: number
  /** Duplicate keys are refused; `JSON.parse` would silently drop one of them. */
  duplicateKeys: 'refuse'
  /**
   * The numbers that become an `ExactNumber`: those beyond 2^53 that a double cannot represent, or with `all` every
   * number that a double cannot represent. A fraction with many digits was usually written for a double, so by default
   * the nearest double is used.
   */
  exactNumbers?: 'large' | 'all'
}

export type ParsedJson = ReadJson | { ok: false; findings: Finding[] }

export interface ReadJson {
  ok: true
  value: unknown
  /**
   * The value with an `ExactNumber` for each number that a double cannot represent; nearly always there is none, and
   * this is `value` itself.
   */
  exact: unknown
}

/** Rules of the findings: `not_json`, `too_deep`, `duplicate_key`. A key `__proto__` is plain data. Never throws. */
export function parseJson(bytes: Buffer, limits: JsonLimits): ParsedJson {
  const parsed = parseText(bytes)
  if (!parsed.ok) return parsed
  const { text, value } = parsed
  const shape = measure(text, limits.exactNumbers === 'all')
  if (shape.depth > limits.depthMax) {
    return refuse(deepPlace(value, limits.depthMax), 'too_deep', `nests deeper than ${limits.depthMax} levels`)
  }
  if (shape.colons !== countKeys(value)) return { ok: false, findings: findDuplicates(bytes) }
  return { ok: true, value, exact: shape.inexact === undefined ? value : exactValue(value, text, shape.inexact) }
}

function exactValue(value: unknown, text: string, inexact: NonNullable<Shape['inexact']>): unknown {
  let quoted = ''
  let from = 0
  for (const [start, end] of inexact) {
    quoted += `${text.slice(from, start)}"${text.slice(start, end)}"`
    from = end
  }
  quoted += text.slice(from)
  return withExactNumbers(value, readJson(quoted))
}

interface Shape {
  /** Colons outside strings: the number of members of all objects. */
  colons: number
  depth: number
  /** Positions of numbers that a double cannot represent, in order; undefined if there are none. */
  inexact: Array<[start: number, end: number]> | undefined
}

/**
 * Any shorter number survives double precision, and one with fewer characters before its point is below 2^53, unless it
 * has an exponent.
 */
const LONG_NUMBER = 16

/**
 * Scans a text that is valid JSON; strings are skipped from quote to quote. `all`: report small inexact numbers too.
 */
function measure(text: string, all: boolean): Shape {
  const end = text.length
  let colons = 0
  let open = 0
  let depth = 0
  let inexact: Shape['inexact']
  for (let at = 0; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x22) {
      at = closingQuote(text, at + 1)
    } else if (unit === 0x3a) colons++
    else if (unit === 0x7b || unit === 0x5b) {
      if (++open > depth) depth = open
    } else if (unit === 0x7d || unit === 0x5d) open--
    else if (unit === 0x2d || (unit >= 0x30 && unit <= 0x39)) {
      const start = at
      let point = 0
      let hasExponent = false
      for (let next = text.charCodeAt(at + 1); isInNumber(next); next = text.charCodeAt(++at + 1)) {
        if (next === 0x2e) point = at + 1
        else if (next > 0x39) hasExponent = true
      }
      const characters = (all || point === 0 ? at + 1 : point) - start
      if ((hasExponent || characters >= LONG_NUMBER) && isInexact(text.slice(start, at + 1), all)) {
        inexact ??= []
        inexact.push([start, at + 1])
      }
    }
  }
  return { colons, depth, inexact }
}

function isInexact(number: string, all: boolean): boolean {
  return (all || Math.abs(Number(number)) > Number.MAX_SAFE_INTEGER) && !survivesDouble(number)
}

/** A digit, `+`, `-`, `.`, `e` or `E`: in valid JSON, a run of them outside a string is one number. */
const isInNumber = (unit: number): boolean =>
  (unit >= 0x2d && unit <= 0x39 && unit !== 0x2f) || unit === 0x2b || unit === 0x65 || unit === 0x45

/** Keys of all objects of a value whose nesting is bounded. */
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i]
      if (typeof element === 'object' && element !== null) count += countKeys(element)
    }
    return count
  }
  const record = value as Record<string, unknown>
  for (const key in record) {
    count++
    const member = record[key]
    if (typeof member === 'object' && member !== null) count += countKeys(member)
  }
  return count
}

/**
 * Pointer to a container that is nested too deeply. Uses a stack of its own: nesting may be as deep as the document is
 * long.
 */
function deepPlace(value: unknown, depthMax: number): string {
  const waiting: Array<{ value: unknown; depth: number; path: string }> = [{ value, depth: 1, path: '' }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value: container, depth, path } = next
    if (depth > depthMax) return path
    const members = isJsonObject(container) || Array.isArray(container) ? Object.entries(container) : []
    for (const [key, member] of members) {
      if (typeof member === 'object' && member !== null)
        waiting.push({ value: member, depth: depth + 1, path: pointerTo(path, key) })
    }
  }
  return ''
}
