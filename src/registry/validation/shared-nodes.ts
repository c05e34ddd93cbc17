/**
 * Nodes that schemas have in common. `{"type": "string"}` is a property of nearly every schema, an amount of money or
 * an address of many, and versions of one event differ little. Sharing keeps them in the processor's cache while
 * thousands of schemas take turns.
 */
import { isJsonObject } from '../../json/json-pointer.ts'
import { createCache } from '../cache.ts'
import type { SchemaObject } from '../schema-positions.ts'
import type { Node } from './node.ts'

export interface SharedNodes {
  /**
   * The node that this schema shares with equal schemas, created when there is none; undefined for a schema that is not
   * shared.
   */
  get(schema: SchemaObject, make: (schema: SchemaObject) => Node): Node | undefined
}

/** Keywords without subschemas, whose meaning does not depend on their position. */
const PLAIN = new Set([
  ...[
    'type',
    'format',
    'enum',
    'const',
    'minLength',
    'maxLength',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
  ],
  ...['required', 'minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
])
const SILENT = new Set(['title', 'description', 'examples', '$comment', 'default', 'deprecated'])
const KEYWORDS_MAX = 40
const TEXT_MAX = 500

/** `max`: most nodes kept. Use one per dialect and set of options. */
export function createSharedNodes(max: number): SharedNodes {
  const nodes = createCache<Node>(max)
  return {
    get(schema, make) {
      const plain = plainOf(schema, { keywords: KEYWORDS_MAX })
      if (!isJsonObject(plain)) return undefined
      const text = JSON.stringify(plain)
      return text.length > TEXT_MAX ? undefined : nodes.get(text, () => make(plain))
    },
  }
}

/** A copy without annotations; undefined for a large schema, or one whose meaning depends on its position. */
function plainOf(schema: unknown, left: { keywords: number }): unknown {
  if (!isJsonObject(schema)) return schema
  const plain: SchemaObject = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (SILENT.has(keyword)) continue
    if (left.keywords-- <= 0) return undefined
    const copy = PLAIN.has(keyword) ? value : schemasIn(keyword, value, left)
    if (copy === undefined) return undefined
    plain[keyword] = copy
  }
  return plain
}

function schemasIn(keyword: string, value: unknown, left: { keywords: number }): unknown {
  if (keyword === 'items' || keyword === 'additionalProperties') return plainOf(value, left)
  if (keyword !== 'properties' || !isJsonObject(value)) return undefined
  const plain = Object.entries(value).map(([name, schema]) => [name, plainOf(schema, left)] as const)
  return plain.some(([, schema]) => schema === undefined) ? undefined : Object.fromEntries(plain)
}
