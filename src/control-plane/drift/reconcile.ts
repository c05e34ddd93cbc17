/**
 * What a look at the state does to the findings before it: a fault is one finding for as long as it is seen, ends when
 * it is not seen any more, and is the same finding again if it comes back within a day.
 */
import { hash } from 'node:crypto'
import { canonicalJson } from '../../json/canonical-json.ts'
import type { DriftFinding, DriftKind, Observation } from '../../model/drift.ts'
import { revised } from '../store/revision.ts'

const HOUR_MS = 3_600_000
/** A fault that lasts is written again this often, not with each look. */
export const SEEN_EVERY_MS = HOUR_MS
export const REOPENED_WITHIN_MS = 24 * HOUR_MS
/** New findings of a kind at once beyond this number become one. */
export const SINGLE_MAX = 20
export const DIFF_MAX = 50

export interface Look {
  organizationId: string
  before: readonly DriftFinding[]
  observed: readonly Observation[]
  /** Which findings would have been seen: the others are left alone. */
  covers(finding: DriftFinding): boolean
  nowMs: number
  nextId(): string
}

/** `detected`, `resolved`: those to be announced; `records`: all that are to be written. */
export interface Reconciled {
  records: DriftFinding[]
  detected: DriftFinding[]
  resolved: DriftFinding[]
}

export function reconcile(look: Look): Reconciled {
  const known = new Map(look.before.map(each => [keyOf(each, each.diffHash), each]))
  const outcome: Reconciled = { records: [], detected: [], resolved: [] }
  const seen = new Set<string>()
  for (const observation of summarized(look, known)) {
    const diffHash = diffHashOf(observation)
    const key = keyOf(observation, diffHash)
    seen.add(key)
    see(look, outcome, { ...observation, diff: observation.diff.slice(0, DIFF_MAX) }, diffHash, known.get(key))
  }
  for (const [key, finding] of known) {
    if (seen.has(key) || !isOpen(finding) || !look.covers(finding)) continue
    const resolvedAt = new Date(look.nowMs).toISOString()
    const resolved = revised<DriftFinding>(finding, { status: 'resolved', resolvedAt }, look.nowMs)
    outcome.records.push(resolved)
    outcome.resolved.push(resolved)
  }
  return outcome
}

export const isOpen = ({ status }: DriftFinding): boolean => status === 'open' || status === 'acknowledged'

function see(
  { organizationId, nowMs, nextId }: Look,
  outcome: Reconciled,
  { proposal = {}, ...observation }: Observation,
  diffHash: string,
  found: DriftFinding | undefined,
): void {
  const now = new Date(nowMs).toISOString()
  const facts = { ...observation, proposal: Object.keys(proposal).length === 0 ? null : proposal }
  const isOver = found?.status === 'resolved' && nowMs - Date.parse(found.resolvedAt ?? now) >= REOPENED_WITHIN_MS
  if (found === undefined || isOver) {
    const made: DriftFinding = {
      ...{ id: nextId(), organizationId, revision: 1, createdAt: now, updatedAt: now },
      ...{ ...facts, diffHash, firstSeenAt: now, lastSeenAt: now, occurrences: 1 },
      ...{ status: 'open', resolvedAt: null, note: null },
    }
    outcome.records.push(made)
    outcome.detected.push(made)
    return
  }
  const again = { ...facts, lastSeenAt: now, occurrences: found.occurrences + 1 }
  if (found.status === 'resolved') {
    const reopened = revised<DriftFinding>(found, { ...again, status: 'open', resolvedAt: null }, nowMs)
    outcome.records.push(reopened)
    outcome.detected.push(reopened)
  } else if (nowMs - Date.parse(found.lastSeenAt) >= SEEN_EVERY_MS) outcome.records.push(revised(found, again, nowMs))
}

/** Many at once have one cause: those that are not findings already become one of the organization. */
function summarized(look: Look, known: ReadonlyMap<string, DriftFinding>): Observation[] {
  return [...Map.groupBy(look.observed, ({ kind }) => kind)].flatMap(([kind, all]) => {
    const [kept, young] = split(all, each => {
      const found = known.get(keyOf(each, diffHashOf(each)))
      return found !== undefined && found.status !== 'resolved'
    })
    if (kept.length + young.length <= SINGLE_MAX || young.length < 2) return all
    return [...kept, summaryOf(look.organizationId, kind, young)]
  })
}

function summaryOf(organizationId: string, kind: DriftKind, all: readonly Observation[]): Observation {
  const severity = (['critical', 'warning', 'info'] as const).find(each => all.some(one => one.severity === each))!
  return {
    ...{ kind, severity, entityType: 'organization', entityId: organizationId, canonicalName: null },
    message: `${all.length} things have drifted at once, such as: ${all[0]!.message}`,
    ...{ expected: null, actual: { count: all.length } },
    diff: all
      .slice(0, DIFF_MAX)
      .map(({ entityType, entityId }) => ({ path: `/${entityType}/${entityId}`, change: kind })),
  }
}

function split<T>(all: readonly T[], holds: (each: T) => boolean): [T[], T[]] {
  return [all.filter(holds), all.filter(each => !holds(each))]
}

const keyOf = (
  { kind, entityType, entityId }: Pick<Observation, 'kind' | 'entityType' | 'entityId'>,
  diffHash: string,
) => `${kind}/${entityType}/${entityId}/${diffHash}`

/** A summary is one finding however many it stands for. */
function diffHashOf({ entityType, diff, actual }: Observation): string {
  const content = entityType === 'organization' && actual?.count !== undefined ? 'summary' : diff
  return hash('sha256', canonicalJson(content)).slice(0, 32)
}
