/**
 * An index of federation groups, members and pushes by their own ids, across organizations: a member reads a group that
 * another organization owns, and the fan-out looks up pushes by canonical name.
 */
import type { FederationGroup, FederationMember, FederationPush } from './federation.ts'
import { createGrouping, overlaid, type Pending, replace } from './record-index.ts'
import type { Kind, RecordsByKind } from './records.ts'

export interface FederationReading {
  group(groupId: string): FederationGroup | undefined
  member(memberId: string): FederationMember | undefined
  push(pushId: string): FederationPush | undefined
  /** Every member row of a group, removed members included; oldest first. */
  members(groupId: string): readonly FederationMember[]
  /** Every push of a group, undeclared ones too; oldest first. */
  pushes(groupId: string): readonly FederationPush[]
  /** The member rows of an invited organization, over all groups; oldest first. */
  memberships(organizationId: string): readonly FederationMember[]
  /** The active pushes of one version, oldest first; empty for a version that is not shared, as nearly all are. */
  pushesOf(sourceCanonicalName: string): readonly FederationPush[]
}

export interface FederationIndex extends FederationReading {
  /** Grows with each change of the index; anything computed at an older number is stale. */
  readonly generation: number
  /** Removes `before` from the index and adds `after`. Records of other kinds are ignored. */
  change(kind: Kind, before: RecordsByKind[Kind] | undefined, after: RecordsByKind[Kind] | undefined): void
}

export function createFederationIndex(): FederationIndex {
  const groups = new Map<string, FederationGroup>()
  const members = new Map<string, FederationMember>()
  const pushes = new Map<string, FederationPush>()
  const membersOf = createGrouping<FederationMember>()
  const pushesIn = createGrouping<FederationPush>()
  const membershipsOf = createGrouping<FederationMember>()
  const activeBy = createGrouping<FederationPush>()
  let generation = 0

  function changeMember(before: FederationMember | undefined, after: FederationMember | undefined): void {
    replace(members, before, after)
    membersOf.change(before, after, ({ groupId }) => groupId)
    membershipsOf.change(before, after, ({ memberOrganizationId }) => memberOrganizationId)
  }
  function changePush(before: FederationPush | undefined, after: FederationPush | undefined): void {
    replace(pushes, before, after)
    pushesIn.change(before, after, ({ groupId }) => groupId)
    activeBy.change(before, after, ({ isActive, sourceCanonicalName }) => (isActive ? sourceCanonicalName : null))
  }

  return {
    get generation() {
      return generation
    },
    group: groupId => groups.get(groupId),
    member: memberId => members.get(memberId),
    push: pushId => pushes.get(pushId),
    members: membersOf.at,
    pushes: pushesIn.at,
    memberships: membershipsOf.at,
    pushesOf: activeBy.at,
    change(kind, before, after) {
      if (kind === 'federation-group')
        replace(groups, before as FederationGroup | undefined, after as FederationGroup | undefined)
      else if (kind === 'federation-member')
        changeMember(before as FederationMember | undefined, after as FederationMember | undefined)
      else if (kind === 'federation-push')
        changePush(before as FederationPush | undefined, after as FederationPush | undefined)
      else return
      generation += 1
    },
  }
}

/** The same index with a batch's pending changes applied on top. */
export function federationOver(base: FederationReading, pendingOf: Pending): FederationReading {
  const { find, list } = overlaid(pendingOf)
  return {
    group: id => find('federation-group', id, base.group(id)),
    member: id => find('federation-member', id, base.member(id)),
    push: id => find('federation-push', id, base.push(id)),
    members: groupId => list('federation-member', base.members(groupId), each => each.groupId === groupId),
    pushes: groupId => list('federation-push', base.pushes(groupId), each => each.groupId === groupId),
    memberships: id => list('federation-member', base.memberships(id), each => each.memberOrganizationId === id),
    pushesOf: name =>
      list('federation-push', base.pushesOf(name), each => each.isActive && each.sourceCanonicalName === name),
  }
}
