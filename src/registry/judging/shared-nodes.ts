/**
 * Nodes that schemas have in common. `{"type": "string"}` is a property of nearly every schema, and what is there once stays in the
 * processor's cache while thousands of schemas judge in turn.
 */
import { createCache } from '../cache.ts'
import type { SchemaObject } from '../schema-positions.ts'
import type { Node } from './node.ts'

export interface SharedNodes {
  /** The node that this schema shares with its equals, made when there is none; undefined for a schema that is its own. */
  get(schema: SchemaObject, make: (schema: SchemaObject) => Node): Node | undefined
}

/** Keywords that speak of the value alone: no names, no schemas below, nothing large. */
const PLAIN = new Set([
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
])
const SILENT = new Set(['title', 'description', 'examples', '$comment', 'default', 'deprecated'])
const TEXT_MAX = 200

/** `max`: nodes kept at most. For schemas of one flavour, judged in one way. */
export function createSharedNodes(max: number): SharedNodes {
  const nodes = createCache<Node>(max)
  return {
    get(schema, make) {
      const said: SchemaObject = {}
      for (const [keyword, value] of Object.entries(schema)) {
        if (PLAIN.has(keyword)) said[keyword] = value
        else if (!SILENT.has(keyword)) return undefined
      }
      const text = JSON.stringify(said)
      return text.length > TEXT_MAX ? undefined : nodes.get(text, () => make(said))
    },
  }
}
