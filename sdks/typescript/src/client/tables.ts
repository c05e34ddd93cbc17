/** `client.tables`. */
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type {
  CallOptions,
  NewColumn,
  NewTable,
  Paging,
  QueryResult,
  Row,
  RowChange,
  RowSelection,
  Table,
  Where,
} from './types.ts'

export function createTables(send: Send) {
  const calls = createCalls(send, '/tables')
  const rows = (table: string) => `${at(table)}/rows`
  const queryOf = ({ where, ...query }: RowSelection & Paging): Paging => ({
    ...query,
    ...(where === undefined ? {} : { where: JSON.stringify(where) }),
  })
  return {
    create: (input: NewTable, options?: CallOptions) => calls.postOnce<Table>('', input, options),
    /** By name. */
    list: (query: Paging = {}, options: CallOptions = {}) => calls.list<Table>('', query, options),
    each: (query: Paging = {}, options: CallOptions = {}) => calls.each<Table>('', query, options),
    get: (name: string, options?: CallOptions) => calls.get<Table>(at(name), options),
    /** With its rows. */
    delete: (name: string, options?: CallOptions) => calls.delete<{ name: string; deleted: true }>(at(name), options),
    addColumn: (name: string, column: NewColumn, options?: CallOptions) =>
      calls.postOnce<Table>(`${at(name)}/columns`, column, options),
    rows: <T extends Row = Row>(table: string, query: RowSelection & Paging = {}, options: CallOptions = {}) =>
      calls.list<T>(rows(table), queryOf(query), options),
    eachRow: <T extends Row = Row>(table: string, query: RowSelection & Paging = {}, options: CallOptions = {}) =>
      calls.each<T>(rows(table), queryOf(query), options),
    /** One row, or up to 1,000 of which all or none are inserted. Not retried when it may have succeeded. */
    insert: <Given extends Row | Row[]>(table: string, input: Given, options?: CallOptions) =>
      calls.postOnce<Given extends Row[] ? Row[] : Row>(rows(table), input, options),
    /** The first 100 of the changed rows come back. Not retried when it may have succeeded: it may add. */
    update: (table: string, change: RowChange, options?: CallOptions) =>
      calls.patchOnce<{ rowCount: number; rows: Row[] }>(rows(table), change, options),
    deleteRows: (table: string, where: Where, options?: CallOptions) =>
      calls.deleteWhere<{ rowCount: number }>(rows(table), { where }, options),
    /** One statement that reads; values are bound as `$1`, `$2`, … */
    query: <T extends Row = Row>(sql: string, params: unknown[] = [], options?: CallOptions) =>
      calls.post<QueryResult<T>>('/query', { sql, params }, options),
  }
}
