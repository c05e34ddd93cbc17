/**
 * Steps of workflows on tables. A step that changes rows takes effect once under its id: the change and the step's
 * answer are one transaction, and a repetition gets the answer. A failed step leaves nothing behind, not even its id.
 */

import { pointerTo } from '../json/json-pointer.ts'
import { readJson } from '../json/read-json.ts'
import { ClarionError } from '../model/codes.ts'
import type { Environment, Owner } from '../model/environments.ts'
import { checkQuery, readQuery, statement, timeoutSql } from './query.ts'
import { type Change, orderOf, type Row } from './row-statements.ts'
import { deleteRows, insertRows, selectRows, updateRows } from './rows.ts'
import { isConflict } from './store/failures.ts'
import type { Session } from './store/session.ts'
import { roleOf } from './store/tenants.ts'
import { coded, type TableParts } from './tables.ts'

export type TableAction =
  | { type: 'table_insert'; table: string; values: Row | readonly Row[] }
  | { type: 'table_update'; table: string; change: Change }
  | { type: 'table_delete'; table: string; where: unknown }
  | {
      type: 'table_get'
      table: string
      where: unknown
      orderBy?: string | readonly string[] | undefined
      limit?: number | undefined
    }
  | { type: 'sql_query'; sql: string; params: readonly unknown[]; mode: 'read' | 'write'; rowsMax?: number | undefined }

export interface TableStep {
  organizationId: string
  environment: Environment
  /** Names the effect: the same for every attempt, and for no other step. At most 500 characters. */
  stepId: string
  action: TableAction
  timeoutMs: number
  /** The plan's bound of stored bytes. */
  tableBytesMax: number
  /** Undoes the change at once: for debug runs that may have no effect. The id is not used up. */
  undo?: boolean
  /** Ends the statement under way. */
  signal?: AbortSignal | undefined
}

export interface StepAnswer {
  /** JSON: `row`, `rows`, `rowCount` of tables; `rows`, `rowCount`, `first` of SQL. */
  output: Row
  /** Whether an earlier attempt had done it. */
  isRepeated: boolean
}

export interface TableSteps {
  /** Throws codes of steps; `tables_unavailable` may pass, and the same step may then be run again. */
  run(step: TableStep): Promise<StepAnswer>
}

const ANSWER_CHARACTERS_MAX = 1_048_576
const STEP_ID_MAX = 500
const GET_LIMIT = 100
const GET_LIMIT_MAX = 1_000
const INSERT_MAX = 100
const TRIES = 3

export function createTableSteps(parts: TableParts, observe: { repeated(): void } = UNOBSERVED): TableSteps {
  return {
    async run(step) {
      // A step under its id may be tried again after anything that passes: it happens once.
      const answer = await coded(() => parts.database.again(() => attempted(() => runOnce(parts, step))))
      if (answer.isRepeated) observe.repeated()
      return answer
    },
  }
}

const UNOBSERVED = { repeated: () => undefined }

async function attempted<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === TRIES || !isConflict(error)) throw error
    }
  }
}

async function runOnce(parts: TableParts, step: TableStep): Promise<StepAnswer> {
  if (step.stepId.length > STEP_ID_MAX) throw new Error('A step id is longer than 500 characters')
  const { action } = step
  if (action.type === 'sql_query') {
    checkQuery(action)
    await parts.database.allowSql()
    return parts.database.asTenant(step, session => abortable(parts, step, session, () => runSql(parts, step, session)))
  }
  return parts.onTable(step, action.table, target =>
    abortable(parts, step, target.session, () =>
      action.type === 'table_get'
        ? readRows(target, action, step)
        : keyed(parts, step, target.session, () => changeRows(target, action)),
    ),
  )
}

type Target = Parameters<Parameters<TableParts['onTable']>[2]>[0]
type Changing = Exclude<TableAction, { type: 'table_get' | 'sql_query' }>

async function readRows(target: Target, action: Extract<TableAction, { type: 'table_get' }>, step: TableStep) {
  const limit = Math.min(action.limit ?? GET_LIMIT, GET_LIMIT_MAX)
  const { session, types } = target
  const [order, ...then] = [action.orderBy].flat().map(each => orderOf(types, each as string | undefined))
  await session.runAll([['begin transaction read only'], [timeoutSql(step.timeoutMs)]])
  const { rows } = await selectRows(target, { where: action.where, order: order!, then, limit })
  await session.run('rollback')
  return { output: tableOutput(rows, rows.length), isRepeated: false }
}

