/** The actions on tables, and `sql_query` on the store that every organization has. */
import { ClarionError } from '../../../src/model/codes.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { planOf } from '../../../src/model/plans.ts'
import type { Change, Row } from '../../../src/tables/row-statements.ts'
import type { TableAction, TableSteps } from '../../../src/tables/steps.ts'
import type { ActionOf, ActionType } from '../../../src/workflows/language/definition.ts'
import type { BoundSql } from '../../../src/workflows/language/sql-text.ts'
import { failed, type OutwardCall, type StepAnswer } from './step.ts'

export type TableActionType = Extract<ActionType, `table_${string}` | 'sql_query'>

/** Of the outside; the step may be tried again. */
const PASSING: ReadonlySet<string> = new Set(['tables_unavailable', 'sql_timeout', 'connection_failed'])

export async function tableStep(
  { live, effect, stepId, timeoutMs, signal }: OutwardCall,
  { view, tables }: { view: Pick<ControlView, 'organization'>; tables: TableSteps },
): Promise<StepAnswer> {
  const { organizationId, environment } = live.facts
  const plan = view.organization(organizationId)?.plan ?? 'FREE'
  const { tableBytes, sqlQueries } = planOf(plan)
  if (effect.type === 'sql_query' && !sqlQueries) return failed('sql_refused', `The plan ${plan} has no sql_query.`)
  const { action, timeoutMs: ownMs } = tableActionOf(effect.type as TableActionType, effect.with)
  try {
    const step = { organizationId, environment, stepId, action, tableBytesMax: tableBytes, signal }
    const undo = live.run.start.debug?.sideEffects === 'mock'
    const { output } = await tables.run({ ...step, timeoutMs: Math.min(timeoutMs, ownMs ?? timeoutMs), undo })
    return { output }
  } catch (error) {
    if (!(error instanceof ClarionError)) throw error
    return failureOf(error)
  }
}

function tableActionOf(type: TableActionType, given: unknown): { action: TableAction; timeoutMs?: number | undefined } {
  if (type === 'sql_query') {
    const { sql, params, mode, rowsMax, timeoutMs } = queryOf(given)
    return { action: { type, sql, params, mode, rowsMax }, timeoutMs }
  }
  const { table, ...more } = given as { table: string } & Record<string, unknown>
  if (type === 'table_insert') return { action: { type, table, values: more.values as Row | Row[] } }
  if (type === 'table_update') return { action: { type, table, change: more as unknown as Change } }
  if (type === 'table_delete') return { action: { type, table, where: more.where } }
  const { where = {}, orderBy, limit } = more as { where?: unknown; orderBy?: string | string[]; limit?: number }
  return { action: { type, table, where, orderBy, limit } }
}

type QueryInput = Omit<ActionOf<'sql_query'>['with'], 'sql'> & { sql: BoundSql | string }

/** Without templates the statement is the text itself. */
export function queryOf(given: unknown) {
  const { sql, mode = 'read', maxRows, timeoutMs, connection } = given as QueryInput
  const { text, values } = typeof sql === 'string' ? { text: sql, values: [] } : sql
  return { sql: text, params: values, mode, rowsMax: maxRows, timeoutMs, connection }
}

export function failureOf({ code, message, details }: ClarionError): StepAnswer {
  if (code !== 'validation_failed') return failed(code, message, PASSING.has(code) ? { isTransient: true } : {})
  const found = (details as Array<{ path: string; message: string }> | undefined)?.[0]
  return failed('with_invalid', found === undefined ? message : `${found.path || 'with'} ${found.message}.`)
}
