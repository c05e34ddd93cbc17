import type { StoredRun, StoredStep } from '../../analytics/read/run-reads.ts'
import type { Owner } from '../../model/environments.ts'

export function presentSummary(run: StoredRun, { environment }: Owner) {
  const { runId: id, workflowId, workflowVersion, mode, retryOf, status, skipReason, startedAt, finishedAt } = run
  return {
    ...{ id, workflowId, workflowVersion, environment, mode, trigger: triggerOf(run), retryOf, status, skipReason },
    ...{ startedAt, finishedAt, durationMs: run.durationMs === null ? null : Number(run.durationMs) },
    ...{ error: errorOf(run), reason: run.reason, chainDepth: run.chainDepth },
  }
}

export function presentRun(run: StoredRun, steps: readonly StoredStep[], owner: Owner) {
  return { ...presentEnded(run, owner), steps: steps.map(presentStep) }
}

/** Without its steps. */
export function presentEnded(run: StoredRun, owner: Owner) {
  return {
    ...presentSummary(run, owner),
    ...{ params: paramsOf(run), output: valueIn(run.output), warnings: JSON.parse(run.warnings) as unknown[] },
  }
}

export function paramsOf(run: StoredRun): unknown {
  const scopes = valueIn(run.scopes)
  const params = typeof scopes === 'object' && scopes !== null ? (scopes as { $param?: unknown }).$param : scopes
  return params ?? null
}

export function presentStep(step: StoredStep) {
  const {
    number,
    actionKey,
    path,
    actionType: type,
    status,
    attempts,
    startedAt,
    errorCode,
    errorMessage,
    branch,
    variables,
  } = step
  return {
    ...{ number, actionKey, path, type, status, attempts, startedAt, durationMs: Number(step.durationMs) },
    ...{ input: valueIn(step.input), output: valueIn(step.output), branch },
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? '' },
    ...(variables === null ? {} : { variables: valueIn(variables) }),
  }
}

function triggerOf({ triggerKind, eventId, canonicalName, tick, parentRunId, replayId }: StoredRun) {
  const facts = { eventId, canonicalName, tick, parentRunId, replayId }
  return { kind: triggerKind, ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null)) }
}

function errorOf({ errorAction, errorPath, errorCode, errorMessage }: StoredRun) {
  if (errorCode === null) return null
  return { actionKey: errorAction || null, path: errorPath, code: errorCode, message: errorMessage ?? '' }
}

/** A value that was cut is shown as the text that is left. */
function valueIn(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
