/**
 * Reading runs from their owner, who knows more than the history has yet: runs that live, and those that ended lately.
 * Where no answer comes in time, callers read the history.
 */
import type { RunRow } from '../../topics/audit-runs.ts'
import type { Clock } from '../clock.ts'
import type { Owner } from '../model/environments.ts'
import type { LookedRun, LookQuestion } from './looked.ts'
import type { GivenCommand, RunCalls } from './run-calls.ts'

export interface RunLooks {
  /** Undefined: nobody owns the organization's runs now, or it has looked too often. */
  run(owner: Owner, runId: string): Promise<LookedRun | undefined>
  /** Newest first, at most 200; undefined as of `run`. */
  runs(owner: Owner, workflowId?: string): Promise<RunRow[] | undefined>
  /** Of variables and secrets that live runs read; undefined as of `run`. */
  names(owner: Owner): Promise<string[] | undefined>
}

const TIMEOUT_MS = 1_000
/** Of an organization, in a process. */
const PER_SECOND_MAX = 50
const WINDOW_MS = 1_000

export function createRunLooks({ runCalls, clock }: { runCalls: RunCalls; clock: Clock }): RunLooks {
  let windowEndsMs = 0
  const counts = new Map<string, number>()

  function mayLook(organizationId: string): boolean {
    const nowMs = clock.monotonicMs()
    if (nowMs >= windowEndsMs) {
      counts.clear()
      windowEndsMs = nowMs + WINDOW_MS
    }
    const count = (counts.get(organizationId) ?? 0) + 1
    counts.set(organizationId, count)
    return count <= PER_SECOND_MAX
  }

  async function look<T>(owner: Owner, question: LookQuestion): Promise<T | undefined> {
    const { organizationId, environment } = owner
    if (!mayLook(organizationId)) return undefined
    const options = JSON.stringify(question)
    const command: GivenCommand = { kind: 'cancel', ask: 'look', organizationId, environment, runId: '', options }
    // Reading goes on from the history, whatever keeps the look from being asked.
    const answer = await runCalls.call(command, { wants: 'look', timeoutMs: TIMEOUT_MS }).catch(() => undefined)
    return answer?.kind === 'looked' ? (JSON.parse(answer.value.toString()) as T) : undefined
  }

  return {
    run: (owner, runId) => look<LookedRun>(owner, { about: 'run', runId }),
    runs: (owner, workflowId) =>
      look<RunRow[]>(owner, { about: 'runs', ...(workflowId === undefined ? {} : { workflowId }) }),
    names: owner => look<string[]>(owner, { about: 'names' }),
  }
}
