/** The limits of federation, and of its history: removed rows are kept, up to a number. */
import { ClarionError } from '../../model/codes.ts'
import type { Change } from '../store/store.ts'

export const FEDERATION_LIMITS = {
  /** Per owner, archived ones not counted. */
  groups: 50,
  /** Per group: invited, accepted and paused organizations. */
  members: 100,
  /** Per group, active ones. */
  pushes: 200,
  /** Per group. */
  externalPeers: 20,
  /** Per external peer. */
  headers: 10,
  /** Per header, name and value. */
  headerBytes: 1_024,
} as const

const NAMES = {
  groups: 'groups of one owner',
  members: 'members of one group',
  pushes: 'active pushes of one group',
  externalPeers: 'external peers of one group',
} as const

/** Throws `federation_limit_exceeded` when one more would be too many. */
export function checkLimit(what: keyof typeof NAMES, used: number): void {
  const limit = FEDERATION_LIMITS[what]
  if (used >= limit)
    throw new ClarionError('federation_limit_exceeded', `${limit} ${NAMES[what]} are the limit; ${used} are there.`)
}

/** Removed rows that one group keeps. */
const HISTORY_ROWS_MAX = 500

/**
 * The oldest removed rows beyond the limit, to be deleted: a group whose members come and go must not grow without
 * bound.
 */
export function excessHistory<T extends { organizationId: string; id: string }>(
  kind: 'federation-member' | 'federation-push',
  overOldestFirst: readonly T[],
): Change[] {
  const tooMany = overOldestFirst.slice(0, Math.max(0, overOldestFirst.length + 1 - HISTORY_ROWS_MAX))
  return tooMany.map(({ organizationId, id }) => ({ kind, remove: { organizationId, id } }))
}
