/**
 * Turns expired invitations into removed rows. An expired invitation is refused by the clock in any case; the sweep
 * announces the end of those that nobody uses. Every api process sweeps; the store lets one of them make the change.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { FederationMember } from '../../model/federation.ts'
import type { Ids } from '../../model/ids.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import type { FederationAnnouncements } from './announcements.ts'
import { SYSTEM } from './members.ts'
import { expired, isExpired } from './membership.ts'

const SWEEP_MS = 60_000
const SHORTEST_MS = 250
const ROWS_MAX = 200

export interface Sweep {
  close(): void
}

/** Sweeps every minute, times `timeScale`, until it is closed. */
export function startInvitationSweep(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announcements: FederationAnnouncements
  timeScale: number
}): Sweep {
  const { store, view, ids, clock } = deps
  const everyMs = Math.max(SHORTEST_MS, SWEEP_MS * deps.timeScale)
  let timer: Timer | undefined
  let closed = false

  function due(): FederationMember[] {
    const found: FederationMember[] = []
    for (const { id } of view.organizations())
      for (const member of view.list('federation-member', id))
        if (found.length < ROWS_MAX && isExpired(member, clock.nowMs())) found.push(member)
    return found
  }

  async function sweep(): Promise<void> {
    const found = due()
    if (found.length > 0) await store.change(ids.next('chg'), current => expire(current, found))
  }

  function expire(current: Pick<DecisionView, 'federation'>, found: FederationMember[]): Decision<void> {
    const pending = found
      .map(({ id }) => current.federation.member(id))
      .filter(each => each !== undefined && isExpired(each, clock.nowMs()))
    const rows = (pending as FederationMember[]).map(before => ({ before, after: expired(before) }))
    return {
      records: rows.map(({ after }): Change => ({ kind: 'federation-member', record: after })),
      changes: rows.flatMap(({ before, after }) => deps.announcements.ofMember(SYSTEM, 'EXPIRED', before, after)),
      result: undefined,
    }
  }

  function arm(): void {
    if (closed) return
    // The next sweep repeats one that could not be written.
    timer = clock.after(everyMs, () => void sweep().then(arm, arm))
  }
  arm()

  return {
    close() {
      closed = true
      timer?.cancel()
    },
  }
}
