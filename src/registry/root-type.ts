/** Whether the root of a schema accepts objects alone, however it says so. */
import { isJsonObject } from '../json/json-pointer.ts'
import { resolveReferences } from './references.ts'
import type { SchemaObject } from './schema-positions.ts'

/** By `type`, `const` or `enum`, in the root or behind its `$ref` and `allOf`, or in every branch of `anyOf` or `oneOf`. */
export function acceptsObjectsOnly(root: SchemaObject): boolean {
  const { targets } = resolveReferences(root)
  const open = new Set<SchemaObject>()
  const known = new Map<SchemaObject, boolean>()

  function isObject(schema: unknown): boolean {
    if (!isJsonObject(schema) || open.has(schema)) return false
    const found = known.get(schema)
    if (found !== undefined) return found
    open.add(schema)
    const answer = says(schema)
    open.delete(schema)
    known.set(schema, answer)
    return answer
  }

  function says(schema: SchemaObject): boolean {
    const { type, enum: allowed, const: only, allOf } = schema
    if (type !== undefined) return type === 'object' || (Array.isArray(type) && type.every(each => each === 'object'))
    if (isJsonObject(only) || (Array.isArray(allowed) && allowed.length > 0 && allowed.every(isJsonObject))) return true
    if (isObject(targets.get(schema)) || (Array.isArray(allOf) && allOf.some(isObject))) return true
    return [schema.anyOf, schema.oneOf].some(each => Array.isArray(each) && each.length > 0 && each.every(isObject))
  }

  return isObject(root)
}
