import { COLUMN_TYPES } from '../../tables/language/column-types.ts'
import {
  anyObject,
  anything,
  boolean,
  integer,
  listOf,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const ROWS_MAX = 1_000
const PARAMETERS_MAX = 100
const SQL_MAX = 65_536

/** Names and types are judged with the whole definition, so that one answer names every fault. */
const column = { name: string, type: string, 'nullable?': boolean, 'default?': anything, 'unique?': boolean }
export const newColumn = object(column)
export const newTable = object({ name: string, columns: { type: 'array', items: newColumn } })

export const table = object({
  name: string,
  columns: listOf(
    object({ name: string, type: oneOf(COLUMN_TYPES), nullable: boolean, default: anything, unique: boolean }),
  ),
  createdAt: time,
  storedBytes: integer,
})
export const deletedTable = object({ name: string, deleted: boolean })

export const row = anyObject
export const newRows = { anyOf: [anyObject, { type: 'array', items: anyObject, minItems: 1, maxItems: ROWS_MAX }] }
export const madeRows = { anyOf: [row, listOf(row)] }

export const rowQuery = {
  'where?': { ...text(2, 8_192), description: 'JSON, URL-encoded: { column: value }.' },
  'orderBy?': { ...text(1, 64), description: 'A column; -column for descending. Newest rows first by default.' },
}
export const rowChange = object({ where: anyObject, 'set?': anyObject, 'increment?': anyObject, 'min?': anything })
export const changedRows = object({ rowCount: integer, rows: listOf(row) })
export const rowDeletion = object({ where: anyObject })
export const deletedRows = object({ rowCount: integer })

export const query = object({
  sql: text(1, SQL_MAX),
  'params?': { type: 'array', items: anything, maxItems: PARAMETERS_MAX },
})
export const queried = object({ rows: listOf(row), rowCount: integer, columns: listOf(string) })
