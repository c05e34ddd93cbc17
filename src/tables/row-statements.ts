/** The statements of rows, with every value bound; names have been looked up in the catalog. */
import { isJsonObject, pointerTo } from '../json/json-pointer.ts'
import { ClarionError } from '../model/codes.ts'
import { ORDERED_CHARACTERS_MAX } from '../model/cursors.ts'
import type { ColumnType } from './language/column-types.ts'
import { Bound, type ColumnTypes, encoded, typeOf, whereSql, wrong } from './language/where.ts'
import type { Value } from './store/session.ts'
import { quoted } from './store/tenants.ts'

export const ROWS_MAX = 1_000
export const SHOWN_ROWS_MAX = 100
/** PostgreSQL counts the bound values of a statement in 16 bits. */
const VALUES_MAX = 60_000
const CHANGED_COLUMNS_MAX = 100

export interface Statement {
  text: string
  values: readonly Value[]
}

export type Row = Record<string, unknown>

/** `path`: where the rows are in the request; '' for a body that is one row. Several statements if there are many values. */
export function insertStatements(
  table: string,
  types: ColumnTypes,
  rows: readonly Row[],
  path: (at: number) => string,
) {
  if (rows.length === 0 || rows.length > ROWS_MAX) throw wrong('', 'maxItems', `must hold 1 to ${ROWS_MAX} rows`)
  const names = namesOf(rows, types, path)
  const perStatement = Math.max(1, Math.floor(VALUES_MAX / Math.max(1, names.length)))
  const statements: Statement[] = []
  for (let from = 0; from < rows.length; from += perStatement) {
    const bound = new Bound()
    const lists = rows.slice(from, from + perStatement).map((row, at) => {
      const values = names.map(name => insertedValue(row, name, { types, bound, path: path(from + at) }))
      return `(${values.join(', ') || 'default'})`
    })
    const columns = names.map(quoted).join(', ') || 'id'
    statements.push({
      text: `insert into ${quoted(table)} (${columns}) values ${lists.join(', ')} returning *`,
      values: bound.values,
    })
  }
  return statements
}

function namesOf(rows: readonly Row[], types: ColumnTypes, path: (at: number) => string): string[] {
  const names = new Set<string>()
  rows.forEach((row, at) => {
    for (const name of Object.keys(row)) {
      if (names.has(name)) continue
      checkChanged(types, name, pointerTo(path(at), name))
      names.add(name)
    }
  })
  return [...names]
}

function checkChanged(types: ColumnTypes, name: string, path: string): ColumnType {
  if (name === 'id') throw wrong(path, 'read_only', 'is numbered by the platform')
  return typeOf(types, name, path)
}

function insertedValue(
  row: Row,
  name: string,
  { types, bound, path }: { types: ColumnTypes; bound: Bound; path: string },
): string {
  if (!Object.hasOwn(row, name)) return 'default'
  const type = types.get(name)!
  return bound.add(encoded(type, row[name], pointerTo(path, name)), type)
}

export interface Change {
  where: unknown
  set?: unknown
  increment?: unknown
  /** Least value of every incremented column. */
  min?: unknown
}

/** The rows' changed values, with `low` (rows below the least) and `n` (rows changed) before them. */
export function updateStatement(name: string, types: ColumnTypes, change: Change): Statement {
  const bound = new Bound()
  const table = quoted(name)
  const { assignments, raised } = assignmentsOf(types, change, bound)
  const where = filledWhere(change.where, types, bound)
  const low = change.min === undefined ? 'false' : lowSql(change.min, raised, bound)
  const columns = raised.map(each => quoted(each.name)).join(', ')
  const text = `with locked as (select id${columns && `, ${columns}`} from ${table} where ${where} for update),
    low as (select 1 from locked where ${low}),
    changed as (update ${table} set ${assignments.join(', ')}
      where id in (select id from locked) and not exists (select from low) returning *)
    select l.n, n.n, c.* from (select count(*) n from low) l cross join (select count(*) n from changed) n
      left join (select * from changed order by id limit ${SHOWN_ROWS_MAX}) c on true`
  return { text, values: bound.values }
}

interface Raised {
  name: string
  type: ColumnType
  by: string
}

