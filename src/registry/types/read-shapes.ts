/** The shape of a payload from its schema: conjunctions are intersected, alternatives are united. */
import { isJsonObject } from '../../json/json-pointer.ts'
import { type References, resolveReferences } from '../references.ts'
import type { SchemaObject } from '../schema-positions.ts'
import {
  ALTERNATIVES_MAX,
  ANY,
  isAny,
  isNever,
  NEVER,
  type ObjectShape,
  type Property,
  type Shape,
  unionOf,
  VALUES_MAX,
} from './shapes.ts'

/** Most combinations of alternatives; beyond it alternatives are ignored, and beyond twice as many everything is. */
const COMBINATIONS_MAX = 2_000

/** Registered schemas have at most five. */
const LEVELS_MAX = 10

const INT64_MAX = 2 ** 63
/** Keywords that do not affect the type of a reference or of alternatives. */
const ANNOTATIONS = new Set([
  '$ref',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$comment',
])
const NAMING = new Set(['anyOf', 'oneOf', '$id', '$schema', '$anchor', '$dynamicAnchor', '$defs', 'definitions'])
/** Keywords that may evaluate properties beyond the named ones. */
const CONDITIONAL = ['anyOf', 'oneOf', 'if', 'dependentSchemas', 'patternProperties', '$dynamicRef']

/** The root is an object, whatever else its schema says. */
export function readShape(root: SchemaObject): ObjectShape {
  const { object } = createReader(resolveReferences(root)).shapeOf(root)
  return object ?? { properties: [], others: ANY }
}

/** Schemas that all apply at one position; undefined: one of them is `false`. */
type Conjunction = SchemaObject[] | undefined

function createReader(references: References) {
  const shapes = new Map<SchemaObject, Shape>()
  const open = new Set<SchemaObject>()
  let combinations = 0
  let levels = 0

  /** One shape per schema, so that a schema with two references is one type. */
  function shapeOf(schema: unknown): Shape {
    if (schema === false) return NEVER
    if (!isJsonObject(schema)) return ANY
    const known = shapes.get(schema)
    if (known) return known
    if (open.has(schema)) return ANY
    open.add(schema)
    const target = Object.keys(schema).every(keyword => ANNOTATIONS.has(keyword))
      ? references.targets.get(schema)
      : undefined
    const found = target === undefined ? combine(conjunction(schema), new Set()) : shapeOf(target)
    const shape = isAny(found) ? ANY : found
    open.delete(schema)
    shapes.set(schema, shape)
    return shape
  }

  function conjunction(schema: unknown, inside: ReadonlySet<unknown> = new Set()): Conjunction {
    if (schema === false) return undefined
    if (!isJsonObject(schema) || inside.has(schema)) return []
    const target = references.targets.get(schema)
    const parts = [...(target === undefined ? [] : [target]), ...(Array.isArray(schema.allOf) ? schema.allOf : [])]
    const all: SchemaObject[] = [schema]
    for (const part of parts) {
      const held = conjunction(part, new Set(inside).add(schema))
      if (held === undefined) return undefined
      all.push(...held)
    }
    return all
  }

  /** `settled`: the lists of alternatives that are already decided. */
  function combine(schemas: Conjunction, settled: ReadonlySet<unknown>): Shape {
    if (schemas === undefined) return NEVER
    if (++combinations > COMBINATIONS_MAX) return combinations > 2 * COMBINATIONS_MAX ? ANY : intersect(schemas)
    const choices = schemas.flatMap(({ anyOf, oneOf }) => [anyOf, oneOf].filter(list => list !== undefined))
    const alternatives = choices.find(list => isChoice(list) && !settled.has(list))
    if (!isChoice(alternatives)) return intersect(schemas)
    // With no other keywords beside the alternatives, their types are used directly.
    if (choices.length === 1 && schemas.every(saysNothing)) return unionOf(alternatives.map(shapeOf))
    const decided = new Set(settled).add(alternatives)
    const union = unionOf(
      alternatives.map(alternative => {
        const held = conjunction(alternative)
        return combine(held && [...schemas, ...held], decided)
      }),
    )
    if (!union.object?.alternatives) return union
    return {
      ...union,
      object: { ...union.object, label: lastOf(schemas.map(labelOf)), description: descriptionOf(schemas) },
    }
  }

  function intersect(schemas: SchemaObject[]): Shape {
    const { kinds, integer } = typesOf(schemas)
    const listed = valuesOf(schemas)
    if (listed) return shapeOfValues(listed.filter(value => kinds.has(kindOf(value)) && (!integer || isWhole(value))))
    return {
      ...(kinds.has('null') ? { null: true } : {}),
      ...(kinds.has('boolean') ? { boolean: {} } : {}),
      ...(kinds.has('number') ? { number: { integer, large: schemas.some(isLarge) } } : {}),
      ...(kinds.has('string') ? { string: {} } : {}),
      ...(kinds.has('array') ? { array: { items: itemsOf(schemas) } } : {}),
      ...(kinds.has('object') ? { object: objectOf(schemas) } : {}),
    }
  }

  function itemsOf(schemas: SchemaObject[]): Shape {
    const tuple = schemas.find(({ prefixItems }) => Array.isArray(prefixItems))
    const rest = schemas.flatMap(({ items }) => (items === undefined ? [] : [items]))
    const places = tuple ? [...(tuple.prefixItems as unknown[]), tuple.items ?? true].map(shapeOf) : [together(rest)]
    const items = unionOf(places)
    return isNever(items) ? ANY : items
  }

  function objectOf(schemas: SchemaObject[]): ObjectShape {
    const named = schemas.map(({ properties }) =>
      isJsonObject(properties) ? new Map(Object.entries(properties)) : new Map(),
    )
    const required = new Set(
      schemas.flatMap(schema => (Array.isArray(schema.required) ? (schema.required as string[]) : [])),
    )
    const others = othersOf(schemas)
    const names = new Set([
      ...named.flatMap(properties => [...properties.keys()]),
      ...(others === undefined ? [] : required),
    ])
    const properties = [...names].map((name): Property => {
      const parts = named.flatMap(properties => (properties.has(name) ? [properties.get(name)] : []))
      return { name, required: required.has(name), shape: together(parts), description: descriptionOf(parts) }
    })
    return {
      properties: properties.filter(({ shape }) => !isNever(shape)),
      others,
      label: lastOf(schemas.map(labelOf)),
      description: lastOf(schemas.map(schema => descriptionOf([schema]))),
    }
  }

  /** Schemas that apply at one position, each in its own part of the surrounding conjunction. */
  function together(parts: unknown[]): Shape {
    if (parts.length < 2) return parts.length === 0 ? ANY : shapeOf(parts[0])
    if (levels === LEVELS_MAX) return ANY
    levels++
    const held = parts.map(part => conjunction(part))
    const shape = combine(held.includes(undefined) ? undefined : held.flatMap(schemas => schemas ?? []), new Set())
    levels--
    return shape
  }

  function othersOf(schemas: SchemaObject[]): Shape | undefined {
    const rules = schemas.flatMap(({ additionalProperties, patternProperties }) => {
      if (additionalProperties === undefined) return []
      const patterns = isJsonObject(patternProperties) ? Object.values(patternProperties) : []
      return [unionOf([additionalProperties, ...patterns].map(shapeOf))]
    })
    const plain = schemas.every(schema => CONDITIONAL.every(keyword => schema[keyword] === undefined))
    if (rules.some(isNever) || (plain && schemas.some(schema => schema.unevaluatedProperties === false)))
      return undefined
    return rules.find(rule => !isAny(rule)) ?? ANY
  }

  function labelOf(schema: SchemaObject): string | undefined {
    const name = /\/(?:\$defs|definitions)\/([^/]+)$/.exec(references.pathOf(schema))?.[1]
    return name?.replaceAll('~1', '/').replaceAll('~0', '~')
  }

  return { shapeOf }
}

