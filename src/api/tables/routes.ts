/** Routes of tables and their rows. */
import type { Route } from '../http/route.ts'
import { list, route } from '../http/route-table.ts'
import type { createTableHandlers } from './handlers.ts'
import * as tables from './schemas.ts'

export type TableHandlers = ReturnType<typeof createTableHandlers>

// biome-ignore format: a table
export function createTableRoutes(on: TableHandlers): Route[] {
  const path = '/api/v1/tables'
  const { table } = tables
  return [
    route('POST', path, 'tables:manage', 'Make a table.', { body: tables.newTable, answer: table, status: 201, refusedWhenSuspended: true }, on.create),
    route('GET', path, 'tables:read', 'List tables by name.', list(table), on.list),
    route('POST', `${path}/query`, 'tables:read', 'One statement of SQL that reads.', { changesNothing: true, body: tables.query, answer: tables.queried, needsSql: true }, on.query),
    route('GET', `${path}/:name`, 'tables:read', 'One table with its columns.', { answer: table }, on.get),
    route('DELETE', `${path}/:name`, 'tables:manage', 'Delete a table and its rows.', { answer: tables.deletedTable }, on.delete),
    route('POST', `${path}/:name/columns`, 'tables:manage', 'Add a column.', { body: tables.newColumn, answer: table, status: 201, refusedWhenSuspended: true }, on.addColumn),
    route('GET', `${path}/:name/rows`, 'tables:read', 'Rows in pages, newest first.', list(tables.row, tables.rowQuery), on.rows),
    route('POST', `${path}/:name/rows`, 'tables:write', 'Insert a row or up to 1,000, all or none.', { body: tables.newRows, answer: tables.madeRows, status: 201, refusedWhenSuspended: true }, on.insert),
    route('PATCH', `${path}/:name/rows`, 'tables:write', 'Change the rows that match.', { body: tables.rowChange, answer: tables.changedRows, refusedWhenSuspended: true }, on.update),
    route('DELETE', `${path}/:name/rows`, 'tables:write', 'Delete the rows that match.', { body: tables.rowDeletion, answer: tables.deletedRows }, on.remove),
  ]
}
