/** What ClickHouse has lost by itself: parts that it found broken when it started, and set aside (docs/operations.md, "A full disk"). */
import type { AnalyticsClient } from './client.ts'

export interface BrokenParts {
  table: string
  parts: number
  /** Of the first three. */
  names: string
}

/** Of the platform's tables, by table. Errors as `AnalyticsClient.query`. */
export function findBrokenParts(analytics: Pick<AnalyticsClient, 'query'>): Promise<BrokenParts[]> {
  return analytics.query<BrokenParts>(`SELECT table, toUInt32(count()) AS parts, arrayStringConcat(arraySlice(arraySort(groupArray(name)), 1, 3), ', ') AS names
  FROM system.detached_parts WHERE database = currentDatabase() AND startsWith(reason, 'broken') GROUP BY table ORDER BY table`)
}
