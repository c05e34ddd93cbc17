/** Rows of a table, on a session that is the organization's own login. */
import { ORDERED_CHARACTERS_MAX } from '../model/cursors.ts'
import { noTable } from './definitions.ts'
import { decodeValue } from './language/column-types.ts'
import { type ColumnTypes, wrong } from './language/where.ts'
import {
  type Change,
  deleteStatement,
  insertStatements,
  type Order,
  type Row,
  type RowPlace,
  type Statement,
  selectStatement,
  stockInsufficient,
  updateStatement,
} from './row-statements.ts'
import { isUndefinedTable } from './store/failures.ts'
import type { Result, Session, Value } from './store/session.ts'

/** An answer is cut beyond it, and its connection with it. */
export const ANSWER_BYTES_MAX = 2 * 1024 * 1024

export interface Target {
  session: Session
  table: string
  types: ColumnTypes
}

export interface Changed {
  rowCount: number
  /** The first of them. */
  rows: Row[]
}

/** All or none: inside a transaction if there are several statements. */
export async function insertRows(target: Target, rows: readonly Row[], path: (at: number) => string): Promise<Row[]> {
  const statements = insertStatements(target.table, target.types, rows, path)
  const [first, ...more] = statements
  if (more.length === 0 || target.session.isInTransaction()) return inserted(target, statements)
  await target.session.run('begin')
  const made = await inserted(target, [first!, ...more])
  await target.session.run('commit')
  return made
}

async function inserted(target: Target, statements: readonly Statement[]): Promise<Row[]> {
  const made: Row[] = []
  for (const statement of statements) made.push(...rowsOf(await execute(target, statement)))
  return made
}

export async function updateRows(target: Target, change: Change): Promise<Changed> {
  const result = await execute(target, updateStatement(target.table, target.types, change))
  const [first] = result.rows
  if (Number(first![0]) > 0) throw stockInsufficient()
  const rows = rowsOf(result, 2).filter(({ id }) => id !== null)
  return { rowCount: Number(first![1]), rows }
}

export async function deleteRows(target: Target, where: unknown): Promise<{ rowCount: number }> {
  const { rowCount } = await execute(target, deleteStatement(target.table, target.types, where))
  return { rowCount }
}

export interface Selected {
  rows: Row[]
  /** The place of the last row, if there are more. */
  next: RowPlace | undefined
}

export async function selectRows(
  target: Target,
  {
    limit,
    ...selection
  }: { where: unknown; order: Order; then?: readonly Order[]; limit: number; after?: RowPlace | undefined },
): Promise<Selected> {
  const { order, after } = selection
  const statement = selectStatement(target.table, target.types, { ...selection, limit: limit + 1 })
  const result = await execute(target, statement).catch(error => {
    // A value that the order cannot compare with: no page ended there.
    if (after !== undefined && /^22/.test((error as { code?: string }).code ?? ''))
      throw wrong('/cursor', 'cursor', 'is not a cursor of this list')
    throw error
  })
  const shown = { ...result, rows: result.rows.slice(0, limit) }
  const last = result.rows.length > limit ? shown.rows.at(-1) : undefined
  if (last !== undefined && [...(last[0] ?? '')].length > ORDERED_CHARACTERS_MAX)
    throw wrong('/orderBy', 'too_long', `a value of '${order.column}' is too long to page by`)
  const idAt = result.columns.findIndex(({ name }, at) => at > 0 && name === 'id')
  return { rows: rowsOf(shown, 1), next: last && { value: last[0]!, id: last[idAt]! } }
}

/** Throws `not_found` when the table was deleted meanwhile. */
async function execute({ session, table }: Target, { text, values }: Statement): Promise<Result> {
  try {
    return await session.run(text, values, ANSWER_BYTES_MAX)
  } catch (error) {
    throw isUndefinedTable(error) ? noTable(table) : error
  }
}

/** `from`: columns before it are not of the row. Of columns with the same name the last one counts. */
export function rowsOf({ columns, rows }: Pick<Result, 'columns' | 'rows'>, from = 0): Row[] {
  const shown = columns.slice(from)
  return rows.map(row => {
    const made: Row = Object.create(null)
    shown.forEach(({ name, typeId }, at) => {
      made[name] = decodeValue(typeId, row[from + at] as Value)
    })
    return { ...made }
  })
}
