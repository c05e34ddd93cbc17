/** Federation: groups, invitations, members, pushes and external peers, as the caller's organization sees them. */

import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { externalPeer, memberNotFound, seeGroup } from '../../control-plane/federation/access.ts'
import type { FederationCaller } from '../../control-plane/federation/announcements.ts'
import type { NewExternalPeer } from '../../control-plane/federation/external-peers.ts'
import type { Federation } from '../../control-plane/federation/federation.ts'
import type { NewGroup } from '../../control-plane/federation/groups.ts'
import { isExpired } from '../../control-plane/federation/membership.ts'
import { byCreation } from '../../control-plane/store/view-store.ts'
import type { Pings } from '../../delivery/ping.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { FederationGroup, FederationMember, FederationPush } from '../../model/federation.ts'
import { organizationOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { createFederationPresenter } from './presenter.ts'
import { isOn } from './schemas.ts'

/** Members shown with their group; the full list has pages. */
const MEMBERS_SHOWN = 200

type FederationReads = Pick<Reads, 'lastRelays'>

export function createFederationHandlers(deps: {
  federation: Federation
  view: ControlView
  reads: FederationReads
  pings: Pick<Pings, 'send'>
  clock: Clock
}) {
  const { view, clock } = deps
  const { groups, members, pushes, externalPeers } = deps.federation
  const present = createFederationPresenter({ view, clock })
  const own = (call: Call) => organizationOf(call).id
  const caller = (call: Call): FederationCaller => ({ ...call.caller, organizationId: own(call) })
  const target = (call: Call) => [caller(call), own(call), call.params.id!] as const
  const group = (call: Call, found: FederationGroup): Answer => ({ data: present.group(found, own(call)) })
  const member = (call: Call, found: FederationMember): Answer => ({ data: present.member(found, own(call)) })
  const push = (call: Call, found: FederationPush): Answer => ({ data: present.push(found, own(call)) })
  const seen = (call: Call) => seeGroup(view, own(call), call.params.id!, clock.nowMs())

  /** Members do not see each other. */
  const visibleMembers = (call: Call) => {
    const { group: found, membership } = seen(call)
    return { group: found, rows: membership === undefined ? view.federation.members(found.id) : [membership] }
  }
  async function presentMembers(
    call: Call,
    { id, organizationId }: FederationGroup,
    rows: readonly FederationMember[],
  ) {
    const last = await deps.reads.lastRelays(organizationId, id)
    return rows.map(each => present.member(each, own(call), last.get(each.id) ?? null))
  }
  /** Groups of others that the organization takes part in, or is invited to. */
  const joined = (call: Call) =>
    view.federation
      .memberships(own(call))
      .filter(each => each.status !== 'removed' && !isExpired(each, clock.nowMs()))
      .map(each => view.federation.group(each.groupId))
      .filter(each => each !== undefined)

  return {
    createGroup: async (call: Call) => group(call, await groups.create(caller(call), own(call), call.body as NewGroup)),
    listGroups(call: Call): Answer {
      const archivedToo = isOn(call.query.includeArchived)
      const all = [...view.list('federation-group', own(call)), ...joined(call)].sort(byCreation)
      const { items, nextCursor } = pageOf(
        'federation-groups',
        all.filter(each => archivedToo || each.status !== 'archived'),
        pagingOf(call.query),
      )
      return { data: items.map(each => present.group(each, own(call))), nextCursor }
    },
    async getGroup(call: Call): Promise<Answer> {
      const { group: found, rows } = visibleMembers(call)
      const newest = rows.slice(-MEMBERS_SHOWN).toReversed()
      return { data: { ...present.group(found, own(call)), members: await presentMembers(call, found, newest) } }
    },
    patchGroup: async (call: Call) =>
      group(call, await groups.patch(...target(call), call.body as Partial<NewGroup>, call.expectedRevision)),
    archiveGroup: async (call: Call) => group(call, await groups.archive(...target(call), call.expectedRevision)),

    invite: async (call: Call) =>
      member(
        call,
        await members.invite(...target(call), (call.body as { memberOrganizationId: string }).memberOrganizationId),
      ),
    invitations(call: Call): Answer {
      const pending = view.federation
        .memberships(own(call))
        .filter(each => each.status === 'pending' && !isExpired(each, clock.nowMs()))
      const { items, nextCursor } = pageOf('federation-invitations', pending, pagingOf(call.query))
      return { data: items.map(each => presentInvitation(view, each)), nextCursor }
    },
    accept: async (call: Call) =>
      member(
        call,
        await members.accept(...target(call), (call.body as { inboundNamespace?: string | null }).inboundNamespace),
      ),
    decline: async (call: Call) => member(call, await members.decline(...target(call))),
    leave: async (call: Call) => member(call, await members.leave(...target(call))),
    async listMembers(call: Call): Promise<Answer> {
      const { group: found, rows } = visibleMembers(call)
      const { status } = call.query as { status?: string }
      const all = rows.filter(each => status === undefined || present.member(each, own(call)).status === status)
      const { items, nextCursor } = pageOf('federation-members', all, pagingOf(call.query))
      return { data: await presentMembers(call, found, items), nextCursor }
    },
    pause: async (call: Call) => member(call, await members.pause(...target(call), call.params.mid!)),
    resume: async (call: Call) => member(call, await members.resume(...target(call), call.params.mid!)),
    removeMember: async (call: Call) => member(call, await members.remove(...target(call), call.params.mid!)),
    async patchMember(call: Call): Promise<Answer> {
      const { inboundNamespace } = call.body as { inboundNamespace: string | null }
      return member(call, await members.setInboundNamespace(...target(call), call.params.mid!, inboundNamespace))
    },

    declarePush: async (call: Call) =>
      push(call, await pushes.declare(...target(call), (call.body as { registrationId: string }).registrationId)),
    listPushes(call: Call): Answer {
      const inactiveToo = isOn(call.query.includeInactive)
      const all = view.federation.pushes(seen(call).group.id).filter(each => inactiveToo || each.isActive)
      const { items, nextCursor } = pageOf('federation-pushes', all, pagingOf(call.query))
      return { data: items.map(each => present.push(each, own(call))), nextCursor }
    },
    undeclarePush: async (call: Call) => push(call, await pushes.undeclare(...target(call))),

    async addPeer(call: Call): Promise<Answer> {
      const { member: added, secret } = await externalPeers.add(...target(call), call.body as NewExternalPeer)
      return { data: { peer: present.member(added, own(call)), secret } }
    },
    async rotateSecret(call: Call): Promise<Answer> {
      const { member: rotated, secret } = await externalPeers.rotateSecret(...target(call))
      return { data: { peer: present.member(rotated, own(call)), secret } }
    },
    async testPeer(call: Call): Promise<Answer> {
      const { member: tested } = externalPeer(view, own(call), call.params.id!)
      const webhook = view.find('webhook', own(call), tested.id)
      if (webhook === undefined) throw memberNotFound()
      return { data: await deps.pings.send(webhook, true) }
    },
    removePeer: async (call: Call) => member(call, await externalPeers.remove(...target(call))),
  }
}

/** The facts that an invited organization needs for its decision. */
function presentInvitation(
  view: ControlView,
  { id, groupId, organizationId, status, invitedAt, inviteExpiresAt }: FederationMember,
) {
  const group = view.federation.group(groupId)!
  const ownerOrganizationName = view.organization(organizationId)?.name ?? ''
  const of = {
    groupId,
    groupName: group.name,
    groupDescription: group.description,
    ownerOrganizationId: organizationId,
  }
  return { id, ...of, ownerOrganizationName, status, invitedAt, inviteExpiresAt }
}
