/** The shape of payloads as they come: which members they have, of which types, how often. Values are not kept. */
import { isWhole } from '../../json/decimal.ts'
import { ExactNumber } from '../../json/exact-number.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'

export type JsonType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null'

/** One place: a JSON pointer in which `*` is any element of an array. */
export interface Place {
  types: Map<JsonType, number>
  /** Payloads that have it, of those whose parent is there. */
  count: number
  /** How often the object that it is a member of was there. */
  of: string
}

export interface Shape {
  samples: number
  places: Map<string, Place>
  /** More places than are kept. */
  isCut: boolean
}

const PLACES_MAX = 300
const DEPTH_MAX = 6
const ELEMENTS_MAX = 20

export const emptyShape = (): Shape => ({ samples: 0, places: new Map(), isCut: false })

export function learn(shape: Shape, payload: unknown): void {
  shape.samples += 1
  visit(shape, payload, '', '', 0, new Set())
}

/** `seen`: places of this payload that are counted already, since elements share theirs. */
function visit(shape: Shape, value: unknown, path: string, of: string, depth: number, seen: Set<string>): void {
  const place = placeAt(shape, path, of)
  if (place === undefined) return
  const type = typeOf(value)
  if (!seen.has(path)) place.count += 1
  seen.add(path)
  place.types.set(type, (place.types.get(type) ?? 0) + 1)
  if (depth >= DEPTH_MAX) return
  if (Array.isArray(value))
    for (const each of value.slice(0, ELEMENTS_MAX)) visit(shape, each, `${path}/*`, path, depth + 1, seen)
  else if (isJsonObject(value) && type === 'object')
    for (const [name, each] of Object.entries(value)) visit(shape, each, pointerTo(path, name), path, depth + 1, seen)
}

function placeAt(shape: Shape, path: string, of: string): Place | undefined {
  const { places } = shape
  const found = places.get(path)
  if (found !== undefined) return found
  if (places.size >= PLACES_MAX) {
    shape.isCut = true
    return undefined
  }
  const made: Place = { types: new Map(), count: 0, of }
  places.set(path, made)
  return made
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof ExactNumber) return isWhole(value.decimal) ? 'integer' : 'number'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'object' ? 'object' : (typeof value as 'string' | 'boolean')
}

/** A schema that every payload of the shape is valid under; members that all of them have are required. */
export function schemaOf(shape: Shape, path = ''): Record<string, unknown> {
  const place = shape.places.get(path)
  if (place === undefined) return {}
  const types = typesOf(place)
  const schema: Record<string, unknown> = types.length === 0 ? {} : { type: types.length === 1 ? types[0] : types }
  if (place.types.has('array') && shape.places.has(`${path}/*`)) schema.items = schemaOf(shape, `${path}/*`)
  if (!place.types.has('object')) return schema
  const members = membersOf(shape, path)
  if (members.length === 0) return schema
  schema.properties = Object.fromEntries(members.map(([name, at]) => [name, schemaOf(shape, at)]))
  const objects = place.types.get('object') ?? 0
  const required = members.filter(([, at]) => isAlways(shape, path, at, objects)).map(([name]) => name)
  if (required.length > 0) schema.required = required
  return schema
}

/** `number` includes `integer`. */
export function typesOf({ types }: Place): JsonType[] {
  const all = [...types.keys()].sort()
  return all.includes('number') ? all.filter(each => each !== 'integer') : all
}

/** Inside arrays several elements count once, so nothing is known to be always there. */
function isAlways(shape: Shape, path: string, at: string, objects: number): boolean {
  return !path.includes('/*') && shape.places.get(at)?.count === objects && objects > 0
}

function membersOf(shape: Shape, path: string): Array<[name: string, at: string]> {
  return [...shape.places].flatMap(([at, { of }]): Array<[string, string]> => {
    if (of !== path || at === '' || at === `${path}/*`) return []
    const token = at.slice(path.length + 1)
    return [[token.replaceAll('~1', '/').replaceAll('~0', '~'), at]]
  })
}
