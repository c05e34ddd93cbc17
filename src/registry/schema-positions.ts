/**
 * The positions of schemas within a JSON Schema. A word such as `description` is a keyword only at such a position;
 * inside `properties` it is the name of a property, inside `const` it is data.
 */
import { isJsonObject, pointerTo } from '../json/json-pointer.ts'

export type SchemaObject = Record<string, unknown>

/** Keywords whose value is a schema. */
const ONE = new Set([
  'items',
  'additionalProperties',
  'propertyNames',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'contentSchema',
  'unevaluatedItems',
  'unevaluatedProperties',
])
/** Keywords whose value is a list of schemas. */
const LIST = new Set(['prefixItems', 'allOf', 'anyOf', 'oneOf'])
/** Keywords whose value holds schemas by name. */
const NAMED = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])

export interface Subschema {
  /** The keyword that contains it. */
  keyword: string
  /** The key below the keyword: a name, an index, or none. */
  key: string | undefined
  schema: unknown
  /** JSON pointer from the document's root. */
  path: string
}

/** The schemas one step below a schema, in document order. */
export function subschemasOf(schema: SchemaObject, path: string): Subschema[] {
  const found: Subschema[] = []
  for (const [keyword, value] of Object.entries(schema)) {
    const at = pointerTo(path, keyword)
    if (ONE.has(keyword)) found.push({ keyword, key: undefined, schema: value, path: at })
    else if (isList(keyword, value) || isNamed(keyword, value)) {
      for (const [key, child] of Object.entries(value))
        found.push({ keyword, key, schema: child, path: pointerTo(at, key) })
    }
  }
  return found
}

const isList = (keyword: string, value: unknown): value is unknown[] => LIST.has(keyword) && Array.isArray(value)
const isNamed = (keyword: string, value: unknown): value is Record<string, unknown> =>
  NAMED.has(keyword) && isJsonObject(value)

/** Every schema object of a schema by its JSON pointer, the root first. */
export function schemaPositions(root: SchemaObject): Map<string, SchemaObject> {
  const positions = new Map<string, SchemaObject>()
  const visit = (schema: SchemaObject, path: string): void => {
    positions.set(path, schema)
    for (const child of subschemasOf(schema, path)) if (isJsonObject(child.schema)) visit(child.schema, child.path)
  }
  visit(root, '')
  return positions
}

/** A copy with the keywords for which `keep` returns true; only schema positions are filtered. */
export function filterKeywords(schema: unknown, keep: (keyword: string) => boolean): unknown {
  if (!isJsonObject(schema)) return schema
  const copy = (value: unknown): unknown => filterKeywords(value, keep)
  const kept = Object.entries(schema).flatMap(([keyword, value]): Array<[string, unknown]> => {
    if (!keep(keyword)) return []
    if (ONE.has(keyword)) return [[keyword, copy(value)]]
    if (isList(keyword, value)) return [[keyword, value.map(copy)]]
    if (isNamed(keyword, value))
      return [[keyword, Object.fromEntries(Object.entries(value).map(([key, child]) => [key, copy(child)]))]]
    return [[keyword, value]]
  })
  return Object.fromEntries(kept)
}
