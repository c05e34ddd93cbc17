/**
 * A schema as the conjunction of what its keywords say, each with its place. References and `allOf` are followed, so
 * that it does not matter where something is said.
 */
import { identityOf } from '../../json/canonical-json.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import type { References } from '../references.ts'
import type { SchemaObject } from '../schema-positions.ts'
import type { Counted, Form, Forms } from './form.ts'
import { ALL_TYPES, ARRAY, OBJECT, typesIn } from './json-types.ts'
import { isSemantic, type Meanings, RecursiveSchema } from './meaning.ts'
import { spend } from './proof-work.ts'
import { createEvaluated } from './unevaluated.ts'

/** A schema at a place of its document. */
export interface Part {
  schema: unknown
  path: string
}

export interface Literal {
  form: Form
  keyword: string
  /** Pointer of the keyword. */
  path: string
  /** Set where the parts are compared one by one. */
  members?: Members
  items?: Items
  /** Alternatives of `anyOf` and `oneOf`. */
  branches?: Part[]
  /** The schema of `contains`; its counts are two literals. */
  contained?: Form
}

/** `properties`, `patternProperties` and what applies to all other names. */
export interface Members {
  named: ReadonlyMap<string, Part>
  patterns: ReadonlyMap<string, Part>
  others: Part
}

/** `prefixItems` and what applies to all other items. */
export interface Items {
  places: Part[]
  rest: Part
}

export interface Reader {
  literals(part: Part): Literal[]
  formOf(schema: unknown): Form
  /** The pointer of a schema; of the target, where it is nothing but a reference. */
  placeOf(part: Part): string
}

/** Keywords that validate nothing and that consumers may rely on nevertheless. */
const NOTES = ['readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType', 'contentSchema', 'discriminator', 'xml']

const COUNTS: ReadonlyArray<[string, Counted, 'min' | 'max', boolean]> = [
  ['minimum', 'number', 'min', false],
  ['exclusiveMinimum', 'number', 'min', true],
  ['maximum', 'number', 'max', false],
  ['exclusiveMaximum', 'number', 'max', true],
  ['minLength', 'length', 'min', false],
  ['maxLength', 'length', 'max', false],
  ['minItems', 'items', 'min', false],
  ['maxItems', 'items', 'max', false],
  ['minProperties', 'properties', 'min', false],
  ['maxProperties', 'properties', 'max', false],
]

