/**
 * Removes ended records of living organizations after some time: expired API keys and inspectors, ended replays, ended
 * logins, findings of drift that are over, and deleted workflows with their versions.
 */
import type { Clock } from '../../clock.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import { isExpired } from '../../model/inspectors.ts'
import { OPERATORS } from '../../model/logins.ts'
import { PLATFORM as SHARED } from '../../model/names.ts'
import { isOver } from '../sessions/logins.ts'
import type { Announce, Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { ControlStore } from '../store/store.ts'
import { findVersion } from '../workflows/get-workflow.ts'
import { AFTER_LIVE_MS } from '../workflows/kept-versions.ts'
import { isThere, pagesOf, type Removal } from './clearing.ts'

const DAY_MS = 86_400_000
export const EXPIRED_KEY_RETENTION_MS = 30 * DAY_MS
/** As long as the replay's attempts are in the history. */
export const ENDED_REPLAY_RETENTION_MS = 62 * DAY_MS
/** Of a finding that is resolved, or ignored and not seen since. */
export const FINDING_RETENTION_MS = 90 * DAY_MS
/** As long as its report can be read after its end. */
export const SHADOW_RETENTION_MS = 30 * DAY_MS
const PLATFORM: Caller = { actorId: 'system', requestId: '' }

export interface ExpiredRecords {
  /** Removes everything due, a page per transaction. */
  removeDue(): Promise<void>
  close(): void
}

export function createExpiredRecords(deps: {
  store: ControlStore
  view: Pick<ControlView, 'organizations' | 'list' | 'find'>
  ids: Ids
  clock: Clock
  announce: Announce
}): ExpiredRecords {
  const { store, view, ids, clock, announce } = deps
  let closed = false

  function* due(): Generator<Removal> {
    const timeBefore = (ms: number) => new Date(clock.nowMs() - ms).toISOString()
    const [keysBefore, replaysBefore] = [timeBefore(EXPIRED_KEY_RETENTION_MS), timeBefore(ENDED_REPLAY_RETENTION_MS)]
    yield* endedLogins(OPERATORS)
    yield* pastFindings(SHARED, timeBefore(FINDING_RETENTION_MS))
    for (const { id: organizationId, status } of view.organizations()) {
      if (status === 'deleted') continue
      for (const { id, expiresAt } of view.list('key', organizationId))
        if (expiresAt !== null && expiresAt < keysBefore) yield { kind: 'key', remove: { organizationId, id } }
      for (const { id, endedAt } of view.list('replay', organizationId))
        if (endedAt !== null && endedAt < replaysBefore) yield { kind: 'replay', remove: { organizationId, id } }
      for (const { id, until } of view.list('shadow', organizationId))
        if (until < timeBefore(SHADOW_RETENTION_MS)) yield { kind: 'shadow', remove: { organizationId, id } }
      yield* pastFindings(organizationId, timeBefore(FINDING_RETENTION_MS))
      for (const inspector of view.list('inspector', organizationId))
        if (isExpired(inspector, clock.nowMs()))
          yield { kind: 'inspector', remove: { organizationId, id: inspector.id } }
      yield* endedLogins(organizationId)
      yield* deletedWorkflows(organizationId, timeBefore(AFTER_LIVE_MS))
    }
  }

  function* pastFindings(organizationId: string, before: string): Generator<Removal> {
    for (const { id, status, lastSeenAt, resolvedAt } of view.list('drift-finding', organizationId))
      if ((status === 'resolved' || status === 'ignored') && (resolvedAt ?? lastSeenAt) < before)
        yield { kind: 'drift-finding', remove: { organizationId, id } }
  }

  function* endedLogins(organizationId: string): Generator<Removal> {
    for (const login of view.list('login', organizationId))
      if (isOver(login, clock.nowMs())) yield { kind: 'login', remove: { organizationId, id: login.id } }
  }

  /** Versions first: what is left of an interrupted page is found again by its workflow. */
  function* deletedWorkflows(organizationId: string, before: string): Generator<Removal> {
    for (const workflow of view.list('workflow', organizationId)) {
      if ((workflow.deletedAt ?? before) >= before) continue
      for (let number = workflow.firstVersion; number <= workflow.lastVersion; number++) {
        const version = findVersion(view, workflow, number)
        if (version !== undefined) yield { kind: 'workflow-version', remove: { organizationId, id: version.id } }
      }
      yield { kind: 'workflow', remove: { organizationId, id: workflow.id } }
    }
  }

  /** The end of a replay was announced when it ended, so its removal is not. */
  function announced(current: Pick<DecisionView, 'find'>, { kind, remove: { organizationId, id } }: Removal) {
    const key = kind === 'key' ? (current.find(kind, organizationId, id) as ApiKey) : undefined
    if (key === undefined) return []
    const data = { name: key.name, expiresAt: key.expiresAt }
    return [
      announce(PLATFORM, {
        organizationId,
        type: 'API_KEY_DELETED',
        entityType: 'key',
        entityId: id,
        reason: 'expired',
        data,
      }),
    ]
  }

  return {
    async removeDue() {
      for (const page of pagesOf(due())) {
        if (closed) return
        await store.change(ids.next('chg'), current => {
          const there = page.filter(each => isThere(current, each))
          return { records: there, changes: there.flatMap(each => announced(current, each)), result: undefined }
        })
      }
    },
    close() {
      closed = true
    },
  }
}
