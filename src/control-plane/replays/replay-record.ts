/** The record of a new replay, and what is announced of one. */
import type { Owner } from '../../model/environments.ts'
import { isUnderWay, type Replay, type ReplayProgress, targetsOf } from '../../model/replays.ts'
import type { Announcement, Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { Change } from '../store/store.ts'

export const ENGINE: Caller = { actorId: 'system', requestId: '' }
/** Ended replays of an organization that are listed; the oldest leave. */
const ENDED_MAX = 1_000

export const NOTHING: ReplayProgress = { matched: 0, processed: 0, succeeded: 0, failed: 0, skipped: 0 }

export function newReplay(of: {
  id: string
  owner: Owner
  kind: Replay['kind']
  caller: Caller
  nowMs: number
  name: string | null
}) {
  const now = new Date(of.nowMs).toISOString()
  return {
    ...{ id: of.id, ...of.owner, revision: 1, createdAt: now, updatedAt: now, name: of.name, kind: of.kind },
    ...{ state: 'running' as const, stateReason: null, requestedBy: of.caller.actorId, startedAt: now, endedAt: null },
    progress: null,
  }
}

export function excess(current: DecisionView, organizationId: string): Change[] {
  const ended = current.list('replay', organizationId).filter(each => !isUnderWay(each))
  return ended.slice(0, Math.max(0, ended.length - ENDED_MAX)).map(({ id }) => ({
    kind: 'replay',
    remove: { organizationId, id },
  }))
}

/** One webhook is named as it always was. */
export function aboutTargets(replay: Replay): Record<string, unknown> {
  if (replay.webhookId !== undefined) return { webhookId: replay.webhookId }
  return { target: replay.targetKind, targets: targetsOf(replay).map(({ id }) => id) }
}

export const of = (replay: Replay, type: string): Announcement => ({
  organizationId: replay.organizationId,
  type,
  entityType: 'replay',
  entityId: replay.id,
})
