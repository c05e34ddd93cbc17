/**
 * Member organizations of a federation as targets of replays. A member gets the relays that it would have had by the
 * pushes that are active now, and none twice: the relay log says what has reached it. A relay of a replay carries the
 * replay's id as its request, so that the member's shard remembers it and ignores a repetition after a crash.
 */
import type { PastRelay } from '../../../src/analytics/read/member-reads.ts'
import type { Clock } from '../../../src/clock.ts'
import { arrivalOf, relayEmit } from '../../../src/control-plane/federation/relay-emit.ts'
import { CHAIN_DEPTH_MAX } from '../../../src/events/chain.ts'
import { platformEmitRecord } from '../../../src/ingress/platform-emit.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { FederationMember } from '../../../src/model/federation.ts'
import { relayId } from '../../../src/model/ids.ts'
import { type Replay, type ReplayTarget, targetsOf } from '../../../src/model/replays.ts'
import type { OpenTarget } from '../../../src/replay/ways/owner.ts'
import { type Candidate, NotYet } from '../../../src/replay/ways/way.ts'
import { createGroupShares } from './group-shares.ts'

export interface MemberTargetPorts {
  clock: Clock
  view: Pick<ControlView, 'federation' | 'appliedOffset'>
  shards: number
  /** Shortens delays (`CLARION_TIME_SCALE`). */
  timeScale: number
  write(records: OutRecord[]): void
  /** From the history. */
  relaysTo(organizationId: string, memberOrganizationId: string, eventIds: string[]): Promise<PastRelay[]>
  recordedEmits(organizationId: string, emitIds: string[]): Promise<ReadonlySet<string>>
}

/** Writes of one transaction. */
const IN_FLIGHT_MAX = 100
/** By then the relay log has an event's decisions, if its emit is in the history and there were any. */
const DECIDED_AFTER_MS = 30_000

export function openMember(
  ports: MemberTargetPorts,
  replay: Replay,
  target: Pick<ReplayTarget, 'kind' | 'id'>,
): OpenTarget {
  const { view, clock } = ports
  const decidedAfterMs = DECIDED_AFTER_MS * ports.timeScale
  const member = () => {
    const found = view.federation.member(target.id)
    return found?.status === 'removed' || found?.memberOrganizationId === null ? undefined : found
  }
  const sharesOf = createGroupShares(view)

  async function judge(candidates: Candidate[]): Promise<Candidate[]> {
    const to = member()
    if (!to) return []
    const { pushes } = sharesOf(to.groupId)
    const past = await pastOf(ports, replay, to, candidates)
    const isBrought = broughtByAnother(to)
    return candidates.map(candidate => {
      const push = pushes.get(candidate.event.canonicalName)
      if (past.get(candidate.event.eventId) || isBrought(candidate.event.canonicalName))
        return skipped(candidate, 'duplicate')
      if (candidate.event.depth >= CHAIN_DEPTH_MAX) return skipped(candidate, 'chain_depth_exceeded')
      if (push && push.schemaHash !== candidate.event.schemaHash)
        return { ...candidate, without: { outcome: 'failed', reason: 'schema_snapshot_mismatch' } }
      return candidate
    })
  }

  return {
    state() {
      const to = member()
      const group = to && view.federation.group(to.groupId)
      if (!group || group.status === 'archived') return 'gone'
      return to.status === 'accepted' && group.status === 'active' ? 'active' : 'inactive'
    },
    isWaiting: () => false,
    inFlightMax: () => IN_FLIGHT_MAX,
    selection() {
      const to = member()
      return to && sharesOf(to.groupId).selection
    },
    judge,
    deliver({ event, payload }, left) {
      left()
      const to = member()
      const push = to && sharesOf(to.groupId).pushes.get(event.canonicalName)
      const arrival = push && arrivalOf(to, push)
      // It was changed since the batch was judged.
      if (!arrival || to.status !== 'accepted') return { outcome: 'skipped', reason: 'inactive' }
      const id = relayId(event.eventId, push.id, to.id)
      const emit = { ...relayEmit(event, push, to.id, arrival, id, payload), requestId: replay.id }
      ports.write([platformEmitRecord(emit, ports.shards, view.appliedOffset)])
      return { outcome: 'delivered', reason: null }
    },
  }

  /** The names that the organization gets by an earlier target of the replay, as a member of another group. */
  function broughtByAnother(to: FederationMember): (canonicalName: string) => boolean {
    const ids = targetsOf(replay).map(({ id }) => id)
    const earlier = ids
      .slice(0, ids.indexOf(target.id))
      .map(id => view.federation.member(id))
      .filter(each => each?.memberOrganizationId === to.memberOrganizationId && each.status === 'accepted')
    const names = new Set(
      earlier
        .flatMap(each => view.federation.pushes(each!.groupId).filter(({ isActive }) => isActive))
        .map(each => each.sourceCanonicalName),
    )
    return canonicalName => names.has(canonicalName)
  }

  /** By event id: whether the member has it. Throws `NotYet` while the history cannot say so. */
  async function pastOf(
    { relaysTo, recordedEmits }: MemberTargetPorts,
    { organizationId }: Replay,
    to: FederationMember,
    candidates: Candidate[],
  ): Promise<ReadonlyMap<string, boolean>> {
    const found = await relaysTo(
      organizationId,
      to.memberOrganizationId!,
      candidates.map(({ event }) => event.eventId),
    )
    const past = new Map<string, boolean>()
    for (const { sourceEventId, hasArrived, status } of found) {
      if (status === 'queued' && !hasArrived) throw new NotYet(`${sourceEventId} is on its way to the member`)
      past.set(sourceEventId, past.get(sourceEventId) === true || status === 'relayed')
    }
    const unknown = candidates.filter(({ event }) => !past.has(event.eventId))
    const recorded = await recordedEmits(
      organizationId,
      unknown.map(({ event }) => event.emitId),
    )
    for (const { event } of unknown) {
      if (wasMemberAt(to, event.canonicalName, event.recordedAtMs))
        throw new NotYet(`the relay log does not have ${event.eventId} yet`)
      if (!recorded.has(event.emitId) || clock.nowMs() - event.recordedAtMs < decidedAfterMs)
        throw new NotYet(`the history does not have ${event.eventId} yet`)
    }
    return past
  }

  /** Whether acceptance has decided about the member for sure: then there is a row. */
  function wasMemberAt(to: FederationMember, canonicalName: string, atMs: number): boolean {
    const push = sharesOf(to.groupId).pushes.get(canonicalName)
    const sinceMs = Math.max(Date.parse(to.acceptedAt ?? ''), Date.parse(push?.pushedAt ?? ''))
    return sinceMs + decidedAfterMs < atMs
  }
}

const skipped = (candidate: Candidate, reason: string): Candidate => ({
  ...candidate,
  without: { outcome: 'skipped', reason },
})
