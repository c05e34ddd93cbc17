/** The bounds of federation (C.1.5), and of its history: rows that are over are kept, but not for ever. */
import { ClarionError } from '../../model/codes.ts'
import type { Change } from '../store/store.ts'

export const FEDERATION_LIMITS = {
  /** Of one owner, archived ones not counted. */
  groups: 50,
  /** Of one group: invited, accepted and paused organizations. */
  members: 100,
  /** Of one group, active. */
  pushes: 200,
  /** Of one group. */
  externalPeers: 20,
  /** Of one external peer. */
  headers: 10,
  /** Of one header, name and value. */
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

/** Rows of a group that are over, as many as are kept. */
const HISTORY_ROWS_MAX = 500

/** Lets go of the oldest rows that are over, so that a group whose members come and go does not grow for ever. */
export function forgotten<T extends { organizationId: string; id: string }>(
  kind: 'federation-member' | 'federation-push',
  overOldestFirst: readonly T[],
): Change[] {
  const tooMany = overOldestFirst.slice(0, Math.max(0, overOldestFirst.length + 1 - HISTORY_ROWS_MAX))
  return tooMany.map(({ organizationId, id }) => ({ kind, remove: { organizationId, id } }))
}
