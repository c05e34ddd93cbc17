/**
 * The targets of an event in federation. This runs for every accepted emit, so an event that is not shared costs one
 * look-up, and the targets of a shared one are computed once per state of the control plane. Rules:
 * docs/specification/federation.md#relays.
 */
import type { SkipReason } from '../../../topics/audit-relays.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { FederationGroup, FederationMember, FederationPush } from '../../model/federation.ts'
import { type Arrival, arrivalOf } from './relay-emit.ts'

export interface Target {
  push: FederationPush
  member: FederationMember
  /** Why the relay is skipped now; undefined: it is sent. */
  skip: SkipReason | undefined
  /** Null for an external peer. */
  arrivesAs: Arrival | null
}

const NOBODY: readonly Target[] = []

/** Targets of a canonical name, oldest push first; empty for an event that is not shared. */
export function createFanOut({
  federation,
}: Pick<ControlView, 'federation'>): (sourceCanonicalName: string) => readonly Target[] {
  const known = new Map<string, readonly Target[]>()
  let generation = -1
  return name => {
    const pushes = federation.pushesOf(name)
    if (pushes.length === 0) return NOBODY
    if (generation !== federation.generation) {
      known.clear()
      generation = federation.generation
    }
    let targets = known.get(name)
    if (targets === undefined) {
      targets = targetsOf(federation, pushes)
      known.set(name, targets)
    }
    return targets
  }
}

function targetsOf(federation: ControlView['federation'], pushes: readonly FederationPush[]): Target[] {
  const targets: Target[] = []
  /** A peer that gets the same version through two groups receives it once. */
  const reached = new Set<string>()
  for (const push of pushes) {
    const group = federation.group(push.groupId)
    if (group === undefined || group.status === 'archived') continue
    for (const member of federation.members(push.groupId)) {
      if (member.status !== 'accepted' && member.status !== 'paused') continue
      const { memberOrganizationId } = member
      const duplicate = memberOrganizationId !== null && reached.has(memberOrganizationId)
      const skip = withheld(group, member) ?? (duplicate ? 'duplicate' : undefined)
      if (skip === undefined && memberOrganizationId !== null) reached.add(memberOrganizationId)
      targets.push({ push, member, skip, arrivesAs: arrivalOf(member, push) })
    }
  }
  return targets
}

function withheld(group: FederationGroup, member: FederationMember): SkipReason | undefined {
  if (group.status === 'suspended') return 'plan'
  if (member.status === 'accepted') return undefined
  return member.pauseReason === 'plan' ? 'plan' : 'paused'
}
