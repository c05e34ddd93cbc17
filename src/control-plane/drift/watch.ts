/**
 * Looks again at an organization a moment after something of it has changed, and at all of them at the start and every
 * hour. Every api process does: the first one writes what it finds, and the others find nothing to write.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { DriftFinding, DriftKind, Observation } from '../../model/drift.ts'
import type { Kind } from '../../model/records.ts'
import type { DecisionView } from '../store/overlay.ts'
import { federationSnapshots } from './federation-snapshot.ts'
import { forkUpstreams } from './fork-upstream.ts'
import type { LookOrder } from './look-order.ts'
import { isOfRelay, isOverAt } from './relay-mismatch.ts'
import { subscriptionTargets } from './subscription-target.ts'

export interface DriftWatch {
  close(): Promise<void>
}

/** Changes come in groups. */
const SETTLED_MS = 500
const SHORTEST_MS = 50
const AGAIN_MS = 3_600_000

const KINDS: readonly DriftKind[] = ['fork_upstream', 'federation_snapshot', 'subscription_target']
const CONCERNED: ReadonlySet<Kind> = new Set<Kind>([
  ...(['registration', 'webhook', 'queue', 'workflow', 'listing', 'fork'] as const),
  ...(['federation-group', 'federation-member', 'federation-push'] as const),
])

/** What the control plane alone shows of an organization. */
export function observations(current: DecisionView, organizationId: string): Observation[] {
  if (current.organization(organizationId)?.status !== 'active') return []
  return [
    ...forkUpstreams(current, organizationId),
    ...federationSnapshots(current, organizationId),
    ...subscriptionTargets(current, organizationId),
  ]
}

/** A client that emits with old types no longer says so: it does not emit. */
const UNSEEN_MS = 7 * 86_400_000

const coveredAt = (nowMs: number) => (finding: DriftFinding) => {
  const { kind, lastSeenAt } = finding
  if (isOfRelay(finding)) return isOverAt(finding, nowMs)
  return KINDS.includes(kind) || (kind === 'type_generation' && nowMs - Date.parse(lastSeenAt) > UNSEEN_MS)
}

export function startDriftWatch(deps: {
  view: ControlView
  clock: Clock
  logger?: Logger
  timeScale?: number
  look(order: LookOrder): Promise<void>
}): DriftWatch {
  const { view, clock, timeScale = 1 } = deps
  const dirty = new Set<string>()
  let timer: Timer | undefined
  let working: Promise<void> = Promise.resolve()
  let closed = false

  function mark(organizationId: string): void {
    dirty.add(organizationId)
    if (closed || timer !== undefined) return
    timer = clock.after(Math.max(SHORTEST_MS, SETTLED_MS * timeScale), () => {
      timer = undefined
      working = working.then(lookAtDirty)
    })
  }
  function markAll(): void {
    for (const { id, status } of view.organizations()) if (status !== 'deleted') mark(id)
  }

  async function lookAtDirty(): Promise<void> {
    const some = [...dirty]
    dirty.clear()
    for (const organizationId of some) {
      if (closed) return
      try {
        const observe = (current: DecisionView) => observations(current, organizationId)
        await deps.look({ organizationId, covers: coveredAt(clock.nowMs()), observe })
      } catch (error) {
        deps.logger?.warn({ error: String(error), organizationId }, 'drift could not be looked for; it is tried again')
        mark(organizationId)
      }
    }
  }

  const stop = view.onChange((kind, organizationId, id) => {
    if (!CONCERNED.has(kind)) return
    for (const each of concernedBy(view, kind, organizationId, id)) mark(each)
  })
  let hourly: Timer
  const again = () => {
    markAll()
    hourly = clock.after(AGAIN_MS, again)
  }
  again()
  return {
    async close() {
      closed = true
      stop()
      timer?.cancel()
      hourly.cancel()
      await working
    },
  }
}

/** The organization of the record, those that forked a listing before it, and the members of its groups. */
function concernedBy(view: ControlView, kind: Kind, organizationId: string, id: string): string[] {
  if (kind === 'listing') return [organizationId, ...forkersBefore(view, id)]
  if (kind !== 'registration' && !kind.startsWith('federation-')) return [organizationId]
  const groups = view.list('federation-group', organizationId)
  const members = groups.flatMap(group => view.federation.members(group.id))
  const peers = members.flatMap(({ memberOrganizationId }) => memberOrganizationId ?? [])
  return [organizationId, ...new Set(peers)]
}

const CHAIN_MAX = 1_000

function forkersBefore(view: ControlView, id: string): string[] {
  const forkers = new Set<string>()
  let at = view.marketplace.listing(id)
  for (let steps = 0; at !== undefined && steps < CHAIN_MAX; steps++) {
    for (const fork of view.marketplace.forksOf(at.id)) forkers.add(fork.organizationId)
    at = at.previousListingId === null ? undefined : view.marketplace.listing(at.previousListingId)
  }
  return [...forkers]
}
