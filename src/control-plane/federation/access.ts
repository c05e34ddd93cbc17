/**
 * Access checks for groups, in this order: the caller's plan (402), visibility of the group (404), ownership (403), and
 * whether the group is still open to changes (409). See docs/specification/federation.md#who-may.
 */
import { ClarionError, CODES } from '../../model/codes.ts'
import type { FederationGroup, FederationMember } from '../../model/federation.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { DecisionView } from '../store/overlay.ts'
import { isExpired } from './membership.ts'

export type Reading = Pick<DecisionView, 'organization' | 'federation'>

/** A group as one organization sees it: its owner, or a member by `membership`. */
export interface Seen {
  group: FederationGroup
  membership: FederationMember | undefined
}

/** Whether an organization takes part in federation at all; checked on both sides of every relay. */
export const mayFederate = (organization: Pick<Organization, 'plan' | 'status'> | undefined): boolean =>
  organization?.status === 'active' && planOf(organization.plan).federation

/** Throws `federation_not_available`: every call, an invitee's too, needs the Enterprise plan. */
export function requireFederation(view: Pick<Reading, 'organization'>, organizationId: string): void {
  const organization = view.organization(organizationId)
  if (organization !== undefined && planOf(organization.plan).federation) return
  throw new ClarionError('federation_not_available', CODES.federation_not_available.meaning)
}

/** As `requireFederation`, for calls that a suspended organization may not make: throws `organization_suspended`. */
export function requireActiveFederation(view: Pick<Reading, 'organization'>, organizationId: string): void {
  requireFederation(view, organizationId)
  if (view.organization(organizationId)?.status === 'active') return
  throw new ClarionError(
    'organization_suspended',
    'The organization is suspended: it can read, and leave, but not share.',
  )
}

/** Throws `federation_group_not_found`, also for a group of others, so that an answer never reveals that it exists. */
export function seeGroup(view: Reading, organizationId: string, groupId: string, nowMs: number): Seen {
  const group = view.federation.group(groupId)
  if (group?.organizationId === organizationId) return { group, membership: undefined }
  const membership = group && activeMembership(view, organizationId, groupId)
  if (group === undefined || membership === undefined || isExpired(membership, nowMs)) throw groupNotFound()
  return { group, membership }
}

/** Throws `federation_group_not_found`, or `not_group_owner` to a member. */
export function ownGroup(view: Reading, organizationId: string, groupId: string, nowMs: number): FederationGroup {
  const { group, membership } = seeGroup(view, organizationId, groupId, nowMs)
  if (membership !== undefined) throw notOwner()
  return group
}

/** Throws as `ownGroup`, or `federation_group_archived`. */
export function openGroup(view: Reading, organizationId: string, groupId: string, nowMs: number): FederationGroup {
  const group = ownGroup(view, organizationId, groupId, nowMs)
  refuseArchived(group)
  return group
}

export function refuseArchived(group: FederationGroup): void {
  if (group.status === 'archived')
    throw new ClarionError('federation_group_archived', `The group '${group.name}' is archived, for good.`)
}

/** The row of an organization in a group, unless it is removed. */
export function activeMembership(view: Reading, organizationId: string, groupId: string): FederationMember | undefined {
  return view.federation
    .memberships(organizationId)
    .findLast(each => each.groupId === groupId && each.status !== 'removed')
}

/**
 * A member's row, for its group's owner or for the member itself. Throws `federation_member_not_found`. Members do not
 * see each other: another member gets `not_group_owner`, whether or not the row exists.
 */
export function seeMember(view: Reading, organizationId: string, groupId: string, memberId: string, nowMs: number) {
  const { group, membership } = seeGroup(view, organizationId, groupId, nowMs)
  if (membership !== undefined) {
    if (membership.id !== memberId) throw notOwner()
    return { group, member: membership, side: 'member' as const }
  }
  const member = view.federation.member(memberId)
  if (member?.groupId !== groupId) throw memberNotFound()
  return { group, member, side: 'owner' as const }
}

/**
 * An external peer that is not removed. Throws `federation_member_not_found`; `not_group_owner` to a member of its
 * group.
 */
export function externalPeer(view: Reading, organizationId: string, memberId: string) {
  const member = view.federation.member(memberId)
  const group = member && view.federation.group(member.groupId)
  if (group === undefined || member?.peerType !== 'external_webhook' || member.status === 'removed')
    throw memberNotFound()
  if (group.organizationId === organizationId) return { group, member }
  throw activeMembership(view, organizationId, group.id) === undefined ? memberNotFound() : notOwner()
}

export const groupNotFound = () =>
  new ClarionError('federation_group_not_found', CODES.federation_group_not_found.meaning)
export const memberNotFound = () =>
  new ClarionError('federation_member_not_found', CODES.federation_member_not_found.meaning)
export const notOwner = () => new ClarionError('not_group_owner', CODES.not_group_owner.meaning)
