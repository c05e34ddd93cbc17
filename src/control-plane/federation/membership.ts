/**
 * The states of a membership, as functions from a row to the next row:
 *
 *     (invite) ─► pending ─► accepted ◄──► paused          owner, member or plan; resumed by the side that paused
 *                    │           │            │
 *                    └───────────┴────────────┴──► removed  declined, removed, expired, left, organization_deleted
 *
 * A removed row stays for the history; another invitation makes another row.
 */
import { ClarionError } from '../../model/codes.ts'
import type { FederationMember } from '../../model/federation.ts'
import { revised } from '../store/revision.ts'

/** 14 days, times `CLARION_TIME_SCALE`. */
export const INVITATION_MS = 14 * 86_400_000

export type Side = 'owner' | 'member'
type RemoveReason = NonNullable<FederationMember['removeReason']>

/** The author and the time of a step. */
export interface Act {
  actorId: string
  nowMs: number
}

const timeOf = ({ nowMs }: Act) => new Date(nowMs).toISOString()

/** Expiry is decided by the clock at each use, not by the sweep. */
export const isExpired = ({ status, inviteExpiresAt }: FederationMember, nowMs: number): boolean =>
  status === 'pending' && inviteExpiresAt !== null && Date.parse(inviteExpiresAt) <= nowMs

/** The row as of `nowMs`: an expired invitation is removed. */
export const asOf = (member: FederationMember, nowMs: number): FederationMember =>
  isExpired(member, nowMs) ? expired(member) : member

/** Dated by its expiry, not by the time of the sweep. */
export function expired(member: FederationMember): FederationMember {
  const nowMs = Date.parse(member.inviteExpiresAt!)
  return removed(member, 'expired', { actorId: 'system', nowMs })
}

const BLANK = {
  ...{ memberOrganizationId: null, label: null, pauseReason: null, removeReason: null, inboundNamespace: null },
  ...{
    inviteExpiresAt: null,
    acceptedBy: null,
    acceptedAt: null,
    pausedBy: null,
    pausedAt: null,
    removedBy: null,
    removedAt: null,
  },
} satisfies Partial<FederationMember>

type Row = Pick<FederationMember, 'id' | 'organizationId' | 'groupId'>

export function invited(row: Row, memberOrganizationId: string, act: Act, expiresAtMs: number): FederationMember {
  const now = timeOf(act)
  const invitation = {
    status: 'pending',
    invitedBy: act.actorId,
    invitedAt: now,
    inviteExpiresAt: new Date(expiresAtMs).toISOString(),
  }
  return {
    ...{ ...row, revision: 1, createdAt: now, updatedAt: now, ...BLANK, peerType: 'tenant_org', memberOrganizationId },
    ...(invitation as Pick<FederationMember, 'status' | 'invitedBy' | 'invitedAt' | 'inviteExpiresAt'>),
  }
}

/** An external peer needs no acceptance: it takes part at once. */
export function externallyAdded(row: Row, label: string, act: Act): FederationMember {
  const now = timeOf(act)
  const by = { invitedBy: act.actorId, invitedAt: now, acceptedBy: act.actorId, acceptedAt: now }
  return {
    ...row,
    revision: 1,
    createdAt: now,
    updatedAt: now,
    ...BLANK,
    ...by,
    peerType: 'external_webhook',
    label,
    status: 'accepted',
  }
}

export function accepted(member: FederationMember, inboundNamespace: string | null, act: Act): FederationMember {
  return revised(
    member,
    { status: 'accepted', acceptedBy: act.actorId, acceptedAt: timeOf(act), inboundNamespace },
    act.nowMs,
  )
}

/** Throws `member_not_accepted`. The same side pausing again changes nothing. */
export function paused(
  member: FederationMember,
  by: NonNullable<FederationMember['pauseReason']>,
  act: Act,
): FederationMember {
  if (member.status === 'paused' && member.pauseReason === by) return member
  if (member.status !== 'accepted') throw notAccepted(member)
  return revised(member, { status: 'paused', pauseReason: by, pausedBy: act.actorId, pausedAt: timeOf(act) }, act.nowMs)
}

/** Throws `member_not_accepted` unless `by` is the side that paused. Resuming what is not paused changes nothing. */
export function resumed(
  member: FederationMember,
  by: NonNullable<FederationMember['pauseReason']>,
  act: Act,
): FederationMember {
  if (member.status === 'accepted') return member
  if (member.status !== 'paused' || member.pauseReason !== by) throw notAccepted(member)
  return revised(member, { status: 'accepted', pauseReason: null, pausedBy: null, pausedAt: null }, act.nowMs)
}

export function removed(member: FederationMember, removeReason: RemoveReason, act: Act): FederationMember {
  return revised(
    member,
    { status: 'removed', pauseReason: null, removeReason, removedBy: act.actorId, removedAt: timeOf(act) },
    act.nowMs,
  )
}

function notAccepted({ status, pauseReason }: FederationMember): ClarionError {
  const how = status === 'paused' ? `paused by ${pauseReason === 'plan' ? 'its plan' : `the ${pauseReason}`}` : status
  return new ClarionError('member_not_accepted', `The member is ${how}.`)
}
