/** Schemas with payloads, grown at random from a seed: each part of a schema comes with the means to make values for it. */
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { AWKWARD_NAMES, AWKWARD_TEXTS } from './awkward-names.ts'
import { findingsOf, isRegistrable, type TypesCase } from './case.ts'
import {
  arrayText,
  type Chance,
  createChance,
  createValues,
  type Member,
  objectText,
  type Values,
} from './json-values.ts'

/** A schema, and values of it as JSON text. The judge has the last word on them: alternatives may exclude each other's. */
interface Part {
  schema: SchemaObject | boolean
  value(): string
}

interface ObjectPart extends Part {
  schema: SchemaObject
  members(): Member[]
}

const PAYLOADS = 12
/** Levels below the root; a registered schema has at most five with it. */
const LEVELS = 3

/** Schemas that can be registered, each with payloads that it takes. */
export function generatedCases(count: number, seed: number): TypesCase[] {
  const cases: TypesCase[] = []
  for (let at = seed; cases.length < count; at++) {
    const { schema, value } = grow(createChance(at))
    if (!isRegistrable(schema)) continue
    const payloads = Array.from({ length: PAYLOADS }, value).filter(payload => findingsOf(schema, payload).length === 0)
    if (payloads.length > 0) cases.push({ title: `generated from ${at}`, schema, payloads })
  }
  return cases
}

function grow(chance: Chance): ObjectPart {
  const values = createValues(chance)
  const $defs: SchemaObject = {}
  const parts = createParts(chance, values, $defs)
  const root = parts.object(LEVELS, 2 + chance.below(7))
  return Object.keys($defs).length > 0 ? { ...root, schema: { ...root.schema, $defs } } : root
}

