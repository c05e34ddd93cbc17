/** How much of an organization's daily allowance its replays in one shard have used, those under way together. */
import type { ReplayState } from '../../../topics/delivery-catch-ups.ts'

type Counted = Pick<ReplayState, 'organizationId' | 'matched' | 'skipped' | 'failed' | 'othersBefore'> & { out: number }

export interface Allowance {
  /** By all replays of the organization that this shard knows of. */
  used(organizationId: string): number
  /** By all of them since this one began. */
  usedBy(run: Counted): number
  /** It has ended; what it used stays used. */
  forget(run: Counted): void
}

export function createAllowance(running: () => Iterable<Counted>): Allowance {
  const ended = new Map<string, number>()

  function used(organizationId: string): number {
    let sum = ended.get(organizationId) ?? 0
    for (const run of running()) if (run.organizationId === organizationId) sum += own(run)
    return sum
  }

  return {
    used,
    // After a restart those that had ended are not known any more.
    usedBy: run => Math.max(own(run), used(run.organizationId) - (run.othersBefore ?? 0)),
    forget(run) {
      ended.set(run.organizationId, (ended.get(run.organizationId) ?? 0) + own(run))
    },
  }
}

const own = ({ matched, skipped, failed = 0, out }: Counted): number => matched - skipped - failed + out