const lastOf = (texts: Array<string | undefined>): string | undefined => texts.findLast(text => text !== undefined)

const saysNothing = (schema: SchemaObject): boolean =>
  Object.keys(schema).every(keyword => ANNOTATIONS.has(keyword) || NAMING.has(keyword))

const isChoice = (list: unknown): list is unknown[] => Array.isArray(list) && list.length <= ALTERNATIVES_MAX

type Kind = keyof Shape

function typesOf(schemas: SchemaObject[]): { kinds: Set<Kind>; integer: boolean } {
  let kinds: Kind[] = ['null', 'boolean', 'number', 'string', 'array', 'object']
  let integer = false
  for (const { type } of schemas) {
    if (type === undefined) continue
    const types = [type].flat()
    if (types.includes('integer') && !types.includes('number')) integer = true
    kinds = kinds.filter(kind => types.includes(kind) || (kind === 'number' && types.includes('integer')))
  }
  return { kinds: new Set(kinds), integer }
}

/** The shortest of the lists of values. */
function valuesOf(schemas: SchemaObject[]): unknown[] | undefined {
  const lists = schemas.flatMap(schema => {
    const list = Array.isArray(schema.enum) ? [schema.enum] : []
    return schema.const === undefined ? list : [[schema.const], ...list]
  })
  return lists.sort((a, b) => a.length - b.length)[0]
}

function shapeOfValues(values: unknown[]): Shape {
  const [strings, numbers, booleans] = ['string', 'number', 'boolean'].map(type => [
    ...new Set(values.filter(value => typeof value === type)),
  ]) as [string[], number[], boolean[]]
  const kinds = new Set(values.map(kindOf))
  const few = <T>(list: T[]) => ({ values: list.length > VALUES_MAX ? undefined : list })
  const integer = numbers.every(Number.isInteger)
  const large = integer && !numbers.every(Number.isSafeInteger)
  return {
    ...(kinds.has('null') ? { null: true } : {}),
    ...(booleans.length > 0 ? { boolean: few(booleans) } : {}),
    ...(numbers.length > 0 ? { number: { ...few(numbers), integer, large } } : {}),
    ...(strings.length > 0 ? { string: few(strings) } : {}),
    ...(kinds.has('array') ? { array: { items: ANY } } : {}),
    ...(kinds.has('object') ? { object: { properties: [], others: ANY } } : {}),
  }
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : (typeof value as Kind)
}

const isWhole = (value: unknown): boolean => typeof value !== 'number' || Number.isInteger(value)

const isLarge = ({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: SchemaObject): boolean =>
  [minimum, exclusiveMinimum].some(bound => typeof bound === 'number' && bound < -INT64_MAX) ||
  [maximum, exclusiveMaximum].some(bound => typeof bound === 'number' && bound > INT64_MAX)

const descriptionOf = (schemas: unknown[]): string | undefined =>
  schemas.flatMap(schema =>
    isJsonObject(schema) && typeof schema.description === 'string' ? [schema.description] : [],
  )[0]
