/**
 * Turns the inline schemas of the route table into named components. A request keeps its schema closed, so that a
 * misspelt field is found; an answer is open, since a later release may add fields.
 */
import type { Schema } from '../http/route.ts'
import { pascal, singular } from './path-name.ts'

export type Place = 'request' | 'answer'
/** Names that the folders of the API give to their schemas. */
export type SchemaNames = ReadonlyMap<Schema, string>

export interface Components {
  /** The schema with every object in it as a reference. `suggested`: for an object that has no name of its own. */
  refer(schema: Schema, place: Place, suggested: string): Schema
  all: Record<string, Schema>
}

export function createComponents(names: SchemaNames): Components {
  const all: Record<string, Schema> = {}
  /** By place and text: schemas that say the same are one component. */
  const known = new Map<string, string>()
  const nameOfText = new Map([...names].map(([schema, name]) => [JSON.stringify(schema), name]))

  function freeName(wanted: string, place: Place): string {
    const candidates = [wanted, ...(place === 'request' ? [`${wanted}Input`] : [`${wanted}Answer`])]
    for (let number = 2; ; number++) {
      const free = candidates.find(name => !Object.hasOwn(all, name))
      if (free !== undefined) return free
      candidates.push(`${wanted}${number}`)
    }
  }

  function component(schema: Schema, place: Place, suggested: string): Schema {
    const text = JSON.stringify(schema)
    const key = `${place} ${text}`
    const found = known.get(key)
    if (found !== undefined) return refTo(found)
    const name = freeName(names.get(schema) ?? nameOfText.get(text) ?? suggested, place)
    known.set(key, name)
    all[name] = {}
    all[name] = plain(schema, place, name)
    return refTo(name)
  }

  /** One level, with references below it. */
  function plain(schema: Schema, place: Place, name: string): Schema {
    const copy: Schema = { ...schema }
    const { properties, items, anyOf, additionalProperties } = schema as Parts
    const owner = name.replace(/^Made(?=[A-Z])/, '')
    if (properties !== undefined)
      copy.properties = Object.fromEntries(
        Object.entries(properties).map(([field, each]) => [field, refer(each, place, owner + pascal(field))]),
      )
    if (items !== undefined) copy.items = refer(items, place, singular(name))
    if (anyOf !== undefined)
      copy.anyOf = anyOf.map((each, at) => refer(each, place, `${name}${pascal(WHICH[at] ?? `${at}`)}`))
    if (typeof additionalProperties === 'object')
      copy.additionalProperties = refer(additionalProperties, place, `${name}Value`)
    if (place === 'answer' && additionalProperties === false) delete copy.additionalProperties
    return copy
  }

  function refer(schema: Schema, place: Place, suggested: string): Schema {
    const { type, enum: values, anyOf } = schema as Parts
    if (Array.isArray(type)) return ofTypes(schema, type, place, suggested)
    if (values?.includes(null) === true) {
      const { enum: _, ...rest } = schema
      return orNull({ ...rest, enum: values.filter(value => value !== null) })
    }
    if (values !== undefined && type === undefined) return { anyOf: byType(values) }
    const isNamed = names.has(schema) && (anyOf !== undefined || type === 'object')
    if (isNamed || hasProperties(schema)) return component(schema, place, suggested)
    if (type === 'integer') return { format: 'int64', ...schema }
    return plain(schema, place, suggested)
  }

  /** `['integer', 'null']`, `['integer', 'string']`: one schema for each type, which every generator reads. */
  function ofTypes(schema: Schema, types: readonly string[], place: Place, suggested: string): Schema {
    const { type: _, description, ...rest } = schema
    const some = types.filter(each => each !== 'null')
    const forms = some.map(type => refer(withoutNull(keywordsFor(rest, type), type), place, suggested))
    const isOneObject = forms.length === 1 && '$ref' in forms[0]!
    const all = types.includes('null') ? [...forms, { type: 'null' }] : forms
    if (forms.length === 1 && !isOneObject && !('enum' in forms[0]!) && types.includes('null'))
      return { ...forms[0], type: [some[0], 'null'], ...(description === undefined ? {} : { description }) }
    return { anyOf: all, ...(description === undefined ? {} : { description }) }
  }

  return { refer, all }
}

interface Parts {
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  additionalProperties?: boolean | Schema
}

const WHICH = ['', 'other', 'third', 'fourth']
const refTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
const hasProperties = ({ type, properties }: Schema): boolean =>
  type === 'object' && typeof properties === 'object' && Object.keys(properties as object).length > 0

/** `[true, false, 'unknown']`: one schema for each type. */
const byType = (values: readonly unknown[]): Schema[] =>
  [...Map.groupBy(values, value => typeof value)].map(([type, some]) =>
    type === 'boolean' ? { type } : { type, enum: some },
  )

const withoutNull = (schema: Schema, type: string): Schema =>
  Array.isArray(schema.enum)
    ? { type, ...schema, enum: schema.enum.filter(value => value !== null) }
    : { type, ...schema }

/** Keywords that say nothing of a type are left out beside it. */
function keywordsFor(rest: Schema, type: string): Schema {
  const foreign = type === 'string' ? ['minimum', 'maximum'] : ['minLength', 'maxLength', 'pattern', 'format']
  return Object.fromEntries(Object.entries(rest).filter(([keyword]) => !foreign.includes(keyword)))
}
