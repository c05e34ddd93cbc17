/**
 * The members and items that the keywords beside an `unevaluated…` evaluate. Where that does not depend on the value,
 * `unevaluatedProperties` is an `additionalProperties` that knows more names, and `unevaluatedItems` likewise.
 */
import { isJsonObject } from '../../json/json-pointer.ts'
import type { References } from '../references.ts'
import { type SchemaObject, subschemasOf } from '../schema-positions.ts'
import { type Meanings, RecursiveSchema } from './meaning.ts'

interface Evaluated {
  names: Set<string>
  patterns: Set<string>
  allMembers: boolean
  /** Undefined: it depends on the value. */
  places: number | undefined
  allItems: boolean
}

export interface EvaluatedNames {
  names: ReadonlySet<string>
  patterns: ReadonlySet<string>
  all: boolean
}

export interface EvaluatedOf {
  /** Undefined without the keyword; `unknown` where it depends on the value. */
  members(schema: SchemaObject): EvaluatedNames | 'unknown' | undefined
  items(schema: SchemaObject): { places: number; all: boolean } | 'unknown' | undefined
  /** A text that two schemas share only if the keyword means the same in both. */
  neighbours(schema: SchemaObject, keyword: string, meanings: Meanings): string
}

/** Applied only where something else holds. */
const CONDITIONAL = new Set(['anyOf', 'oneOf', 'if', 'then', 'else', 'dependentSchemas'])
const APPLICATORS = ['$ref', '$dynamicRef', 'allOf', ...CONDITIONAL, 'contains']

export function createEvaluated({ targets, dynamic }: References): EvaluatedOf {
  const known = new Map<SchemaObject, Evaluated | undefined>()
  const open = new Set<SchemaObject>()

  /** Undefined: it depends on the value. */
  function by(schema: unknown, isOuter: boolean): Evaluated | undefined {
    if (!isJsonObject(schema) || isOuter) return read(schema, isOuter)
    if (known.has(schema)) return known.get(schema)
    if (open.has(schema)) throw new RecursiveSchema()
    open.add(schema)
    const found = read(schema, false)
    open.delete(schema)
    known.set(schema, found)
    return found
  }

  function read(schema: unknown, isOuter: boolean): Evaluated | undefined {
    const sum: Evaluated = { ...NOTHING, names: new Set(), patterns: new Set() }
    if (!isJsonObject(schema)) return sum
    if (dynamic.has(schema)) return undefined
    for (const name of Object.keys(isJsonObject(schema.properties) ? schema.properties : {})) sum.names.add(name)
    const { patternProperties } = schema
    for (const text of Object.keys(isJsonObject(patternProperties) ? patternProperties : {})) sum.patterns.add(text)
    sum.allMembers = 'additionalProperties' in schema || (!isOuter && 'unevaluatedProperties' in schema)
    sum.allItems = 'items' in schema || (!isOuter && 'unevaluatedItems' in schema)
    sum.places = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0
    if ('contains' in schema) sum.places = undefined
    const target = targets.get(schema)
    const applied = subschemasOf(schema, '').filter(({ keyword }) => keyword === 'allOf')
    for (const each of [...(target === undefined ? [] : [target]), ...applied.map(({ schema: part }) => part)]) {
      const part = by(each, false)
      if (!part) return undefined
      for (const name of part.names) sum.names.add(name)
      for (const text of part.patterns) sum.patterns.add(text)
      sum.allMembers ||= part.allMembers
      sum.allItems ||= part.allItems
      sum.places = longer(sum.places, part.places)
    }
    for (const { keyword, schema: part } of subschemasOf(schema, ''))
      if (CONDITIONAL.has(keyword) && !isNothing(by(part, false))) return undefined
    return sum
  }

  return {
    members(schema) {
      if (!('unevaluatedProperties' in schema)) return undefined
      const found = by(schema, true)
      return found ? { ...found, all: found.allMembers } : 'unknown'
    },
    items(schema) {
      if (!('unevaluatedItems' in schema)) return undefined
      const found = by(schema, true)
      if (found?.allItems) return { places: 0, all: true }
      return found?.places === undefined ? 'unknown' : { places: found.places, all: false }
    },
    neighbours(schema, keyword, meanings) {
      const names = [schema.properties, schema.patternProperties].map(each =>
        Object.keys(isJsonObject(each) ? each : {}).sort(),
      )
      return JSON.stringify([
        ...names,
        schema.additionalProperties === undefined,
        schema.items === undefined,
        Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0,
        ...[keyword, ...APPLICATORS].map(each => meanings.ofKeyword(schema, each) ?? null),
      ])
    },
  }
}

const NOTHING = { allMembers: false, allItems: false, places: 0 }
const longer = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? undefined : Math.max(one, other)
const isNothing = (found: Evaluated | undefined): boolean =>
  found !== undefined &&
  found.places === 0 &&
  found.names.size + found.patterns.size === 0 &&
  !found.allMembers &&
  !found.allItems
