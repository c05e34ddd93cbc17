/**
 * The lifecycle events of federation: one for the owner and, where it concerns a member, one for the member. Neither
 * side sees the id of the other's key: the actor of a change by the other side is its organization.
 */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { FederationGroup, FederationMember, FederationPush } from '../../model/federation.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'

type GroupEvent = 'GROUP_CREATED' | 'GROUP_UPDATED' | 'GROUP_ARCHIVED' | 'GROUP_SUSPENDED' | 'GROUP_RESUMED'
type MemberEvent =
  | 'INVITED'
  | 'ACCEPTED'
  | 'DECLINED'
  | 'EXPIRED'
  | 'PAUSED'
  | 'RESUMED'
  | 'REMOVED'
  | 'MEMBER_UPDATED'
  | 'PEER_ADDED'
  | 'PEER_REMOVED'
  | 'SECRET_ROTATED'
type PushEvent = 'PUSH_DECLARED' | 'PUSH_UNDECLARED'

/** The organization of the caller's key; undefined: the platform itself, or the operator. */
export interface FederationCaller extends Caller {
  organizationId?: string
}

export interface FederationAnnouncements {
  ofGroup(
    caller: FederationCaller,
    type: GroupEvent,
    before: FederationGroup | undefined,
    after: FederationGroup,
  ): ChangeRow[]
  ofMember(
    caller: FederationCaller,
    type: MemberEvent,
    before: FederationMember | undefined,
    after: FederationMember,
  ): ChangeRow[]
  ofPush(caller: FederationCaller, type: PushEvent, push: FederationPush): ChangeRow[]
}

export function createFederationAnnouncements(announce: Announce): FederationAnnouncements {
  const announceAs = (caller: FederationCaller, announcement: Announcement): ChangeRow => {
    const foreign = caller.organizationId !== undefined && caller.organizationId !== announcement.organizationId
    return announce(foreign ? { ...caller, actorId: caller.organizationId! } : caller, announcement)
  }
  const nameOf = (type: string) => `CUSTOM_EVENT_FEDERATION_${type}`

  return {
    ofGroup(caller, type, before, after) {
      const { id: entityId, organizationId, status, name } = after
      const previous = before === undefined ? {} : { previousStatus: before.status }
      const about = { organizationId, entityType: 'federation-group' as const, entityId, ...previous, status }
      return [announceAs(caller, { ...about, type: nameOf(type), data: { groupId: entityId, name } })]
    },
    ofMember(caller, type, before, after) {
      const { id: entityId, groupId, peerType, memberOrganizationId, label, status, pauseReason, removeReason } = after
      const reason = pauseReason ?? removeReason ?? undefined
      const about = {
        ...{ entityType: 'federation-member' as const, entityId, type: nameOf(type), status },
        ...(before === undefined ? {} : { previousStatus: before.status }),
        ...(reason === undefined ? {} : { reason }),
        data: { groupId, memberId: entityId, peerType, ...(label === null ? { memberOrganizationId } : { label }) },
      }
      const sides =
        memberOrganizationId === null ? [after.organizationId] : [after.organizationId, memberOrganizationId]
      return sides.map(organizationId => announceAs(caller, { ...about, organizationId }))
    },
    ofPush(caller, type, push) {
      const { id: entityId, organizationId, groupId, sourceCanonicalName, schemaHash, isActive } = push
      const about = {
        organizationId,
        entityType: 'federation-push' as const,
        entityId,
        canonicalName: sourceCanonicalName,
      }
      const data = { groupId, pushId: entityId, schemaHash }
      return [announceAs(caller, { ...about, type: nameOf(type), status: isActive ? 'active' : 'inactive', data })]
    },
  }
}
