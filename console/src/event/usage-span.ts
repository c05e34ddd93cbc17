/** Times that an analyst names, in UTC, and what the plot of usage shows of an answer. */
import type { Bucket } from '../parts/bars.tsx'

export interface Point {
  start: string
  meter: string
  count: number
  /** Null: all groups beyond the largest. */
  group?: string | null
  complete?: boolean
}

/** What the platform counts in groups. */
export const GROUPS_OF: Record<string, readonly string[]> = {
  emits: ['type', 'key', 'source'],
  webhook_attempts: ['type', 'webhook'],
  deliveries_succeeded: ['type', 'webhook'],
  federation_relays: ['type', 'key', 'source'],
}

/** Undefined: the range of the page. */
export function spanOf(name: string | undefined, now: Date): { from: string; to: string } | undefined {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()]
  const between = (fromMonth: number, toMonth: number) => ({
    from: new Date(Date.UTC(year, fromMonth)).toISOString(),
    to: new Date(Date.UTC(year, toMonth)).toISOString(),
  })
  const quarter = month - (month % 3)
  if (name === 'quarter') return between(quarter - 3, quarter)
  if (name === 'month') return between(month - 1, month)
  return name === 'year' ? between(month - 12, month) : undefined
}

/** Groups of one time together. */
export function bucketsOf(points: readonly Point[]): Bucket[] {
  const sums = new Map<string, number>()
  for (const { start, count } of points) sums.set(start, (sums.get(start) ?? 0) + count)
  return [...sums].map(([start, good]) => ({ start, good, bad: 0 }))
}
