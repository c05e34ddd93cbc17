/** Selects rows: `{ column: value }`, where all must hold. See docs/specification/tables.md#where. */
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { Value } from '../store/session.ts'
import { quoted } from '../store/tenants.ts'
import { type ColumnType, encodeValue } from './column-types.ts'

const CONDITIONS_MAX = 50
const LIST_MAX = 100
const COMPARISONS = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const
type Comparison = keyof typeof COMPARISONS
export const WHERE_OPERATORS = [...Object.keys(COMPARISONS), 'in', 'like']

/** Types of the columns of a table, its `id` among them. */
export type ColumnTypes = ReadonlyMap<string, ColumnType>

/** Values of a statement, in the order of their numbers. */
export class Bound {
  readonly values: Value[] = []

  /** The place of a value in the text. */
  add(value: Value, type: string): string {
    this.values.push(value)
    return `$${this.values.length}::${type}`
  }
}

/** `path`: where the condition is in the request. Throws `validation_failed`. `''`: every row. */
export function whereSql(where: unknown, types: ColumnTypes, bound: Bound, path: string): string {
  if (!isJsonObject(where)) throw wrong(path, 'type', 'must be an object { column: value }')
  const names = Object.keys(where)
  if (names.length > CONDITIONS_MAX) throw wrong(path, 'maxProperties', `has more than ${CONDITIONS_MAX} columns`)
  return names
    .flatMap(name => {
      const at = pointerTo(path, name)
      return conditionsOf(where[name], { name: quoted(name), type: typeOf(types, name, at), bound, path: at })
    })
    .join(' and ')
}

/** Throws `validation_failed` when the table has no such column. */
export function typeOf(types: ColumnTypes, name: string, path: string): ColumnType {
  const type = types.get(name)
  if (type === undefined) throw wrong(path, 'unknown_column', `'${name.slice(0, 63)}' is not a column of the table`)
  return type
}

interface Place {
  name: string
  type: ColumnType
  bound: Bound
  path: string
}

function conditionsOf(value: unknown, place: Place): string[] {
  if (value === null) return [`${place.name} is null`]
  if (!isJsonObject(value)) return [comparison('eq', value, place)]
  const operators = Object.keys(value)
  if (operators.length === 0) throw wrong(place.path, 'minProperties', `needs one of ${WHERE_OPERATORS.join(', ')}`)
  return operators.map(operator =>
    conditionOf(operator, value[operator], { ...place, path: pointerTo(place.path, operator) }),
  )
}

function conditionOf(operator: string, value: unknown, place: Place): string {
  if (operator === 'in') return inList(value, place)
  if (operator === 'like') return like(value, place)
  if (!Object.hasOwn(COMPARISONS, operator))
    throw wrong(place.path, 'enum', `must be one of ${WHERE_OPERATORS.join(', ')}`)
  return comparison(operator as Comparison, value, place)
}

function comparison(operator: Comparison, value: unknown, { name, type, bound, path }: Place): string {
  if (value === null) {
    if (operator === 'eq') return `${name} is null`
    if (operator === 'ne') return `${name} is not null`
    throw wrong(path, 'type', 'must not be null: nothing is greater or less than it')
  }
  if (type === 'jsonb' && operator !== 'eq' && operator !== 'ne')
    throw wrong(path, 'type', 'jsonb has no order: use eq or ne')
  return `${name} ${COMPARISONS[operator]} ${bound.add(encoded(type, value, path), type)}`
}

function inList(value: unknown, { name, type, bound, path }: Place): string {
  if (!Array.isArray(value) || value.length > LIST_MAX)
    throw wrong(path, 'type', `must be a list of at most ${LIST_MAX} values`)
  if (value.length === 0) return 'false'
  const places = value.map((each, at) => {
    if (each === null) throw wrong(pointerTo(path, at), 'type', 'must not be null: ask for null by itself')
    return bound.add(encoded(type, each, pointerTo(path, at)), type)
  })
  return `${name} in (${places.join(', ')})`
}

function like(value: unknown, { name, type, bound, path }: Place): string {
  if (type !== 'text') throw wrong(path, 'type', 'like is for columns of type text')
  if (typeof value !== 'string') throw wrong(path, 'type', 'must be a text')
  return `${name} like ${bound.add(encoded('text', value, path), 'text')}`
}

/** Throws `validation_failed` with the place of a value that is not of the type. */
export function encoded(type: ColumnType, value: unknown, path: string): Value {
  const result = encodeValue(type, value)
  if (result.ok) return result.value
  throw wrong(path, 'type', result.message)
}

export function wrong(path: string, rule: string, message: string): ClarionError {
  const details: Finding[] = [{ path, rule, message }]
  return new ClarionError('validation_failed', `The request is wrong at '${path}': ${message}.`, { details })
}
