/** Bytes that a value has as JSON, without writing it. */
import { ExactNumber } from '../../json/exact-number.ts'

/** Characters that JSON writes longer than UTF-8 does. */
const ESCAPED = /["\\\x00-\x1f\ud800-\udfff]/

/** Deeper values count as too large: what walks through them must not run out of stack. */
const DEPTH_MAX = 100

/** Stops at `bytesMax`: the answer is then at least that, whatever the value's size. */
export function jsonSize(value: unknown, bytesMax: number, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return sizeOfText(value, bytesMax)
    case 'number':
      return String(value).length
    case 'boolean':
      return value ? 4 : 5
    case 'object':
      if (value === null) return 4
      if (value instanceof ExactNumber) return value.text.length
      if (depth === DEPTH_MAX) return bytesMax
      return Array.isArray(value)
        ? sizeOfList(value, bytesMax, depth + 1)
        : sizeOfObject(value as Record<string, unknown>, bytesMax, depth + 1)
    default:
      return 4
  }
}

function sizeOfText(text: string, bytesMax: number): number {
  if (text.length >= bytesMax) return text.length
  return ESCAPED.test(text) ? Buffer.byteLength(JSON.stringify(text)) : Buffer.byteLength(text) + 2
}

function sizeOfList(list: readonly unknown[], bytesMax: number, depth: number): number {
  let size = 1 + Math.max(list.length, 1)
  for (const member of list) {
    if (size >= bytesMax) break
    size += jsonSize(member, bytesMax - size, depth)
  }
  return size
}

function sizeOfObject(object: Record<string, unknown>, bytesMax: number, depth: number): number {
  let size = 2
  for (const key in object) {
    if (size >= bytesMax) break
    size += sizeOfText(key, bytesMax - size) + 2 + jsonSize(object[key], bytesMax - size, depth)
  }
  return size
}
