/**
 * Beginnings and ends of runs as lifecycle events, where they are named. History keeps them for everybody, so the audit
 * trail does not; debug runs announce nothing.
 */
import { type Cause, createLifecycle } from '../../src/control-plane/store/lifecycle.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { isLifecycleType } from '../../src/model/names.ts'
import type { Ending } from '../../src/workflows/interpreter/run.ts'
import type { RunFacts } from '../../topics/run-journal.ts'

export interface AnnounceRuns {
  started(facts: RunFacts, atMs: number): OutRecord[]
  ended(facts: RunFacts, ending: Ending, atMs: number): OutRecord[]
}

const CANONICAL_NAME = /:([^:@]+)@[^@]*$/
const NOTHING: OutRecord[] = []

export function createAnnounceRuns(deps: {
  view: Pick<ControlView, 'webhooks' | 'organization' | 'list'>
  shards: number
}): AnnounceRuns {
  const lifecycle = createLifecycle(deps)

  function announce(facts: RunFacts, status: string, data: object, atMs: number): OutRecord[] {
    const { organizationId, environment, runId, workflowId, version: workflowVersion, mode } = facts
    const type = `WORKFLOW_RUN_${status.toUpperCase()}`
    if (mode === 'debug' || !lifecycle.isNamed(organizationId, environment, type)) return NOTHING
    const row = {
      ...{ id: `${type}/${runId}`, organizationId, type, entityType: 'run', entityId: runId, canonicalName: null },
      ...{ actorId: 'system', occurredAtMs: atMs, previousStatus: null, status, reason: null, requestId: null },
      data: JSON.stringify({ workflowId, workflowVersion, mode, ...data }),
    }
    return lifecycle.announce(row, environment, causeOf(facts))
  }

  return {
    started: (facts, atMs) => announce(facts, 'started', { trigger: facts.triggerKind }, atMs),
    ended(facts, { status, error }, atMs) {
      const durationMs = Math.max(0, atMs - facts.startedAtMs)
      const failure = error === null ? {} : { code: error.code, actionKey: error.actionKey || null }
      return announce(facts, status, { durationMs, ...failure }, atMs)
    },
  }
}

/** A run that no event has begun begins no chain: its depth counts as -1. */
function causeOf({ eventId, rootEventId, depth, path, traceparent, canonicalName }: RunFacts): Cause {
  const type = CANONICAL_NAME.exec(canonicalName ?? '')?.[1] ?? ''
  const isFirst = eventId === null || (depth === 0 && path.length === 0)
  return {
    ...{ eventId, rootEventId: rootEventId ?? '', depth: isFirst ? -1 : depth, path, traceparent },
    isLifecycle: isLifecycleType(type),
  }
}
