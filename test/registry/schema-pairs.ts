/** Generated schemas of every keyword, and the same schemas with something changed, as releases of an event change them. */
import fc from 'fast-check'
import { isJsonObject } from '../../src/json/json-pointer.ts'
import { measureSchema } from '../../src/registry/schema-limits.ts'
import { type SchemaObject, subschemasOf } from '../../src/registry/schema-positions.ts'

const NAMES = ['a', 'b', 'c', 'bc'] as const
const name = fc.constantFrom(...NAMES)
const scalar = fc.constantFrom<unknown>('x', 'xy', 'xyz', '2026-01-01', 0, 1, 2, 3, 1.5, true, null)
const types = fc.uniqueArray(fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'array', 'object'), {
  minLength: 1,
  maxLength: 3,
})
const small = fc.integer({ min: 0, max: 3 })
const REFERENCES = ['#/$defs/d', '#/$defs/e', '#d'] as const

/** One keyword with a value; `schema` makes the schemas below. */
const keywordOf = (schema: fc.Arbitrary<unknown>): fc.Arbitrary<SchemaObject> => {
  const one = (keyword: string, value: fc.Arbitrary<unknown>) => value.map(each => ({ [keyword]: each }))
  const named = fc.dictionary(name, schema, { maxKeys: 3, noNullPrototype: true })
  const listed = fc.array(schema, { minLength: 1, maxLength: 2 })
  return fc.oneof(
    one('type', fc.oneof(types, fc.constantFrom('string', 'integer', 'object', 'array'))),
    one('enum', fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 })),
    one('const', scalar),
    one('pattern', fc.constantFrom('^x', 'y', '^.$')),
    one('format', fc.constantFrom('date', 'uuid')),
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map(keyword =>
      one(keyword, small),
    ),
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].map(keyword => one(keyword, small)),
    one('multipleOf', fc.constantFrom(0.5, 1, 2, 3)),
    one('uniqueItems', fc.boolean()),
    { arbitrary: one('properties', named), weight: 6 },
    { arbitrary: one('additionalProperties', fc.oneof(fc.constantFrom(false, false, true), schema)), weight: 4 },
    one('patternProperties', fc.dictionary(fc.constantFrom('^b', 'c'), schema, { maxKeys: 2, noNullPrototype: true })),
    { arbitrary: one('required', fc.uniqueArray(name, { maxLength: 2 })), weight: 2 },
    one('propertyNames', schema),
    one(
      'dependentRequired',
      fc.dictionary(name, fc.uniqueArray(name, { maxLength: 1 }), { maxKeys: 1, noNullPrototype: true }),
    ),
    one('dependentSchemas', fc.dictionary(name, schema, { maxKeys: 1, noNullPrototype: true })),
    one('items', schema),
    one('prefixItems', listed),
    one('contains', schema),
    one('minContains', small),
    one('maxContains', small),
    ...['allOf', 'anyOf', 'oneOf'].map(keyword => one(keyword, listed)),
    ...['not', 'if', 'then', 'else', 'unevaluatedProperties', 'unevaluatedItems'].map(keyword => one(keyword, schema)),
    { arbitrary: one('$ref', fc.constantFrom(...REFERENCES)), weight: 2 },
  )
}

const withoutReferences = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema), (key, value) => (key === '$ref' ? undefined : value))

const { schema: below } = fc.letrec<{ schema: unknown }>(tie => ({
  schema: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom<unknown>({}, true, { type: 'string' }, { type: 'integer' }),
    fc.array(keywordOf(tie('schema')), { minLength: 1, maxLength: 3 }).map(keywords => Object.assign({}, ...keywords)),
  ),
}))

/** The root of an event: an object, with two definitions that lead nowhere themselves. */
export const eventSchema: fc.Arbitrary<SchemaObject> = fc
  .tuple(fc.array(keywordOf(below), { minLength: 1, maxLength: 4 }), below, below)
  .map(([keywords, d, e]) => {
    const defined = withoutReferences(d)
    const $defs = {
      d: isJsonObject(defined) ? { ...defined, $anchor: 'd' } : { $anchor: 'd' },
      e: withoutReferences(e),
    }
    return { ...(Object.assign({}, ...keywords) as SchemaObject), type: 'object', $defs }
  })

