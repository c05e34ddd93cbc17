/**
 * Organizations in a group: invited by the owner, accepted or declined by themselves, paused and resumed by either
 * side, removed by either side. Every step reads both organizations from the newest state, so that two contradicting
 * changes are serialized.
 */
import { ClarionError } from '../../model/codes.ts'
import type { FederationMember } from '../../model/federation.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { Change, Decision } from '../store/store.ts'
import {
  activeMembership,
  mayFederate,
  memberNotFound,
  openGroup,
  refuseArchived,
  requireActiveFederation,
  requireFederation,
  seeGroup,
  seeMember,
} from './access.ts'
import type { FederationCaller } from './announcements.ts'
import type { FederationDeps } from './deps.ts'
import { checkLimit, excessHistory } from './limits.ts'
import {
  type Act,
  accepted,
  expired,
  INVITATION_MS,
  invited,
  isExpired,
  paused,
  removed,
  resumed,
} from './membership.ts'
import { checkInboundNames, checkInboundNamespace } from './names.ts'

type Call = [caller: FederationCaller, organizationId: string, groupId: string]

export interface Members {
  /** Errors: `cannot_invite_self`, `organization_not_found`, `already_member`, `federation_limit_exceeded`. */
  invite(...call: [...Call, memberOrganizationId: string]): Promise<FederationMember>
  /**
   * Nothing changes if it is accepted already. Errors: `invitation_not_found`, `invitation_expired`,
   * `federation_name_conflict`, …
   */
  accept(...call: [...Call, inboundNamespace?: string | null]): Promise<FederationMember>
  /** Errors: `invitation_not_found`, `invitation_expired`, `member_not_pending`. */
  decline(...call: Call): Promise<FederationMember>
  /** Errors: `federation_group_not_found`, `member_not_accepted` (an invitation is declined, not left). */
  leave(...call: Call): Promise<FederationMember>
  /** By the owner, or by the member itself. Errors: `federation_member_not_found`, `member_not_accepted`. */
  pause(...call: [...Call, memberId: string]): Promise<FederationMember>
  resume(...call: [...Call, memberId: string]): Promise<FederationMember>
  /** The owner revokes an invitation or removes a member. Errors: `federation_member_not_found`, `not_group_owner`. */
  remove(...call: [...Call, memberId: string]): Promise<FederationMember>
  /**
   * Set by the member: the namespace of its inbound events. Errors: `namespace_not_allowed`,
   * `federation_name_conflict`.
   */
  setInboundNamespace(...call: [...Call, memberId: string, inboundNamespace: string | null]): Promise<FederationMember>
}