/** @throws RecursiveSchema, when a schema leads back to itself. */
export function createReader(forms: Forms, references: References, meanings: Meanings): Reader {
  const known = new Map<SchemaObject, Literal[]>()
  const formed = new Map<SchemaObject, Form>()
  const open = new Set<SchemaObject>()
  const evaluated = createEvaluated(references)

  function literals({ schema, path }: Part): Literal[] {
    if (schema === false) return [{ form: forms.nothing, keyword: '', path }]
    if (!isJsonObject(schema)) return []
    const found = known.get(schema)
    if (found) return found
    if (open.has(schema)) throw new RecursiveSchema()
    open.add(schema)
    const read = distinct(read1(schema, references.pathOf(schema)))
    open.delete(schema)
    known.set(schema, read)
    return read
  }

  function formOf(schema: unknown): Form {
    if (!isJsonObject(schema)) return schema === false ? forms.nothing : forms.anything
    const found = formed.get(schema)
    if (found) return found
    const form = forms.all(literals({ schema, path: '' }).map(each => each.form))
    formed.set(schema, form)
    return form
  }

  function* read1(schema: SchemaObject, path: string): Generator<Literal> {
    const at = (keyword: string): string => pointerTo(path, keyword)
    const say = (keyword: string, form: Form, place = at(keyword)): Literal => ({ form, keyword, path: place })
    for (const target of targetsOf(schema)) yield* literals({ schema: target, path: at('$ref') })
    if (Array.isArray(schema.allOf))
      for (const [index, each] of schema.allOf.entries())
        yield* literals({ schema: each, path: pointerTo(at('allOf'), index) })
    yield* scalars(schema, say)
    yield* objects(schema, path, say)
    yield* arrays(schema, path, say)
    yield* combinators(schema, path, say)
    for (const keyword of NOTES)
      if (Object.hasOwn(schema, keyword)) {
        const text = `${keyword} ${identityOf(schema[keyword])}`
        yield say(keyword, forms.atom({ kind: 'opaque', text, guards: 0, opens: false }))
      }
  }

  function targetsOf(schema: SchemaObject): unknown[] {
    const target = references.targets.get(schema)
    const dynamic = references.dynamic.get(schema)
    // Where there is a choice, the whole comparison is refused unless nothing changed.
    return [target, dynamic && dynamic.candidates.length < 2 ? dynamic.initial : undefined].filter(
      each => each !== undefined,
    )
  }

  type Say = (keyword: string, form: Form, place?: string) => Literal

  function* scalars(schema: SchemaObject, say: Say): Generator<Literal> {
    if (schema.type !== undefined) yield say('type', forms.types(typesIn(schema.type)))
    if (Array.isArray(schema.enum)) yield say('enum', forms.values(schema.enum))
    if (Object.hasOwn(schema, 'const')) yield say('const', forms.values([schema.const]))
    if (typeof schema.format === 'string') yield say('format', forms.atom({ kind: 'format', name: schema.format }))
    if (typeof schema.pattern === 'string') yield say('pattern', forms.atom({ kind: 'pattern', text: schema.pattern }))
    for (const [keyword, of, side, exclusive] of COUNTS) {
      const limit = schema[keyword]
      if (typeof limit === 'number') yield say(keyword, forms.bound(of, side, limit, exclusive))
    }
    if (typeof schema.multipleOf === 'number')
      yield say('multipleOf', forms.atom({ kind: 'multiple', divisor: schema.multipleOf }))
    if (schema.uniqueItems === true) yield say('uniqueItems', forms.atom({ kind: 'unique' }))
  }

  function* objects(schema: SchemaObject, path: string, say: Say): Generator<Literal> {
    if (Array.isArray(schema.required))
      for (const name of schema.required as string[]) yield say('required', forms.atom({ kind: 'has', name }))
    if (schema.propertyNames !== undefined) yield say('propertyNames', forms.names(formOf(schema.propertyNames)))
    const has = (name: string): Form => forms.atom({ kind: 'has', name })
    for (const [name, needed] of Object.entries(objectIn(schema.dependentRequired)))
      yield say('dependentRequired', forms.any([forms.not(has(name)), forms.all((needed as string[]).map(has))]))
    for (const [name, each] of Object.entries(objectIn(schema.dependentSchemas)))
      yield say('dependentSchemas', forms.any([forms.not(has(name)), forms.types(ALL_TYPES & ~OBJECT), formOf(each)]))
    const isGroup = ['properties', 'patternProperties', 'additionalProperties'].some(each => each in schema)
    const rest = evaluated.members(schema)
    const part = (keyword: string, each: unknown, key?: string): Part => ({
      schema: each,
      path: key === undefined ? pointerTo(path, keyword) : pointerTo(pointerTo(path, keyword), key),
    })
    if (isGroup)
      yield group(path, {
        named: partsIn(schema.properties, (each, key) => part('properties', each, key)),
        patterns: partsIn(schema.patternProperties, (each, key) => part('patternProperties', each, key)),
        others: part('additionalProperties', schema.additionalProperties ?? true),
      })
    const asksNothing = (keyword: string): boolean => formOf(schema[keyword]) === forms.anything
    if (asksNothing('unevaluatedProperties')) return
    if (rest === 'unknown') yield unevaluated(schema, 'unevaluatedProperties', OBJECT, say)
    else if (rest && !rest.all) {
      const free = (names: Iterable<string>): Map<string, Part> =>
        new Map([...names].map(name => [name, { schema: true, path: pointerTo(pointerTo(path, 'properties'), name) }]))
      yield group(path, {
        named: free(rest.names),
        patterns: free(rest.patterns),
        others: part('unevaluatedProperties', schema.unevaluatedProperties),
      })
    }
  }

  function group(path: string, members: Members): Literal {
    const formed = (parts: ReadonlyMap<string, Part>): Map<string, Form> =>
      new Map([...parts].map(([key, { schema }]) => [key, formOf(schema)]))
    const form = forms.members(formed(members.named), formed(members.patterns), formOf(members.others.schema))
    return { form, keyword: 'properties', path, members }
  }

  function* arrays(schema: SchemaObject, path: string, say: Say): Generator<Literal> {
    const rest = evaluated.items(schema)
    const prefix: unknown[] = Array.isArray(schema.prefixItems) ? schema.prefixItems : []
    const listed = (places: unknown[], keyword: string): Literal => {
      const items: Items = {
        places: places.map((each, index) => ({ schema: each, path: pointerTo(pointerTo(path, 'prefixItems'), index) })),
        rest: { schema: schema[keyword] ?? true, path: pointerTo(path, keyword) },
      }
      const form = forms.list(places.map(formOf), formOf(items.rest.schema))
      return { form, keyword: 'items', path, items }
    }
    if (prefix.length > 0 || 'items' in schema) yield listed(prefix, 'items')
    if (rest === 'unknown' && formOf(schema.unevaluatedItems) !== forms.anything)
      yield unevaluated(schema, 'unevaluatedItems', ARRAY, say)
    else if (rest && rest !== 'unknown' && !rest.all)
      yield listed(
        Array.from({ length: rest.places }, () => true),
        'unevaluatedItems',
      )
    if (!('contains' in schema)) return
    const { minContains: min = 1, maxContains: max = Number.POSITIVE_INFINITY } = schema
    const contained = formOf(schema.contains)
    const count = (keyword: string, form: Form): Literal => ({
      ...{ form, keyword, contained },
      path: pointerTo(path, keyword in schema ? keyword : 'contains'),
    })
    yield count('minContains', forms.contains(contained, Number(min), Number.POSITIVE_INFINITY))
    yield count('maxContains', forms.contains(contained, 0, Number(max)))
  }

  /** The remaining members depend on the alternatives that hold: known by their text alone. */
  function unevaluated(schema: SchemaObject, keyword: string, guards: number, say: Say): Literal {
    const text = `${keyword} ${evaluated.neighbours(schema, keyword, meanings)}`
    return say(keyword, forms.atom({ kind: 'opaque', text, guards, opens: schema.unevaluatedProperties === false }))
  }

  function* combinators(schema: SchemaObject, path: string, say: Say): Generator<Literal> {
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      const value = schema[keyword]
      if (!Array.isArray(value)) continue
      const branches = value.map((each, index): Part => {
        return { schema: each, path: pointerTo(pointerTo(path, keyword), index) }
      })
      if (branches.length === 1) yield* literals(branches[0] as Part)
      else {
        const parts = value.map(formOf)
        yield { ...say(keyword, keyword === 'anyOf' ? forms.any(parts) : forms.one(parts)), branches }
      }
    }
    if ('not' in schema) yield say('not', forms.not(formOf(schema.not)))
    if ('if' in schema) {
      const condition = formOf(schema.if)
      if ('then' in schema) yield say('then', forms.any([forms.not(condition), formOf(schema.then)]))
      if ('else' in schema) yield say('else', forms.any([condition, formOf(schema.else)]))
    }
    const choice = references.dynamic.get(schema)
    if (choice && choice.candidates.length > 1)
      yield say(
        '$dynamicRef',
        forms.atom({ kind: 'opaque', text: identityOf(schema), guards: ALL_TYPES, opens: false }),
      )
  }

  function placeOf({ schema, path }: Part): string {
    if (!isJsonObject(schema)) return path
    const target = references.targets.get(schema)
    const isReference = target !== undefined && Object.keys(schema).filter(isSemantic).length === 1
    if (isReference && isJsonObject(target)) return placeOf({ schema: target, path })
    return references.pathOf(schema)
  }

  return { literals, formOf, placeOf }
}

const objectIn = (value: unknown): SchemaObject => (isJsonObject(value) ? value : {})

const partsIn = (value: unknown, part: (schema: unknown, key: string) => Part): Map<string, Part> =>
  new Map(Object.entries(objectIn(value)).map(([key, schema]) => [key, part(schema, key)]))

/** Each statement once; what says nothing is left out, except members and items, whose names are compared. */
function distinct(list: Iterable<Literal>): Literal[] {
  const found = new Map<string, Literal>()
  for (const literal of list) {
    spend(1 / 8)
    const isNothing = literal.form.kind === 'all' && literal.form.parts.length === 0
    if (isNothing && !literal.members && !literal.items && !literal.contained) continue
    const key =
      literal.members || literal.items ? `${literal.form.id} ${literal.path} ${literal.keyword}` : literal.form.id
    if (!found.has(String(key))) found.set(String(key), literal)
  }
  return [...found.values()]
}
