/**
 * The semantics of a schema as a number: two schemas with the same number accept exactly the same values, wherever they
 * occur and whatever their parts are called. A reference is replaced by its target; annotations and names (`$id`,
 * `$anchor`, `$defs`) are ignored.
 */

import { identityOf } from '../../json/canonical-json.ts'
import { isJsonObject } from '../../json/json-pointer.ts'
import type { References, Schema } from '../references.ts'
import { type SchemaObject, subschemasOf } from '../schema-positions.ts'

/** A minor may change these freely. */
const ANNOTATIONS = new Set([
  'title',
  'description',
  'examples',
  '$comment',
  'default',
  'deprecated',
  'example',
  'externalDocs',
])
const NAMES = new Set(['$schema', '$id', '$anchor', '$dynamicAnchor', '$defs', 'definitions'])
/** Lists whose order has no meaning. */
const SETS = new Set(['required', 'enum'])

/** Whether a keyword affects the semantics of a schema. */
export const isSemantic = (keyword: string): boolean => !isAnnotation(keyword) && !NAMES.has(keyword)
export const isAnnotation = (keyword: string): boolean => ANNOTATIONS.has(keyword) || keyword.startsWith('x-')

export interface Meanings {
  of(schema: unknown): number
  /** The semantics of one keyword of a schema; undefined where it is absent. */
  ofKeyword(schema: SchemaObject, keyword: string): number | undefined
}

/** Two documents under comparison share `numbers`. Each schema is visited once. @throws RecursiveSchema */
export function createMeanings({ targets, dynamic }: References, numbers: Map<string, number>): Meanings {
  const known = new Map<SchemaObject, number>()
  const open = new Set<SchemaObject>()

  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? numbers.size
    numbers.set(text, number)
    return number
  }

  function of(schema: unknown): number {
    if (!isJsonObject(schema)) return numberOf(schema === false ? 'false' : '{}')
    const found = known.get(schema)
    if (found !== undefined) return found
    if (open.has(schema)) throw new RecursiveSchema()
    open.add(schema)
    const semantic = Object.keys(schema).filter(isSemantic).sort()
    const target = semantic.length === 1 ? targets.get(schema) : undefined
    const number =
      target === undefined
        ? numberOf(`{${semantic.map(keyword => `${JSON.stringify(keyword)}:${ofKeyword(schema, keyword)}`)}}`)
        : of(target)
    open.delete(schema)
    known.set(schema, number)
    return number
  }

  function ofKeyword(schema: SchemaObject, keyword: string): number | undefined {
    if (!Object.hasOwn(schema, keyword)) return undefined
    const value = schema[keyword]
    const target: Schema | undefined =
      keyword === '$ref' ? targets.get(schema) : keyword === '$dynamicRef' ? dynamic.get(schema)?.initial : undefined
    if (target !== undefined) return numberOf(`to ${of(target)}`)
    const below = subschemasOf({ [keyword]: value }, '')
    if (below.length > 0)
      return numberOf(
        `${Array.isArray(value)}${below.map(each => [identityOf(each.key ?? null), of(each.schema)]).sort()}`,
      )
    if (keyword === 'type') return numberOf(`type ${typesOf(value)}`)
    if (SETS.has(keyword) && Array.isArray(value)) return numberOf(`set ${[...new Set(value.map(identityOf))].sort()}`)
    return numberOf(`value ${identityOf(value)}`)
  }

  return { of, ofKeyword }
}

export class RecursiveSchema extends Error {}

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

/** The types in a `type`, each once; `number` includes `integer`. */
export function typesOf(type: unknown): string[] {
  if (type === undefined) return TYPES
  const names: unknown[] = Array.isArray(type) ? type : [type]
  return TYPES.filter(name => names.includes(name) || (name === 'integer' && names.includes('number')))
}
