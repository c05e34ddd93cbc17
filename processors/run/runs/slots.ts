/**
 * Slots of runs: each organization has those of its plan, each lane those of its workflow's concurrency. A run that comes
 * back from waiting goes before new ones; then priority decides, then age; lanes of an organization take turns. Handing
 * a slot on costs the same however many wait.
 */
import { createFifo, type Fifo } from '../../../src/delivery/fifo.ts'
import type { Lane, LiveRun } from '../live-run.ts'

export interface Slots {
  /** Takes a slot, or waits for one: `granted` is called then. */
  request(live: LiveRun, isReturning: boolean): void
  /** Gives its slot back. */
  release(live: LiveRun): void
  /** It waits no more. */
  forget(live: LiveRun): void
  /** Whether a new run of this lane would have to wait. */
  isFull(lane: Lane): boolean
  /** Runs of an organization that wait for a slot. */
  waiting(organizationId: string): number
  counts(): { held: number; waiting: number }
}

interface LaneState {
  organization: OrganizationState
  limit: number
  held: number
  returning: Fifo<LiveRun>
  /** By priority, the highest first. */
  fresh: Array<{ priority: number; runs: Fifo<LiveRun> }>
  waiting: number
  isEnlisted: boolean
}

interface OrganizationState {
  held: number
  waiting: number
  ready: Fifo<LaneState>
}

export function createSlots(deps: { limitOf(organizationId: string): number; granted(live: LiveRun): void }): Slots {
  const organizations = new Map<string, OrganizationState>()
  const lanes = new Map<string, LaneState>()

  function organizationOf(id: string): OrganizationState {
    const known = organizations.get(id)
    if (known !== undefined) return known
    const made = { held: 0, waiting: 0, ready: createFifo<LaneState>() }
    organizations.set(id, made)
    return made
  }

  function laneOf({ key, organizationId, limit }: Lane): LaneState {
    const known = lanes.get(key)
    if (known !== undefined) {
      known.limit = limit
      return known
    }
    const organization = organizationOf(organizationId)
    const returning = createFifo<LiveRun>()
    const made: LaneState = { organization, limit, held: 0, returning, fresh: [], waiting: 0, isEnlisted: false }
    lanes.set(key, made)
    return made
  }

  const hasRoom = ({ organization, held, limit }: LaneState, organizationId: string): boolean =>
    held < limit && organization.held < deps.limitOf(organizationId)

  function hold(live: LiveRun, lane: LaneState): void {
    lane.held++
    lane.organization.held++
    live.slot = 'held'
  }

  function enlist(lane: LaneState): void {
    if (lane.isEnlisted || lane.waiting === 0 || lane.held >= lane.limit) return
    lane.isEnlisted = true
    lane.organization.ready.push(lane)
  }

  /** The next of a lane; those that were forgotten are passed over. */
  function nextOf(lane: LaneState): LiveRun | undefined {
    for (const fifo of [lane.returning, ...lane.fresh.map(({ runs }) => runs)])
      for (let live = fifo.shift(); live !== undefined; live = fifo.shift())
        if (live.slot === 'waiting' && !live.hasEnded) return live
    return undefined
  }

  function handOn(organizationId: string): void {
    const organization = organizationOf(organizationId)
    while (organization.held < deps.limitOf(organizationId)) {
      const lane = organization.ready.shift()
      if (lane === undefined) return
      lane.isEnlisted = false
      const live = lane.held < lane.limit ? nextOf(lane) : undefined
      if (live !== undefined) {
        lane.waiting--
        organization.waiting--
        hold(live, lane)
        deps.granted(live)
      }
      enlist(lane)
    }
  }

  function push(live: LiveRun, lane: LaneState, isReturning: boolean): void {
    live.slot = 'waiting'
    lane.waiting++
    lane.organization.waiting++
    if (isReturning) lane.returning.push(live)
    else freshOf(lane, live.lane.priority).push(live)
    enlist(lane)
  }

  function tidy(key: string, organizationId: string): void {
    const lane = lanes.get(key)
    if (lane !== undefined && lane.held === 0 && lane.waiting === 0 && !lane.isEnlisted) lanes.delete(key)
    const organization = organizations.get(organizationId)
    if (organization?.held === 0 && organization.waiting === 0 && organization.ready.length === 0)
      organizations.delete(organizationId)
  }

  return {
    request(live, isReturning) {
      const lane = laneOf(live.lane)
      if (lane.waiting === 0 && hasRoom(lane, live.lane.organizationId)) {
        hold(live, lane)
        deps.granted(live)
      } else push(live, lane, isReturning)
    },
    release(live) {
      if (live.slot !== 'held') return
      const lane = laneOf(live.lane)
      live.slot = 'free'
      lane.held--
      lane.organization.held--
      enlist(lane)
      handOn(live.lane.organizationId)
      tidy(live.lane.key, live.lane.organizationId)
    },
    forget(live) {
      if (live.slot !== 'waiting') return
      const lane = laneOf(live.lane)
      live.slot = 'free'
      lane.waiting--
      lane.organization.waiting--
    },
    isFull(lane) {
      const state = laneOf(lane)
      const isFull = state.waiting > 0 || !hasRoom(state, lane.organizationId)
      tidy(lane.key, lane.organizationId)
      return isFull
    },
    waiting: organizationId => organizations.get(organizationId)?.waiting ?? 0,
    counts() {
      const all = [...organizations.values()]
      return {
        held: all.reduce((sum, { held }) => sum + held, 0),
        waiting: all.reduce((sum, { waiting }) => sum + waiting, 0),
      }
    },
  }
}

function freshOf(lane: LaneState, priority: number): Fifo<LiveRun> {
  const at = lane.fresh.findIndex(each => each.priority <= priority)
  const found = lane.fresh[at]
  if (found?.priority === priority) return found.runs
  const made = { priority, runs: createFifo<LiveRun>() }
  lane.fresh.splice(at < 0 ? lane.fresh.length : at, 0, made)
  return made.runs
}
