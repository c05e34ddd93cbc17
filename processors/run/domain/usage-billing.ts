/**
 * Months of usage plans that are due: their usage is read from the history, and billed in the transaction of the shard.
 * What cannot be read or billed now is tried again.
 */
import type { Timer } from '../../../src/clock.ts'
import type { Entry } from '../../../src/domain/kinds.ts'
import type { RunDependencies } from '../dependencies.ts'
import type { Owned } from './books-of-shard.ts'

export interface UsageBilling {
  /** The month of the plan is due. */
  begin(owned: Owned, plan: Entry<'usage_plan'>): void
  close(): void
}

/** Before another try; each wait is twice as long as the one before, an hour at most. */
const AGAIN_MS = { first: 60_000, longest: 3_600_000 }

/** `bill`: the plan as it is now; throws where the invoice cannot be made. */
export function createUsageBilling({
  deps,
  bill,
}: {
  deps: Pick<RunDependencies, 'clock' | 'logger' | 'usageOf'>
  bill(owned: Owned, plan: Entry<'usage_plan'>, meters: Record<string, number>): void
}): UsageBilling {
  const { clock, logger, usageOf } = deps
  const timers = new Map<string, Timer>()
  let isClosed = false

  /** The plan as it is now, if the month that was asked about is still the one to bill. */
  function current({ books }: Owned, { id, fields }: Entry<'usage_plan'>): Entry<'usage_plan'> | undefined {
    const now = books.find('usage_plan', id)
    return now?.fields.next_month === fields.next_month ? now : undefined
  }

  async function read(owned: Owned, plan: Entry<'usage_plan'>, waitMs = AGAIN_MS.first): Promise<void> {
    const { organizationId, environment } = owned.owner
    const month = plan.fields.next_month
    try {
      const meters = await usageOf(organizationId, environment, month)
      const now = isClosed ? undefined : current(owned, plan)
      if (now !== undefined) bill(owned, now, meters)
    } catch (error) {
      if (isClosed) return
      logger.warn(
        { organizationId, environment, plan: plan.id, month, error: String(error) },
        'the usage of a month cannot be billed now; it is tried again',
      )
      again(owned, plan, waitMs)
    }
  }

  function again(owned: Owned, plan: Entry<'usage_plan'>, waitMs: number): void {
    const timer = clock.after(waitMs, () => {
      timers.delete(plan.id)
      const now = current(owned, plan)
      if (now !== undefined) void read(owned, now, Math.min(2 * waitMs, AGAIN_MS.longest))
    })
    timers.set(plan.id, timer)
  }

  return {
    begin: (owned, plan) => void read(owned, plan),
    close() {
      isClosed = true
      for (const timer of timers.values()) timer.cancel()
      timers.clear()
    },
  }
}
