/**
 * Groups, members and pushes as one organization sees them. Owner and member see each other's organization, never each
 * other's keys: the actor of a change by the other side is its organization.
 */
import type { Clock } from '../../clock.ts'
import { countsAsMember } from '../../control-plane/federation/members.ts'
import { asOf } from '../../control-plane/federation/membership.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { FederationGroup, FederationMember, FederationPush } from '../../model/federation.ts'
import type { Webhook } from '../../model/webhooks.ts'

type Reading = Pick<ControlView, 'find' | 'federation'>

export function createFederationPresenter({ view, clock }: { view: Reading; clock: Clock }) {
  const webhookOf = (member: FederationMember): Webhook | undefined =>
    member.peerType === 'external_webhook' ? view.find('webhook', member.organizationId, member.id) : undefined

  return {
    group(group: FederationGroup, viewer: string) {
      const { organizationId: ownerOrganizationId, ...facts } = group
      const members = view.federation.members(group.id)
      const role = members.findLast(each => each.memberOrganizationId === viewer && each.status !== 'removed')?.status
      return {
        ...facts,
        ownerOrganizationId,
        createdBy: viewer === ownerOrganizationId ? group.createdBy : ownerOrganizationId,
        callerRole: viewer === ownerOrganizationId ? ('owner' as const) : (role ?? ('removed' as const)),
        memberCount: members.filter(each => countsAsMember(each, clock.nowMs())).length,
        pushCount: view.federation.pushes(group.id).filter(each => each.isActive).length,
      }
    },
    /** `lastRelayAt` comes from the history. */
    member(stored: FederationMember, viewer: string, lastRelayAt: string | null = null) {
      const member = asOf(stored, clock.nowMs())
      const { organizationId: owner, label, memberOrganizationId, pauseReason, removeReason } = member
      const webhook = webhookOf(member)
      const masked = (by: string | null, side: 'owner' | 'member' | 'system') => {
        const organization = side === 'owner' ? owner : memberOrganizationId
        return by === null || side === 'system' || organization === null || organization === viewer ? by : organization
      }
      const external = webhook && {
        ...{ label: label ?? '', url: webhook.url, headerNames: webhook.headerNames, wireFormat: webhook.wireFormat },
        ...{
          signatureProfile: webhook.signatureProfiles[0] ?? 'relay',
          previousSecretExpiresAt: webhook.previousSecretExpiresAt,
        },
      }
      const { organizationId: _owner, label: _label, ...facts } = member
      return {
        ...facts,
        external: member.peerType === 'external_webhook' ? (external ?? REMOVED_PEER(label)) : null,
        invitedBy: masked(member.invitedBy, 'owner')!,
        acceptedBy: masked(member.acceptedBy, member.peerType === 'tenant_org' ? 'member' : 'owner'),
        pausedBy: masked(member.pausedBy, pauseReason === 'owner' || pauseReason === 'member' ? pauseReason : 'system'),
        removedBy: masked(member.removedBy, removeReason === null ? 'system' : REMOVED_BY[removeReason]),
        health: webhook === undefined || webhook.health === 'healthy' ? ('healthy' as const) : ('failing' as const),
        lastRelayAt,
      }
    },
    push(push: FederationPush, viewer: string) {
      const { organizationId: sourceOrganizationId, ...facts } = push
      const masked = (by: string | null) => (by === null || viewer === sourceOrganizationId ? by : sourceOrganizationId)
      return { ...facts, sourceOrganizationId, pushedBy: masked(push.pushedBy)!, unpushedBy: masked(push.unpushedBy) }
    },
  }
}

export type FederationPresenter = ReturnType<typeof createFederationPresenter>

const REMOVED_BY = {
  left: 'member',
  declined: 'member',
  removed: 'owner',
  expired: 'system',
  organization_deleted: 'system',
} as const

/** The remaining fields of an external peer that was removed. */
const REMOVED_PEER = (label: string | null) => {
  const nothing = {
    url: null,
    headerNames: [],
    wireFormat: null,
    signatureProfile: null,
    previousSecretExpiresAt: null,
  }
  return { label: label ?? '', ...nothing }
}
