/** Routes of federation. All need the Enterprise plan; a member sees its own rows. */

import type { Route } from '../http/route.ts'
import { list, routesWith } from '../http/route-table.ts'
import type { createFederationHandlers } from './handlers.ts'
import type { createRelayHandlers } from './relays.ts'
import * as federation from './schemas.ts'

export interface FederationHandlers {
  federation: ReturnType<typeof createFederationHandlers>
  relays: ReturnType<typeof createRelayHandlers>
}

const route = routesWith('federation:manage', { needsFederation: true })

// biome-ignore format: a table
export function createFederationRoutes({ federation: on, relays }: FederationHandlers): Route[] {
  const { group, groupWithMembers, member, push, madePeer } = federation
  const base = '/api/v1/events/custom/federation'
  const groups = `${base}/groups`
  const peers = `${base}/external-peers`
  const suspendable = { refusedWhenSuspended: true }
  return [
    route('POST', groups, 'Make a group.', { ...suspendable, body: federation.newGroup, answer: group, status: 201 }, on.createGroup),
    route('GET', groups, 'List the groups that you own or take part in.', list(group, federation.groupQuery), on.listGroups),
    route('GET', `${groups}/:id`, 'One group, with its members: all for its owner, itself for a member.', { answer: groupWithMembers }, on.getGroup),
    route('PATCH', `${groups}/:id`, 'Change name or description.', { ...suspendable, body: federation.groupPatch, answer: group }, on.patchGroup),
    route('DELETE', `${groups}/:id`, 'Archive a group for good; it shares nothing from then on.', { answer: group }, on.archiveGroup),

    route('POST', `${groups}/:id/invite`, 'Invite an organization; the invitation is open for 14 days.', { ...suspendable, body: federation.newInvitation, answer: member, status: 201 }, on.invite),
    route('GET', `${base}/invitations`, 'Open invitations to your organization.', list(federation.invitation), on.invitations),
    route('POST', `${groups}/:id/accept`, 'Accept an invitation.', { ...suspendable, body: federation.acceptance, bodyOptional: true, answer: member }, on.accept),
    route('POST', `${groups}/:id/decline`, 'Decline an invitation.', { answer: member }, on.decline),
    route('POST', `${groups}/:id/leave`, 'Leave a group.', { answer: member }, on.leave),

    route('GET', `${groups}/:id/members`, 'Members of a group, removed ones included.', list(member, federation.memberQuery), on.listMembers),
    route('PATCH', `${groups}/:id/members/:mid`, 'As a member, set the namespace of inbound events.', { ...suspendable, body: federation.membershipPatch, answer: member }, on.patchMember),
    route('POST', `${groups}/:id/members/:mid/pause`, 'Pause a member, or yourself; events during the pause are not delivered later.', { answer: member }, on.pause),
    route('POST', `${groups}/:id/members/:mid/resume`, 'Resume what you paused.', { ...suspendable, answer: member }, on.resume),
    route('DELETE', `${groups}/:id/members/:mid`, 'Revoke an invitation, or remove a member.', { answer: member }, on.removeMember),

    route('POST', `${groups}/:id/pushes`, 'Share a published version, with a snapshot of its schema.', { ...suspendable, body: federation.newPush, answer: push, status: 201 }, on.declarePush),
    route('GET', `${groups}/:id/pushes`, 'Versions that a group shares, with schemas.', list(push, federation.pushQuery), on.listPushes),
    route('DELETE', `${base}/pushes/:id`, 'Stop sharing a version.', { answer: push }, on.undeclarePush),

    route('POST', `${groups}/:id/external-peers`, 'Add an HTTPS endpoint as a peer; its secret is shown once.', { ...suspendable, body: federation.newExternalPeer, answer: madePeer, status: 201 }, on.addPeer),
    route('POST', `${peers}/:id/rotate-secret`, 'Rotate the secret; the former one signs too for 24 hours.', { ...suspendable, answer: madePeer }, on.rotateSecret),
    route('POST', `${peers}/:id/test`, 'Send a signed test, recorded like a delivery.', { ...suspendable, answer: federation.peerTest }, on.testPeer),
    route('DELETE', `${peers}/:id`, 'Remove an external peer and wipe its secret and headers.', { answer: member }, on.removePeer),

    route('GET', `${groups}/:id/relays`, 'Relays, sent and skipped, with the reason; a member sees its own.', list(federation.relay, federation.relayQuery), relays.list),
    route('POST', `${base}/relays/:id/retry`, 'Retry a failed relay.', { ...suspendable, answer: federation.relay, status: 202 }, relays.retry),

    { method: 'GET', path: '/api/v1/organizations/:id/events/:eventId/lineage', access: 'operator', summary: 'One event at its source and at every peer, with deliveries and attempts.', answer: federation.lineage, handle: relays.lineage },
  ]
}