function createParts(chance: Chance, values: Values, $defs: SchemaObject) {
  const { below, happens, pick } = chance
  const shared: Part[] = []

  const scalars: Array<() => Part> = [
    () => ({ schema: { type: 'string' }, value: values.text }),
    () => ({ schema: { type: 'integer' }, value: values.integer }),
    () => ({ schema: { type: 'number' }, value: values.number }),
    () => ({ schema: { type: 'boolean' }, value: values.flag }),
  ]
  const leaves: Array<() => Part> = [
    ...[...scalars, ...scalars],
    () => ({ schema: pick([true, {}]), value: () => values.any(2) }),
    () => choiceOf(pick(CHOICES), chance),
    () => constantOf(pick(CONSTANTS), chance),
  ]
  const nested: Array<(levels: number) => Part> = [
    object,
    list,
    tuple,
    map,
    nullable,
    alternatives,
    tagged,
    together,
    reference,
    untyped,
  ]

  const scalar = (): Part => pick(scalars)()

  function part(levels: number): Part {
    const { schema, value } = levels > 0 && happens(0.6) ? pick(nested)(levels - 1) : pick(leaves)()
    const isDescribed = typeof schema === 'object' && happens(0.1)
    return isDescribed ? { value, schema: { ...schema, description: pick(AWKWARD_TEXTS) } } : { value, schema }
  }

  function object(levels: number, size = 2 + below(3), given: ReadonlyArray<[string, Part]> = []): ObjectPart {
    const parts = new Map(given)
    while (parts.size < size + given.length) parts.set(pick(AWKWARD_NAMES), part(levels))
    const required = [...parts.keys()].filter((_, index) => index < given.length || happens(0.4))
    const others = pick<Part | undefined>([
      undefined,
      { schema: true, value: () => values.any(2) },
      { schema: true, value: () => values.any(2) },
      scalar(),
    ])
    const members = (): Member[] => [
      ...(others ? values.some(2, (): Member => [values.name(), others.value()]) : []).filter(
        ([name]) => !parts.has(name),
      ),
      ...[...parts]
        .filter(([name]) => required.includes(name) || happens(0.5))
        .map(([name, { value }]): Member => [name, value()]),
    ]
    const properties = Object.fromEntries([...parts].map(([name, { schema }]) => [name, schema]))
    const open = others?.schema === true && happens(0.8)
    const schema: SchemaObject = { type: 'object', properties, required, additionalProperties: others?.schema ?? false }
    if (open) delete schema.additionalProperties
    return { schema, members, value: () => objectText(members()) }
  }

  function list(levels: number): Part {
    const { schema, value } = part(levels)
    return { schema: { type: 'array', items: schema }, value: () => arrayText(values.some(3, value)) }
  }

  function tuple(levels: number): Part {
    const places = [scalar(), part(levels)]
    const schema = { type: 'array', prefixItems: places.map(({ schema }) => schema) }
    return { schema, value: () => arrayText(places.map(({ value }) => value())) }
  }

  function map(levels: number): Part {
    const { schema, value } = part(levels)
    const rest = pick([
      { additionalProperties: schema },
      { patternProperties: { '': schema }, additionalProperties: false },
    ])
    return {
      schema: { type: 'object', ...rest },
      value: () => objectText(values.some(3, (): Member => [values.name(), value()])),
    }
  }

  function nullable(levels: number): Part {
    const { schema, value } = pick<(levels: number) => Part>([scalar, object, list])(levels)
    const listed = { ...(schema as SchemaObject), type: [(schema as SchemaObject).type, 'null'] }
    const orNull = pick<SchemaObject>([
      listed,
      { anyOf: [schema, { type: 'null' }] },
      { oneOf: [{ type: 'null' }, schema] },
    ])
    return { schema: orNull, value: () => (happens(0.3) ? 'null' : value()) }
  }

  function alternatives(levels: number): Part {
    const all = Array.from({ length: 2 + below(3) }, () => part(levels))
    return { schema: { [pick(['anyOf', 'oneOf'])]: all.map(({ schema }) => schema) }, value: () => pick(all).value() }
  }

  /** Alternatives that a property distinguishes. */
  function tagged(levels: number): Part {
    const all = ['card', 'iban'].map(kind =>
      object(levels, 2, [['kind', { schema: { const: kind }, value: () => `"${kind}"` }]]),
    )
    return { schema: { type: 'object', oneOf: all.map(({ schema }) => schema) }, value: () => pick(all).value() }
  }

  function together(levels: number): Part {
    const all = [object(levels, 2), object(levels, 2)]
    for (const { schema } of all) delete schema.additionalProperties
    return {
      schema: { allOf: all.map(({ schema }) => schema) },
      value: () => objectText(all.flatMap(({ members }) => members())),
    }
  }

  function reference(levels: number): Part {
    if (shared.length > 0 && happens(0.5)) return pick(shared)
    const { schema, value } = object(levels, 2)
    const name = `${pick(['address', 'a/b', 'Line', 'None', '日本', 'x~y', ''])}${Object.keys($defs).length}`
    $defs[name] = schema
    const referring = {
      schema: { $ref: `#/$defs/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}` },
      value,
    }
    shared.push(referring)
    return referring
  }

  /** A schema without a type also accepts every value that is not an object. */
  function untyped(levels: number): Part {
    const { schema, value } = object(levels, 2)
    const { type, ...rest } = schema
    return {
      schema: rest,
      value: () => (happens(0.5) ? value() : pick(['"text"', '7', '1.5', 'true', 'null', '[{"a":1.0}]'])),
    }
  }

  return { object }
}

const CHOICES: ReadonlyArray<readonly unknown[]> = [
  ['EUR', 'USD'],
  ['', ' ', 'a', 'A', 'a b', 'a-b', 'aB', '*/', '"', '\\', '\n', '日本', '😀', 'None', 'true', '1', '1.5', '-1'],
  [1, 2, 3],
  [-1, 0, 1.5, 1e21],
  [1, 'x', null],
  [true],
  ['on', false],
  [{ a: 1 }, [1], 'x'],
  Array.from({ length: 250 }, (_, index) => `v${index}`),
]
const CONSTANTS: readonly unknown[] = ['x', 7, 1.5, true, null, { a: null }, [], -0.1]

const choiceOf = (list: readonly unknown[], { pick }: Chance): Part => ({
  schema: { enum: list },
  value: () => numeral(pick(list), pick),
})
const constantOf = (value: unknown, { pick }: Chance): Part => ({
  schema: { const: value },
  value: () => numeral(value, pick),
})

/** Whole numbers in one of their notations. */
function numeral(value: unknown, pick: Chance['pick']): string {
  const text = JSON.stringify(value)
  return Number.isSafeInteger(value) ? pick([text, `${text}.0`, `${text}.00e0`]) : text
}
