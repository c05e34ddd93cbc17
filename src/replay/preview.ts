/** Counts the effect of sending many deliveries again from the history: nothing is sent. */
import type { Delivery } from '../analytics/read/delivery.ts'
import type { Clock } from '../clock.ts'

export interface Preview {
  count: number
  /** False where there are more than were counted, or settings have changed since. */
  countIsExact: boolean
  byType: Array<{ key: string; count: number }>
  byWebhook: Array<{ key: string; count: number }>
  oldestAt: string | null
  newestAt: string | null
  /** At the rate of the call, and at least one second for anything. */
  estimatedSeconds: number
  skipped: Array<{ reason: string; count: number }>
}

export type PageOfDeliveries = (
  limit: number,
  cursor: string | undefined,
) => Promise<{ items: Delivery[]; nextCursor: string | null }>

/** The most that is read for a preview: it is answered within two seconds. */
const READ_MAX = 10_000
const READ_MS_MAX = 1_500
const PAGE = 2_000
const GROUPS_MAX = 100

export async function readForPreview(
  clock: Clock,
  page: PageOfDeliveries,
): Promise<{ deliveries: Delivery[]; isComplete: boolean }> {
  const deadlineMs = clock.monotonicMs() + READ_MS_MAX
  const deliveries: Delivery[] = []
  let cursor: string | undefined
  for (;;) {
    const { items, nextCursor } = await page(PAGE, cursor)
    deliveries.push(...items)
    if (nextCursor === null) return { deliveries, isComplete: true }
    if (deliveries.length >= READ_MAX || clock.monotonicMs() >= deadlineMs) return { deliveries, isComplete: false }
    cursor = nextCursor
  }
}

/** `obstacle`: why a delivery would be skipped. */
export function previewOf(
  deliveries: readonly Delivery[],
  {
    ratePerSecond,
    isComplete,
    obstacle,
  }: {
    ratePerSecond: number
    isComplete: boolean
    obstacle(delivery: Delivery): string | undefined
  },
): Preview {
  const skipped = new Map<string, number>()
  const sent = deliveries.filter(delivery => {
    const reason = obstacle(delivery)
    if (reason !== undefined) skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
    return reason === undefined
  })
  const times = sent.map(({ createdAt }) => createdAt).sort()
  return {
    count: sent.length,
    countIsExact: isComplete,
    byType: groupsOf(sent, ({ eventType }) => eventType),
    byWebhook: groupsOf(sent, ({ webhookId }) => webhookId),
    oldestAt: times[0] ?? null,
    newestAt: times.at(-1) ?? null,
    estimatedSeconds: sent.length === 0 ? 0 : Math.max(1, Math.ceil(sent.length / ratePerSecond)),
    skipped: [...skipped].map(([reason, count]) => ({ reason, count })),
  }
}

/** Events that a webhook has to get again, by one delivery each: the newest. `onlyFailed`: those without a success. */
export function eventsOf(deliveries: readonly Delivery[], onlyFailed: boolean): Delivery[] {
  const byEvent = Map.groupBy(
    deliveries.filter(({ trigger }) => trigger !== 'test'),
    ({ eventId }) => eventId,
  )
  return [...byEvent.values()]
    .filter(each => !onlyFailed || each.every(({ status }) => status !== 'success'))
    .map(each => each[0]!)
}

function groupsOf(deliveries: readonly Delivery[], keyOf: (delivery: Delivery) => string): Preview['byType'] {
  return [...Map.groupBy(deliveries, keyOf)]
    .map(([key, { length }]) => ({ key, count: length }))
    .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
    .slice(0, GROUPS_MAX)
}
