/** Errors of deliveries, grouped by what went wrong. */
import type { Delivery, ErrorGroup } from '../api/types.ts'

/** The most frequent first; of one number, the latest. */
export function groupErrors(deliveries: readonly Delivery[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>()
  for (const delivery of deliveries) {
    const { lastErrorKind: errorKind, responseStatus, completedAt, createdAt } = delivery
    if (errorKind === null) continue
    const at = completedAt ?? createdAt
    const key = `${errorKind} ${errorKind === 'status' ? responseStatus : ''}`
    const group = groups.get(key)
    if (group === undefined) {
      const status = errorKind === 'status' ? responseStatus : null
      groups.set(key, {
        ...{ errorKind, responseStatus: status, count: 1 },
        ...{ firstAt: at, lastAt: at, sampleDeliveryId: delivery.id },
      })
      continue
    }
    group.count++
    if (at < group.firstAt) group.firstAt = at
    if (at > group.lastAt) group.lastAt = at
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.lastAt < b.lastAt ? 1 : -1))
}

/** Names a group in the URL. */
export const groupKey = ({ errorKind, responseStatus }: Pick<ErrorGroup, 'errorKind' | 'responseStatus'>): string =>
  errorKind === 'status' || errorKind === null ? String(responseStatus ?? 'none') : errorKind

/** The filter of deliveries that ended, or go on, with an error of the group. */
export const filterOfKey = (key: string): { errorKind?: string; responseStatus?: string } =>
  /^\d+$/.test(key) ? { errorKind: 'status', responseStatus: key } : key === 'none' ? {} : { errorKind: key }

/** When the first event was recorded that went wrong: recovery begins there, which may be before the webhook was failing. */
export function firstTrouble(deliveries: readonly Delivery[], failingSince: string | null): string | undefined {
  const times = deliveries.filter(each => each.lastErrorKind !== null).map(each => each.createdAt)
  return [...times, ...(failingSince === null ? [] : [failingSince])].sort()[0]
}
