/** What payloads have that nobody declared or saw before, and what they never have. */
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { type Place, type Shape, schemaOf, typesOf } from './learned.ts'

export interface ShapeChange {
  path: string
  change: string
}

/** Fewer say nothing. */
export const SAMPLES_MIN = 20
/** A member that is missing in so many is never there. */
const UNSEEN_MIN = 100
/** A member that fewer have would come and go with the samples. */
const SHARE_MIN = 0.1
const DEPTH_MAX = 6
const CHANGES_MAX = 50

/** Members that an open schema does not name, and named ones that no payload has. */
export function againstSchema(shape: Shape, schema: SchemaObject): ShapeChange[] {
  if (shape.samples < SAMPLES_MIN) return []
  const declared = new Map<string, Declared>()
  declare(declared, schema, schema, '', 0)
  const unknown = [...shape.places]
    .filter(([path, place]) => isFrequent(shape, place) && !declared.has(path) && isOpen(declared.get(place.of)))
    .map(([path, place]) => ({ path, change: `unknown_property ${typesOf(place).join('|')}` }))
  const unseen = [...declared]
    .filter(([path]) => path !== '' && !path.endsWith('/*') && !shape.isCut && !shape.places.has(path))
    .filter(([, { of }]) => (shape.places.get(of)?.count ?? 0) >= UNSEEN_MIN)
    .map(([path]) => ({ path, change: 'never_seen' }))
  return [...unknown, ...unseen].slice(0, CHANGES_MAX)
}

/** What has changed from the shape before to the one now: members that are new or gone, and other types. */
export function againstShape(before: Shape, now: Shape): ShapeChange[] {
  if (Math.min(before.samples, now.samples) < SAMPLES_MIN) return []
  const changes: ShapeChange[] = []
  for (const [path, place] of now.places) {
    const known = before.places.get(path)
    if (known === undefined) {
      if (isFrequent(now, place) && before.places.has(place.of) && !before.isCut)
        changes.push({ path, change: `unknown_property ${typesOf(place).join('|')}` })
    } else {
      const more = typesOf(place).filter(type => !includes(known, type))
      if (more.length > 0)
        changes.push({ path, change: `type_changed ${typesOf(known).join('|')} to ${more.join('|')}` })
    }
  }
  for (const [path, { count, of }] of before.places)
    if (!now.places.has(path) && !now.isCut && now.places.has(of) && isUsual(before, count))
      changes.push({ path, change: 'never_seen' })
  return changes.slice(0, CHANGES_MAX)
}

const isFrequent = (shape: Shape, { count, of }: Place): boolean =>
  count >= 2 && count >= SHARE_MIN * (shape.places.get(of)?.count ?? shape.samples)

/** A member that few payloads have may be missing by chance. */
const isUsual = ({ samples }: Shape, count: number): boolean => count * 2 >= samples

const includes = (place: Place, type: string): boolean =>
  typesOf(place).some(each => each === type || (each === 'number' && type === 'integer'))

interface Declared {
  of: string
  open: boolean
}

/** A place whose own members are not known is not judged. */
const isOpen = (declared: Declared | undefined): boolean => declared?.open === true

/** Names of members and items, through `allOf` and local references; other combinators leave a place unjudged. */
function declare(
  all: Map<string, Declared>,
  root: SchemaObject,
  schema: unknown,
  path: string,
  depth: number,
  of = '',
) {
  const parts = partsOf(root, schema, 0)
  const isSure = parts !== undefined
  const known = parts ?? []
  const named = known.flatMap(part => (isJsonObject(part.properties) ? Object.entries(part.properties) : []))
  const isClosed = known.some(
    ({ additionalProperties: more, patternProperties: byPattern, unevaluatedProperties: rest }) =>
      (more !== undefined && more !== true) || byPattern !== undefined || rest === false,
  )
  all.set(path, { of, open: isSure && named.length > 0 && !isClosed })
  if (depth >= DEPTH_MAX || !isSure) return
  for (const [name, each] of named) declare(all, root, each, pointerTo(path, name), depth + 1, path)
  const items = known.map(part => part.items).find(isJsonObject)
  if (items !== undefined) declare(all, root, items, `${path}/*`, depth + 1, path)
}

const UNSURE = ['anyOf', 'oneOf', 'not', 'if', 'dependentSchemas', '$dynamicRef'] as const
const HOPS_MAX = 20

/** The schemas that all hold at a place; undefined where that depends on the payload. */
function partsOf(root: SchemaObject, schema: unknown, hops: number): SchemaObject[] | undefined {
  if (!isJsonObject(schema) || hops > HOPS_MAX || UNSURE.some(keyword => schema[keyword] !== undefined))
    return undefined
  const parts: SchemaObject[] = [schema]
  const further = Array.isArray(schema.allOf) ? [...schema.allOf] : []
  if (typeof schema.$ref === 'string') further.push(target(root, schema.$ref))
  for (const each of further) {
    const found = partsOf(root, each, hops + 1)
    if (found === undefined) return undefined
    parts.push(...found)
  }
  return parts
}

function target(root: SchemaObject, ref: string): unknown {
  if (ref === '#') return root
  if (!ref.startsWith('#/')) return undefined
  let at: unknown = root
  for (const token of ref.slice(2).split('/')) {
    const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
    at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

/** The declared schema with the members at the root that payloads have besides, as optional ones. */
export function proposalFor(shape: Shape, schema: SchemaObject): Record<string, unknown> {
  const learned = schemaOf(shape)
  const seen = isJsonObject(learned.properties) ? learned.properties : {}
  const named = isJsonObject(schema.properties) ? schema.properties : {}
  const more = Object.entries(seen).filter(([name]) => !Object.hasOwn(named, name))
  return { ...schema, properties: { ...named, ...Object.fromEntries(more) } }
}
