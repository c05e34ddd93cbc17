/** A patch may change descriptions, and nothing else. */

import { identityOf } from '../../json/canonical-json.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import { finding } from '../../json/json-text.ts'
import type { Finding } from '../../model/codes.ts'
import { filterKeywords, type SchemaObject } from '../schema-positions.ts'

/** Whether two schemas differ only in `description`s at schema positions; the first other difference otherwise. */
export function checkPatch(old: SchemaObject, next: SchemaObject): Finding | undefined {
  const keep = (keyword: string): boolean => keyword !== 'description'
  const path = firstDifference(filterKeywords(old, keep), filterKeywords(next, keep), '')
  return path === undefined
    ? undefined
    : finding(path, 'byte_equal', 'a patch may change descriptions only; make this a minor or a major')
}

/** JSON pointer to the first place where two values differ; undefined when they are equal. */
function firstDifference(a: unknown, b: unknown, path: string): string | undefined {
  if (identityOf(a) === identityOf(b)) return undefined
  const bothObjects = isJsonObject(a) && isJsonObject(b)
  if (!bothObjects && !(Array.isArray(a) && Array.isArray(b) && a.length === b.length)) return path
  const [left, right] = [a as SchemaObject, b as SchemaObject]
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (Object.hasOwn(left, key) !== Object.hasOwn(right, key)) return pointerTo(path, key)
    const difference = firstDifference(left[key], right[key], pointerTo(path, key))
    if (difference !== undefined) return difference
  }
  return path
}