async function changeRows(target: Target, action: Changing): Promise<Row> {
  if (action.type === 'table_insert') {
    const rows = Array.isArray(action.values) ? (action.values as Row[]) : [action.values as Row]
    if (rows.length > INSERT_MAX) throw tooMany(rows.length)
    const made = await insertRows(target, rows, at => (Array.isArray(action.values) ? `/values/${at}` : '/values'))
    return tableOutput(made, made.length)
  }
  if (action.type === 'table_delete') return tableOutput([], (await deleteRows(target, action.where)).rowCount)
  const { rows, rowCount } = await updateRows(target, action.change)
  return tableOutput(rows, rowCount)
}

const tooMany = (count: number): ClarionError =>
  new ClarionError('validation_failed', `A step inserts at most ${INSERT_MAX} rows, not ${count}.`, {
    details: [{ path: pointerTo('', 'values'), rule: 'maxItems', message: `holds more than ${INSERT_MAX} rows` }],
  })

const tableOutput = (rows: readonly Row[], rowCount: number): Row => ({ row: rows[0] ?? null, rows, rowCount })

async function runSql(parts: TableParts, step: TableStep, session: Session): Promise<StepAnswer> {
  const action = step.action as Extract<TableAction, { type: 'sql_query' }>
  const query = { ...action, timeoutMs: step.timeoutMs, rowsMax: action.rowsMax ?? undefined }
  const output = async (work: () => Promise<{ rows: Row[]; rowCount: number }>): Promise<Row> => {
    const { rows, rowCount } = await work()
    return { rows, rowCount, first: rows[0] ?? null }
  }
  if (action.mode === 'read')
    return { output: await output(() => readQuery(session, query as never)), isRepeated: false }
  const answer = await keyed(parts, step, session, () => output(() => statement(session, query as never)))
  await session.run('discard all')
  return answer
}

/** Two flushes besides the change: one begins and asks for the answer of the key, one keeps the answer and commits. */
async function keyed(
  parts: TableParts,
  step: TableStep,
  session: Session,
  change: () => Promise<Row>,
): Promise<StepAnswer> {
  await parts.room.check(roleOf(step as Owner), sizeOf(step.action), step.tableBytesMax)
  const begun = await session.runAll([
    ['begin'],
    [timeoutSql(step.timeoutMs)],
    [`set local lock_timeout = ${Math.max(1, Math.round(step.timeoutMs))}`],
    ['select clarion.begin_step($1)', [step.stepId]],
  ])
  const known = begun[3]!.rows[0]?.[0]
  if (known !== null && known !== undefined) {
    await session.run('rollback')
    return { output: readJson(known) as Row, isRepeated: true }
  }
  const output = await change()
  const text = JSON.stringify(output)
  if (text.length > ANSWER_CHARACTERS_MAX)
    throw new ClarionError('sql_result_too_large', 'The answer of the step is larger than 1 MB: return fewer rows.')
  if (step.undo === true) await session.run('rollback')
  else await commit(session, step.stepId, text)
  return { output: readJson(text) as Row, isRepeated: false }
}

async function commit(session: Session, stepId: string, answer: string): Promise<void> {
  const [, ended] = await session.runAll([['select clarion.end_step($1, $2)', [stepId, answer]], ['commit']])
  // PostgreSQL answers ROLLBACK to the commit of a transaction that has failed.
  if (ended!.command !== 'COMMIT') throw new ClarionError('sql_failed', 'The transaction of the step had failed.')
}

const sizeOf = (action: TableAction): number => JSON.stringify(action).length

async function abortable<T>(
  { database }: TableParts,
  { signal }: TableStep,
  session: Session,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  let isCancelling = false
  async function cancel(): Promise<void> {
    isCancelling = true
    await database.cancel(session).catch(() => session.cut())
    isCancelling = false
  }
  signal?.addEventListener('abort', cancel)
  try {
    return await work()
  } finally {
    signal?.removeEventListener('abort', cancel)
    // A cancel that arrives late would end the next statement of the connection, which is another step's.
    if (isCancelling) session.cut()
  }
}
