/** The lane of a run: its workflow's, or that of the value of its concurrency key. */
import type { ControlView } from '../../src/model/control-view.ts'
import { planOf } from '../../src/model/plans.ts'
import type { WorkflowConcurrency } from '../../src/model/workflows.ts'
import { compileValue } from '../../src/workflows/language/compile-template.ts'
import type { Evaluation } from '../../src/workflows/language/evaluation.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import { exactJson } from './facts.ts'
import type { Lane } from './live-run.ts'

const KEY_CHARACTERS_MAX = 200

export interface Lanes {
  of(facts: RunFacts): Lane
  /** Runs of an organization that may be active together. */
  limitOf(organizationId: string): number
  /** Runs of an organization that may wait for a time. */
  parkedMax(organizationId: string): number
  /** Runs of an organization that may wait for a slot. */
  queuedMax(organizationId: string): number
}

export function createLanes(view: Pick<ControlView, 'find' | 'organization'>): Lanes {
  const planOfOrganization = (id: string) => planOf(view.organization(id)?.plan ?? 'FREE')
  return {
    of(facts) {
      const { organizationId, workflowId } = facts
      const workflow = view.find('workflow', organizationId, workflowId)
      const isDebug = facts.mode === 'debug'
      // A debug run takes no slot from the workflow's own.
      const concurrency = isDebug ? null : (workflow?.concurrency ?? null)
      return {
        key: isDebug
          ? `${workflowId}/debug`
          : concurrency?.key
            ? `${workflowId}/${keyValue(facts, concurrency)}`
            : workflowId,
        ...{ organizationId, limit: concurrency?.limit ?? Number.POSITIVE_INFINITY },
        ...{ releases: concurrency?.whileWaiting !== 'hold', priority: workflow?.priority ?? 0 },
      }
    },
    limitOf: id => planOfOrganization(id).activeRuns,
    parkedMax: id => planOfOrganization(id).parkedRuns,
    queuedMax: id => planOfOrganization(id).queuedRuns,
  }
}

/** A key that cannot be computed is one of its own: all such runs share it. */
function keyValue(
  { scopes, variables, runId, workflowId, mode, startedAtMs }: RunFacts,
  { key }: WorkflowConcurrency,
): string {
  const roots = exactJson(scopes) as Record<string, unknown>
  const run = { id: runId, workflowId, mode, startedAt: new Date(startedAtMs).toISOString(), error: null }
  const env = JSON.parse(variables) as Record<string, string>
  const evaluation: Evaluation = {
    ...{ root: scope => (scope === '$run' ? run : roots[scope]), action: nothing, variable: nothing, spend: nothing },
    ...{ environment: name => (Object.hasOwn(env, name) ? env[name] : undefined), missing: nothing, mismatch: nothing },
  }
  try {
    const value = compileValue(key)?.(evaluation) ?? key
    return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, KEY_CHARACTERS_MAX)
  } catch {
    return ''
  }
}

const nothing = (): undefined => undefined
