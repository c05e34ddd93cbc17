/**
 * Effects of a change of an organization on federation, in the same transaction. An organization that loses the plan or
 * is suspended keeps its groups and memberships: they are set aside, and return unchanged. Those of a deleted one end.
 * See docs/specification/federation.md#change-of-plan-suspension-deletion.
 */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { FederationGroup, FederationMember } from '../../model/federation.ts'
import type { Organization } from '../../model/organizations.ts'
import type { Announce } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { Change } from '../store/store.ts'
import { mayFederate } from './access.ts'
import { createFederationAnnouncements, type FederationCaller } from './announcements.ts'
import { archivedGroup } from './groups.ts'
import { paused, removed, resumed } from './membership.ts'

export interface Effects {
  records: Change[]
  changes: ChangeRow[]
}

type Current = Pick<DecisionView, 'list' | 'federation'>

/** Changes of groups and memberships when `before` becomes `after`. */
export function effectsOnFederation(
  announce: Announce,
  caller: FederationCaller,
  current: Current,
  before: Organization,
  after: Organization,
  nowMs: number,
): Effects {
  if (after.status === 'deleted')
    return before.status === 'deleted' ? NOTHING : ended(announce, caller, current, after.id, nowMs)
  const [could, can] = [mayFederate(before), mayFederate(after)]
  return could === can ? NOTHING : switched(announce, caller, current, after.id, can, nowMs)
}

const NOTHING: Effects = { records: [], changes: [] }

/** The memberships of the organization and the groups that it owns, set aside or brought back. */
function switched(
  announce: Announce,
  caller: FederationCaller,
  current: Current,
  id: string,
  on: boolean,
  nowMs: number,
): Effects {
  const announcements = createFederationAnnouncements(announce)
  const act = { actorId: 'system', nowMs }
  const effects: Effects = { records: [], changes: [] }
  for (const group of current.list('federation-group', id)) {
    if (group.status !== (on ? 'suspended' : 'active')) continue
    const record = revised<FederationGroup>(group, { status: on ? 'active' : 'suspended' }, nowMs)
    effects.records.push({ kind: 'federation-group', record })
    effects.changes.push(...announcements.ofGroup(caller, on ? 'GROUP_RESUMED' : 'GROUP_SUSPENDED', group, record))
  }
  for (const member of current.federation.memberships(id)) {
    const concerned = on ? member.status === 'paused' && member.pauseReason === 'plan' : member.status === 'accepted'
    if (!concerned) continue
    const record = on ? resumed(member, 'plan', act) : paused(member, 'plan', act)
    effects.records.push({ kind: 'federation-member', record })
    effects.changes.push(...announcements.ofMember(caller, on ? 'RESUMED' : 'PAUSED', member, record))
  }
  return effects
}

/** Its groups end as if archived, external peers included; its memberships in groups of others end. */
function ended(announce: Announce, caller: FederationCaller, current: Current, id: string, nowMs: number): Effects {
  const announcements = createFederationAnnouncements(announce)
  const effects: Effects = { records: [], changes: [] }
  const leave = (member: FederationMember) => {
    const record = removed(member, 'organization_deleted', { actorId: 'system', nowMs })
    effects.records.push({ kind: 'federation-member', record })
    effects.changes.push(
      ...announcements.ofMember(caller, member.peerType === 'tenant_org' ? 'REMOVED' : 'PEER_REMOVED', member, record),
    )
  }
  for (const group of current.list('federation-group', id)) {
    if (group.status !== 'archived') {
      const { records, changes } = archivedGroup(announcements, caller, current, group, nowMs)
      effects.records.push(...records)
      effects.changes.push(...changes)
    }
    // Their secrets and headers are webhooks of the organization, which are removed with it.
    for (const member of current.federation.members(group.id))
      if (member.peerType === 'external_webhook' && member.status !== 'removed') leave(member)
  }
  for (const member of current.federation.memberships(id)) if (member.status !== 'removed') leave(member)
  return effects
}