export function createMembers(deps: FederationDeps & { timeScale: number }): Members {
  const { store, ids, clock, announcements } = deps
  const act = (caller: FederationCaller): Act => ({ actorId: caller.actorId, nowMs: clock.nowMs() })
  const decided = (
    caller: FederationCaller,
    type: Parameters<typeof announcements.ofMember>[1],
    before: FederationMember,
    after: FederationMember,
    also: Change[] = [],
  ): Decision<FederationMember> => {
    if (after === before) return { records: [], changes: [], result: before }
    const records: Change[] = [{ kind: 'federation-member', record: after }, ...also]
    return { records, changes: announcements.ofMember(caller, type, before, after), result: after }
  }
  const change = (decide: (current: DecisionView) => Decision<FederationMember>) =>
    store.change(ids.next('chg'), decide)

  return {
    invite(caller, organizationId, groupId, memberOrganizationId) {
      const id = ids.next('cefm')
      return change(current => {
        requireActiveFederation(current, organizationId)
        const group = openGroup(current, organizationId, groupId, clock.nowMs())
        if (memberOrganizationId === organizationId)
          throw new ClarionError('cannot_invite_self', 'The organization owns the group: it cannot be its member.')
        // The answer does not reveal whether the organization's plan lets it accept.
        const status = current.organization(memberOrganizationId)?.status
        if (status === undefined || status === 'deleted')
          throw new ClarionError('organization_not_found', 'There is no organization with this id.')
        const { nowMs } = act(caller)
        const rows = current.federation.members(groupId)
        const existing = rows.find(
          each => each.memberOrganizationId === memberOrganizationId && each.status !== 'removed',
        )
        if (existing !== undefined && !isExpired(existing, nowMs))
          throw new ClarionError('already_member', `The organization is ${existing.status} in this group.`)
        checkLimit('members', rows.filter(each => each.peerType === 'tenant_org' && countsAsMember(each, nowMs)).length)
        const row = { id, organizationId, groupId: group.id }
        const member = invited(row, memberOrganizationId, act(caller), nowMs + INVITATION_MS * deps.timeScale)
        const expiredRows = existing === undefined ? [] : [{ before: existing, after: expired(existing) }]
        const over = rows.filter(each => each.status === 'removed')
        return {
          records: [
            { kind: 'federation-member', record: member },
            ...expiredRows.map(({ after }): Change => ({ kind: 'federation-member', record: after })),
            ...excessHistory('federation-member', over),
          ],
          changes: [
            ...expiredRows.flatMap(({ before, after }) => announcements.ofMember(SYSTEM, 'EXPIRED', before, after)),
            ...announcements.ofMember(caller, 'INVITED', undefined, member),
          ],
          result: member,
        }
      })
    },
    accept: (caller, organizationId, groupId, inboundNamespace) =>
      change(current => {
        requireActiveFederation(current, organizationId)
        const before = invitationOf(current, organizationId, groupId, clock.nowMs())
        if (before.status === 'accepted') return { records: [], changes: [], result: before }
        if (before.status !== 'pending')
          throw new ClarionError('member_not_pending', `The membership is ${before.status}.`)
        const namespace = inboundNamespace ?? null
        checkInboundNamespace(current.organization(organizationId), namespace)
        const after = accepted(before, namespace, act(caller))
        checkInboundNames(
          current,
          after,
          current.federation.pushes(groupId).filter(push => push.isActive),
        )
        return decided(caller, 'ACCEPTED', before, after)
      }),
    decline: (caller, organizationId, groupId) =>
      change(current => {
        requireFederation(current, organizationId)
        const before = invitationOf(current, organizationId, groupId, clock.nowMs())
        if (before.status !== 'pending')
          throw new ClarionError('member_not_pending', `The membership is ${before.status}.`)
        return decided(caller, 'DECLINED', before, removed(before, 'declined', act(caller)))
      }),
    leave: (caller, organizationId, groupId) =>
      change(current => {
        requireFederation(current, organizationId)
        const { membership } = seeGroup(current, organizationId, groupId, clock.nowMs())
        if (membership === undefined)
          throw new ClarionError('federation_member_not_found', 'The owner of a group archives it.')
        if (membership.status === 'pending')
          throw new ClarionError('member_not_accepted', 'The invitation was not accepted: decline it.')
        return decided(caller, 'REMOVED', membership, removed(membership, 'left', act(caller)))
      }),
    pause: (caller, organizationId, groupId, memberId) =>
      change(current => {
        requireFederation(current, organizationId)
        const { group, member, side } = seeMember(current, organizationId, groupId, memberId, clock.nowMs())
        refuseArchived(group)
        return decided(caller, 'PAUSED', member, paused(member, side, act(caller)))
      }),
    resume: (caller, organizationId, groupId, memberId) =>
      change(current => {
        requireActiveFederation(current, organizationId)
        const { group, member, side } = seeMember(current, organizationId, groupId, memberId, clock.nowMs())
        refuseArchived(group)
        const after = resumed(member, side, act(caller))
        // A peer that its plan excludes stays paused, and resumes with the plan.
        const peer =
          member.memberOrganizationId === null ? undefined : current.organization(member.memberOrganizationId)
        if (after === member || member.memberOrganizationId === null || mayFederate(peer))
          return decided(caller, 'RESUMED', member, after)
        return decided(caller, 'PAUSED', member, {
          ...paused(after, 'plan', { ...act(SYSTEM) }),
          revision: after.revision,
        })
      }),
    remove: (caller, organizationId, groupId, memberId) =>
      change(current => {
        requireFederation(current, organizationId)
        const { member, side } = seeMember(current, organizationId, groupId, memberId, clock.nowMs())
        if (side === 'member')
          throw new ClarionError('not_group_owner', 'Only the owner removes members; a member leaves.')
        if (member.status === 'removed' || isExpired(member, clock.nowMs())) throw memberNotFound()
        const external = member.peerType === 'external_webhook'
        const after = removed(member, 'removed', act(caller))
        return decided(
          caller,
          external ? 'PEER_REMOVED' : 'REMOVED',
          member,
          after,
          external ? [webhookRemoval(member)] : [],
        )
      }),
    setInboundNamespace: (caller, organizationId, groupId, memberId, inboundNamespace) =>
      change(current => {
        requireActiveFederation(current, organizationId)
        const { group, member, side } = seeMember(current, organizationId, groupId, memberId, clock.nowMs())
        if (side === 'owner') throw memberNotFound()
        refuseArchived(group)
        checkInboundNamespace(current.organization(organizationId), inboundNamespace)
        if (member.inboundNamespace === inboundNamespace) return { records: [], changes: [], result: member }
        const after = revised(member, { inboundNamespace }, clock.nowMs())
        checkInboundNames(
          current,
          after,
          current.federation.pushes(groupId).filter(push => push.isActive),
        )
        return decided(caller, 'MEMBER_UPDATED', member, after)
      }),
  }
}

export const SYSTEM: FederationCaller = { actorId: 'system', requestId: '' }

/** Rows that count in `memberCount`: pending, accepted and paused. */
export const countsAsMember = (member: FederationMember, nowMs: number): boolean =>
  member.status !== 'removed' && !isExpired(member, nowMs)

/** Removes the webhook of an external peer, and with it the secret, the headers and all waiting deliveries. */
export const webhookRemoval = ({ organizationId, id }: FederationMember): Change => ({
  kind: 'webhook',
  remove: { organizationId, id },
})

/**
 * The row that an invitation became, whatever its state. Throws `invitation_not_found`, which does not reveal whether
 * the group exists; `federation_group_archived` to an organization invited before the group ended;
 * `invitation_expired`.
 */
function invitationOf(current: DecisionView, organizationId: string, groupId: string, nowMs: number): FederationMember {
  const existing = activeMembership(current, organizationId, groupId)
  const last = current.federation.memberships(organizationId).findLast(each => each.groupId === groupId)
  const group = current.federation.group(groupId)
  if (group === undefined || last === undefined) throw invitationNotFound()
  const withdrawnWithIt =
    last.removeReason === 'removed' && last.acceptedAt === null && last.removedAt === group.archivedAt
  if (group.status === 'archived' && (existing !== undefined || withdrawnWithIt)) refuseArchived(group)
  if (last.removeReason === 'expired' || isExpired(last, nowMs))
    throw new ClarionError('invitation_expired', `The invitation expired at ${last.inviteExpiresAt}.`)
  if (existing === undefined) throw invitationNotFound()
  return existing
}

const invitationNotFound = () => new ClarionError('invitation_not_found', 'You are not invited to this group.')
