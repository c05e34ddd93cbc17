/** An organization's own SQL: one statement, whose transaction it can neither end nor leave. */
import { ClarionError } from '../model/codes.ts'
import { checkSql } from './language/sql-words.ts'
import { wrong } from './language/where.ts'
import type { Row } from './row-statements.ts'
import { ANSWER_BYTES_MAX, rowsOf } from './rows.ts'
import type { Session, Value } from './store/session.ts'

export const QUERY_ROWS_MAX = 1_000
export const PARAMETERS_MAX = 100

export interface Query {
  sql: string
  params: readonly unknown[]
  timeoutMs: number
  rowsMax?: number
}

export interface Queried {
  rows: Row[]
  rowCount: number
  /** Names in their order; rows have the last of those that are the same. */
  columns: string[]
}

/** The finding about a query before anything is sent. */
export function checkQuery({ sql, params }: Pick<Query, 'sql' | 'params'>): void {
  checkSql(sql)
  if (params.length > PARAMETERS_MAX) throw wrong('/params', 'maxItems', `has more than ${PARAMETERS_MAX} values`)
}

/** Rolled back, as nothing can be changed. */
export async function readQuery(session: Session, query: Query): Promise<Queried> {
  await session.runAll([['begin transaction read only'], [timeoutSql(query.timeoutMs)]])
  const answer = await statement(session, query)
  await session.runAll([['rollback'], ['discard all']])
  return answer
}

/** In the transaction of the caller. Cuts the connection when the statement has left it. */
export async function statement(session: Session, query: Query): Promise<Queried> {
  const values = query.params.map((each, at) => parameter(each, at))
  const result = await session.run(query.sql, values, ANSWER_BYTES_MAX)
  if (!session.isInTransaction()) {
    session.cut()
    throw new ClarionError('sql_refused', 'The statement ended its transaction.')
  }
  const rowsMax = query.rowsMax ?? QUERY_ROWS_MAX
  if (result.rows.length > rowsMax)
    throw new ClarionError('sql_result_too_large', `The statement returned more than ${rowsMax} rows: add a limit.`)
  return { rows: rowsOf(result), rowCount: result.rowCount, columns: result.columns.map(({ name }) => name) }
}

export const timeoutSql = (timeoutMs: number): string =>
  `set local statement_timeout = ${Math.max(1, Math.round(timeoutMs))}`

/** PostgreSQL infers the types of parameters; objects and lists are JSON. */
function parameter(value: unknown, at: number): Value {
  if (value === null || value === undefined) return null
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (text.includes('\0')) throw wrong(`/params/${at}`, 'type', 'must not hold the character U+0000')
  return text
}