/** Changes that releases make somewhere in a schema. */
type Change = (
  schema: SchemaObject,
  value: { name: string; below: unknown; keyword: SchemaObject; number: number },
) => SchemaObject
const bounds = [
  'minLength',
  'minItems',
  'minProperties',
  'minimum',
  'maxLength',
  'maxItems',
  'maxProperties',
  'maximum',
  'multipleOf',
]
const CHANGES: Change[] = [
  (schema, { name: added, below: property }) => ({
    ...schema,
    properties: { ...(schema.properties as object), [added]: property },
  }),
  (schema, { name: added, below: property }) => ({
    ...schema,
    properties: { ...(schema.properties as object), [added]: property },
  }),
  (schema, { keyword }) => ({ ...schema, ...keyword }),
  schema => Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== 'additionalProperties')),
  (schema, { number }) => {
    const present = bounds.filter(bound => bound in schema)
    const bound = present[number % Math.max(1, present.length)]
    return bound ? { ...schema, [bound]: bound === 'multipleOf' ? 0.5 : number } : schema
  },
  (schema, { number }) => {
    const keywords = Object.keys(schema)
    const dropped = keywords[number % Math.max(1, keywords.length)]
    return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== dropped || keyword === '$defs'))
  },
  schema => ({ ...schema, title: 'a title' }),
]

const change = fc.record({
  which: fc.constantFrom(...CHANGES),
  place: fc.nat({ max: 30 }),
  value: fc.record({ name, below, keyword: keywordOf(below), number: small }),
})

/** An old schema and a new one: usually the old one with one or two changes, at the root or below. */
export const schemaPair: fc.Arbitrary<[old: SchemaObject, next: SchemaObject]> = fc
  .tuple(eventSchema, fc.array(change, { minLength: 1, maxLength: 2 }))
  .map(
    ([old, changes]) =>
      [
        old,
        changes.reduce((schema, { which, place, value }) => changed(schema, place, each => which(each, value)), old),
      ] as [SchemaObject, SchemaObject],
  )
  .filter(pair => pair.every(schema => measureSchema(schema).problems.length === 0))

function changed(root: SchemaObject, place: number, apply: (schema: SchemaObject) => SchemaObject): SchemaObject {
  const copy = structuredClone(root)
  const places: SchemaObject[] = []
  const visit = (schema: SchemaObject): void => {
    places.push(schema)
    for (const { schema: child } of subschemasOf(schema, '')) if (isJsonObject(child)) visit(child)
  }
  visit(copy)
  // The root is where most changes are made.
  const target = places[place % (places.length + 3)] ?? copy
  const next = structuredClone(apply(target))
  for (const keyword of Object.keys(target)) delete target[keyword]
  Object.assign(target, next)
  return copy
}

const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 2 },
    { arbitrary: scalar, weight: 3 },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value

export const payloads = fc.array(fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }), {
  minLength: 12,
  maxLength: 25,
})

/** An object with a member `then` looks like a promise. */
const THEN = 'then'

/** Ways to say the same otherwise; each applies to a schema without changing which values it accepts. */
const REWRITINGS: Array<(schema: SchemaObject) => SchemaObject> = [
  ({ const: only, ...schema }) => (only === undefined ? schema : { ...schema, enum: [only] }),
  ({ enum: allowed, ...schema }) =>
    allowed === undefined ? schema : { ...schema, anyOf: (allowed as unknown[]).map(each => ({ const: each })) },
  ({ type, ...schema }) =>
    Array.isArray(type) ? { ...schema, anyOf: type.map(each => ({ type: each })) } : { ...schema, type },
  ({ minLength, maxLength, minimum, ...schema }) => {
    const moved = Object.entries({ minLength, maxLength, minimum }).filter(([, value]) => value !== undefined)
    return { ...schema, allOf: [...((schema.allOf as unknown[]) ?? []), Object.fromEntries(moved)] }
  },
  ({ not, ...schema }) => (not === undefined ? schema : { ...schema, not: { allOf: [not] } }),
  schema => ({ ...schema, minProperties: schema.minProperties ?? 0, uniqueItems: schema.uniqueItems ?? false }),
  ({ dependentRequired, ...schema }) => {
    const [[name, names] = []] = Object.entries((dependentRequired as Record<string, string[]>) ?? {})
    if (name === undefined || 'if' in schema || 'then' in schema)
      return { ...schema, dependentRequired: dependentRequired ?? {} }
    return { ...schema, if: { required: [name] }, [THEN]: { required: names } }
  },
]

/** A schema and the same one written otherwise. Types and enums stay where they would move into an `anyOf` that is there. */
export const rewrittenPair: fc.Arbitrary<[old: SchemaObject, next: SchemaObject]> = fc
  .tuple(
    eventSchema,
    fc.array(fc.tuple(fc.constantFrom(...REWRITINGS), fc.nat({ max: 30 })), { minLength: 1, maxLength: 3 }),
  )
  .map(([old, steps]): [SchemaObject, SchemaObject] => [
    old,
    steps.reduce(
      (schema, [rewrite, place]) =>
        changed(schema, place, each =>
          'anyOf' in each || 'then' in each || 'else' in each ? each : withoutAbsent(rewrite(each)),
        ),
      old,
    ),
  ])
  .filter(pair => pair.every(schema => measureSchema(schema).problems.length === 0))

const withoutAbsent = (schema: SchemaObject): SchemaObject =>
  Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined))
