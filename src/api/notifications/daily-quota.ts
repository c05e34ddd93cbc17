/**
 * The plan's notifications of a UTC day, by the history and what this process has taken since it looked: some seconds
 * late over several processes. While the history is away the quota is not enforced.
 */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import { unlessAway } from '../http/unless-away.ts'

const DAY_MS = 86_400_000
/** The history shows a notification after about a second. */
const LOOK_EVERY_MS = 5_000
const ORGANIZATIONS_MAX = 10_000

interface Used {
  dayMs: number
  lookedAtMs: number
  /** By the history, when it was looked at. */
  count: number
  /** Taken by this process since then, and in all of the day. */
  since: number
  taken: number
}

export interface DailyQuota {
  /** Throws `notification_quota_exceeded`. */
  check(organization: Organization): Promise<void>
  taken(organizationId: string): void
}

export function createDailyQuota(deps: { reads: Pick<Reads, 'notificationsSince'>; clock: Clock }): DailyQuota {
  const { reads, clock } = deps
  const known = new Map<string, Used>()
  /** One for each organization. */
  const looking = new Map<string, Promise<Used>>()

  function usedOn(organizationId: string, dayMs: number): Used {
    const last = known.get(organizationId)
    if (last?.dayMs === dayMs) return last
    if (known.size >= ORGANIZATIONS_MAX) known.delete(known.keys().next().value!)
    const used = { dayMs, lookedAtMs: Number.NEGATIVE_INFINITY, count: 0, since: 0, taken: 0 }
    known.set(organizationId, used)
    return used
  }

  async function look(organizationId: string, used: Used): Promise<Used> {
    const before = used.since
    const count = await reads.notificationsSince(organizationId, used.dayMs).catch(unlessAway)
    used.lookedAtMs = clock.nowMs()
    if (count === undefined) return used
    used.count = count
    used.since -= before
    return used
  }

  function fresh(organizationId: string, used: Used): Promise<Used> {
    const underWay = looking.get(organizationId)
    if (underWay) return underWay
    const one = look(organizationId, used).finally(() => looking.delete(organizationId))
    looking.set(organizationId, one)
    return one
  }

  return {
    async check({ id, plan }) {
      const limit = planOf(plan).notificationsPerDay
      const nowMs = clock.nowMs()
      const dayMs = Math.floor(nowMs / DAY_MS) * DAY_MS
      const last = usedOn(id, dayMs)
      const used = nowMs - last.lookedAtMs < LOOK_EVERY_MS ? last : await fresh(id, last)
      if (Math.max(used.count + used.since, used.taken) < limit) return
      const message = `The plan ${plan} has ${limit} notifications a day, and today's are used up; it starts anew at midnight UTC.`
      throw new ClarionError('notification_quota_exceeded', message)
    },
    taken(organizationId) {
      const used = known.get(organizationId)
      if (used === undefined) return
      used.since += 1
      used.taken += 1
    },
  }
}