function assignmentsOf(types: ColumnTypes, { set = {}, increment = {} }: Change, bound: Bound) {
  if (!isJsonObject(set)) throw wrong('/set', 'type', 'must be an object { column: value }')
  if (!isJsonObject(increment)) throw wrong('/increment', 'type', 'must be an object { column: number }')
  const both = Object.keys(increment).find(name => Object.hasOwn(set, name))
  if (both !== undefined) throw wrong(pointerTo('/increment', both), 'twice', 'is set in the same call')
  const sets = Object.keys(set).map(name => {
    const path = pointerTo('/set', name)
    const type = checkChanged(types, name, path)
    return `${quoted(name)} = ${bound.add(encoded(type, set[name], path), type)}`
  })
  const raised = Object.keys(increment).map(name => raisedOf(types, name, increment[name], bound))
  const assignments = [...sets, ...raised.map(({ name, by }) => `${quoted(name)} = ${quoted(name)} + ${by}`)]
  if (assignments.length === 0) throw wrong('', 'required', 'needs set or increment')
  if (assignments.length > CHANGED_COLUMNS_MAX) throw wrong('', 'maxProperties', 'changes too many columns')
  return { assignments, raised }
}

function raisedOf(types: ColumnTypes, name: string, by: unknown, bound: Bound): Raised {
  const path = pointerTo('/increment', name)
  const type = checkChanged(types, name, path)
  if (!['integer', 'bigint', 'numeric'].includes(type)) throw wrong(path, 'type', 'only numbers can be incremented')
  if (by === null) throw wrong(path, 'type', 'must be a number')
  return { name, type, by: bound.add(encoded(type, by, path), type) }
}

function lowSql(min: unknown, raised: readonly Raised[], bound: Bound): string {
  if (raised.length === 0) throw wrong('/min', 'needless', 'bounds what is incremented, and nothing is')
  return raised
    .map(({ name, type, by }) => {
      if (min === null) throw wrong('/min', 'type', 'must be a number')
      return `${quoted(name)} + ${by} < ${bound.add(encoded(type, min, '/min'), type)}`
    })
    .join(' or ')
}

export function deleteStatement(name: string, types: ColumnTypes, where: unknown): Statement {
  const bound = new Bound()
  return { text: `delete from ${quoted(name)} where ${filledWhere(where, types, bound)}`, values: bound.values }
}

/** Every row is only for reading: an empty condition is more often a mistake than a wish. */
function filledWhere(where: unknown, types: ColumnTypes, bound: Bound): string {
  const sql = whereSql(where, types, bound, '/where')
  if (sql === '') throw wrong('/where', 'minProperties', 'must name a column: {} is for reading only')
  return sql
}

export interface Order {
  column: string
  type: ColumnType
  descending: boolean
}

/** `name` or `-name`; newest first by default. Throws `validation_failed`. */
export function orderOf(types: ColumnTypes, orderBy: string | undefined): Order {
  const text = orderBy ?? '-id'
  const descending = text.startsWith('-')
  const column = descending ? text.slice(1) : text
  const type = typeOf(types, column, '/orderBy')
  if (type === 'jsonb') throw wrong('/orderBy', 'type', 'jsonb has no order')
  return { column, type, descending }
}

/** The place of a row in an order: the text of its value, and its id. */
export interface RowPlace {
  value: Value
  id: string
}

/** The first column of the answer is the value that the order goes by, as text. `then`: further columns of the order, without pages. */
export function selectStatement(
  name: string,
  types: ColumnTypes,
  {
    where,
    order,
    then = [],
    limit,
    after,
  }: { where: unknown; order: Order; then?: readonly Order[]; limit: number; after?: RowPlace | undefined },
): Statement {
  const bound = new Bound()
  const value = orderedSql(order)
  const conditions = [whereSql(where, types, bound, '/where'), after && afterSql(value, order, after, bound)]
  const all = conditions.filter(Boolean).join(' and ') || 'true'
  const columns = [order, ...then].map(each => `${orderedSql(each)} ${directionOf(each)} nulls last`).join(', ')
  const text = `select ${value}::text as "?", * from ${quoted(name)} where ${all}
    order by ${columns}, id ${directionOf(order)} limit ${limit}`
  return { text, values: bound.values }
}

const directionOf = ({ descending }: Order): string => (descending ? 'desc' : 'asc')
const orderedSql = ({ type, column }: Order): string =>
  type === 'text' ? `left(${quoted(column)}, ${ORDERED_CHARACTERS_MAX})` : quoted(column)

function afterSql(value: string, { type, descending }: Order, after: RowPlace, bound: Bound): string {
  const beyond = descending ? '<' : '>'
  const id = bound.add(after.id, 'bigint')
  if (after.value === null) return `(${value} is null and id ${beyond} ${id})`
  const place = bound.add(after.value, type)
  return `(${value} ${beyond} ${place} or ${value} is null or (${value} = ${place} and id ${beyond} ${id}))`
}

export const stockInsufficient = (): ClarionError =>
  new ClarionError('stock_insufficient', 'A matching row would fall below min: nothing was changed.')
