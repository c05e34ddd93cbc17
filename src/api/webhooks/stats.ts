/** Figures of one webhook over time, and its errors by what they have in common. */
import type { StatsBucket, StatsInterval } from '../../analytics/read/figure-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { getWebhook } from '../../control-plane/webhooks/webhooks.ts'
import type { ControlView } from '../../model/control-view.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { figureRange } from '../http/time-range.ts'

const BUCKET_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
const DAY_MS = 86_400_000
export const BUCKETS_MAX = 1_000

export function createWebhookStats(deps: {
  reads: Pick<Reads, 'webhookStats' | 'webhookErrors'>
  view: ControlView
  clock: Clock
}) {
  const { reads, view, clock } = deps

  /** Without a range: the last 24 hours. Empty buckets are there, so that a plot has no holes. */
  return async (call: Call): Promise<Answer> => {
    const owner = ownerOf(call)
    const { id: webhookId } = getWebhook(view, owner, call.params.id!)
    const { interval = 'hour', ...given } = call.query as { interval?: StatsInterval; from?: string; to?: string }
    const lengthMs = BUCKET_MS[interval]
    const range = figureRange(given, {
      ...{ nowMs: clock.nowMs(), defaultMs: DAY_MS, mostMs: (BUCKETS_MAX - 1) * lengthMs },
      what: `${BUCKETS_MAX} buckets of one ${interval} are the most`,
    })
    const [found, errors] = await Promise.all([
      reads.webhookStats({ ...owner, webhookId, ...range, bucket: interval }),
      reads.webhookErrors({ ...owner, webhookId, ...range }),
    ])
    return { data: { ...range, interval, buckets: withEmpty(found, range, lengthMs), ...errors } }
  }
}

function withEmpty(found: StatsBucket[], { from, to }: { from: string; to: string }, lengthMs: number): StatsBucket[] {
  const byStart = new Map(found.map(bucket => [Date.parse(bucket.start), bucket]))
  const buckets: StatsBucket[] = []
  for (let ms = Math.floor(Date.parse(from) / lengthMs) * lengthMs; ms < Date.parse(to); ms += lengthMs) {
    const start = new Date(ms).toISOString()
    const none = { attempts: 0, succeeded: 0, failed: 0, p50Ms: null, p95Ms: null }
    buckets.push({ ...none, ...byStart.get(ms), start })
  }
  return buckets
}
