/**
 * What a patch and a minor may change (C.11.3). A minor is taken only with a proof that every payload of the old schema is one of the new
 * and that what an old consumer relied on still holds; what is not proved is refused. Proved so far: annotations, and an optional property
 * added to a closed model (one with `additionalProperties: false`), wherever only widening steps lead there.
 */
import type { Finding } from '../codes.ts'
import { isJsonObject, pointerTo } from '../events/json-pointer.ts'
import { finding } from '../events/json-text.ts'
import { identityOf } from './canonical-json.ts'
import { filterKeywords, type SchemaObject, schemaPositions } from './schema-positions.ts'

/** A minor may change these freely. */
const ANNOTATIONS = new Set(['title', 'description', 'examples', '$comment', 'default'])
/** Where one of these stands, a schema that takes more may make another take less. */
const NOT_MONOTONE = ['not', 'if', 'then', 'else', 'oneOf', 'anyOf', 'allOf', 'dependentSchemas', 'contains', 'propertyNames']

/** Whether two schemas are the same but for `description`s at schema positions; the first difference otherwise. */
export function checkPatch(old: SchemaObject, next: SchemaObject): Finding | undefined {
  const keep = (keyword: string): boolean => keyword !== 'description'
  const path = firstDifference(filterKeywords(old, keep), filterKeywords(next, keep), '')
  return path === undefined ? undefined : finding(path, 'byte_equal', 'a patch may change descriptions only')
}

/** What is not proved to be compatible, and where; empty when all is. Paths are pointers into the new schema. */
export function checkMinor(old: SchemaObject, next: SchemaObject): Finding[] {
  const keep = (keyword: string): boolean => !ANNOTATIONS.has(keyword)
  const before = filterKeywords(old, keep)
  const after = filterKeywords(next, keep)
  if (!isJsonObject(before) || !isJsonObject(after)) return [notProvable('')]
  const findings = compareSchemas(before, after, '')
  if (findings.length > 0 || firstDifference(before, after, '') === undefined) return findings
  // A reference may stand under a keyword that turns wider into narrower, whatever place it leads to.
  return usesReferences(after) && usesNotMonotone(after) ? [finding('', 'not_provable', 'references and combinators in one schema')] : []
}

/** Compares two schemas at one position, both without annotations. */
function compareSchemas(before: unknown, after: unknown, path: string): Finding[] {
  if (identityOf(before) === identityOf(after)) return []
  if (!isJsonObject(before) || !isJsonObject(after)) return [notProvable(path)]
  const combinator = NOT_MONOTONE.find(keyword => keyword in before || keyword in after)
  if (combinator) return [notProvable(pointerTo(path, combinator))]
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keywords].flatMap(keyword => compareKeyword(keyword, before, after, path))
}

function compareKeyword(keyword: string, before: SchemaObject, after: SchemaObject, path: string): Finding[] {
  const at = pointerTo(path, keyword)
  const [old, next] = [before[keyword], after[keyword]]
  if (identityOf(old ?? null) === identityOf(next ?? null) && (old === undefined) === (next === undefined)) return []
  if (keyword === 'properties') return compareProperties(before, after, at)
  if (keyword === '$defs' || keyword === 'definitions') return compareNamed(old, next, at, () => [])
  if (keyword === 'patternProperties') return compareNamed(old, next, at, added => [notProvable(added)])
  const oneSchema = keyword === 'items' || keyword === 'additionalProperties'
  if (oneSchema && isJsonObject(old) && isJsonObject(next)) return compareSchemas(old, next, at)
  if (keyword === 'prefixItems' && Array.isArray(old) && Array.isArray(next) && old.length === next.length) {
    return old.flatMap((schema, index) => compareSchemas(schema, next[index], pointerTo(at, index)))
  }
  return [notProvable(at)]
}

/** New names are fine in a closed model: no old payload can carry them, and none need to. */
function compareProperties(before: SchemaObject, after: SchemaObject, at: string): Finding[] {
  const isClosed = (schema: SchemaObject): boolean => schema.additionalProperties === false && schema.patternProperties === undefined
  const closed = isClosed(before) && isClosed(after)
  const required = Array.isArray(after.required) ? after.required : []
  return compareNamed(before.properties ?? {}, after.properties ?? {}, at, (added, name) => {
    if (required.includes(name)) return [finding(added, 'property_required', 'a required property was added')]
    return closed ? [] : [finding(added, 'open_model', 'a property was added to an open model: old payloads may carry the name')]
  })
}

function compareNamed(old: unknown, next: unknown, at: string, onAdded: (path: string, name: string) => Finding[]): Finding[] {
  const before = isJsonObject(old ?? {}) ? ((old ?? {}) as SchemaObject) : {}
  const after = isJsonObject(next ?? {}) ? ((next ?? {}) as SchemaObject) : {}
  const removed = Object.keys(before).filter(name => !Object.hasOwn(after, name))
  return [
    ...removed.map(name => finding(pointerTo(at, name), 'removed', 'was removed')),
    ...Object.keys(after).flatMap(name => {
      const path = pointerTo(at, name)
      return Object.hasOwn(before, name) ? compareSchemas(before[name], after[name], path) : onAdded(path, name)
    }),
  ]
}

const notProvable = (path: string): Finding => finding(path, 'not_provable', 'this change is not proved to be compatible')

const usesReferences = (schema: SchemaObject): boolean => [...schemaPositions(schema).values()].some(position => '$ref' in position)
const usesNotMonotone = (schema: SchemaObject): boolean =>
  [...schemaPositions(schema).values()].some(position => NOT_MONOTONE.some(keyword => keyword in position))

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
