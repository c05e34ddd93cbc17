/** `sql_query` on a connection: at least once, since a foreign database keeps no step's answer. */
import { findConnection } from '../../../src/control-plane/workflows/connections.ts'
import type { SecretBox } from '../../../src/crypto/secret-box.ts'
import { ClarionError } from '../../../src/model/codes.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { planOf } from '../../../src/model/plans.ts'
import type { ForeignDatabases } from '../../../src/tables/foreign.ts'
import type { OutwardCall, StepAnswer } from './step.ts'
import { failed } from './step.ts'
import { failureOf, queryOf } from './table-step.ts'

const ANSWER_CHARACTERS_MAX = 1_048_576

export async function foreignStep(
  { live, effect, timeoutMs: leftMs, signal }: OutwardCall,
  deps: {
    view: Pick<ControlView, 'organization' | 'find'>
    foreign: ForeignDatabases
    secrets: Pick<SecretBox, 'decrypt'>
  },
): Promise<StepAnswer> {
  const { view, foreign, secrets } = deps
  const plan = view.organization(live.facts.organizationId)?.plan ?? 'FREE'
  if (!planOf(plan).customCode) return failed('sql_refused', `The plan ${plan} has no connections to other databases.`)
  const { connection: name, sql, params, mode, rowsMax, timeoutMs = leftMs } = queryOf(effect.with)
  const connection = findConnection(view, live.facts, name ?? '')
  if (connection === undefined) return failed('not_found', `There is no connection '${name}'.`)
  try {
    const { organizationId, environment, id, encryptedPassword } = connection
    const owner = `${organizationId}/${environment}/${id}`
    const server = { ...connection, password: secrets.decrypt(encryptedPassword), owner }
    const query = { sql, params, mode, timeoutMs: Math.min(timeoutMs, leftMs), signal }
    const { rows, rowCount } = await foreign.run(server, rowsMax === undefined ? query : { ...query, rowsMax })
    if (JSON.stringify(rows).length > ANSWER_CHARACTERS_MAX)
      return failed('sql_result_too_large', 'The answer of the step is larger than 1 MB: return fewer rows.')
    return { output: { rows, rowCount, first: rows[0] ?? null } }
  } catch (error) {
    if (!(error instanceof ClarionError)) throw error
    return failureOf(error)
  }
}
