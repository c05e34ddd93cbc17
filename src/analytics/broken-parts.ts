/**
 * Parts that ClickHouse found broken at its start and detached: their rows are lost (docs/operations.md, "A full
 * disk").
 */
import type { AnalyticsClient } from './client.ts'

export interface BrokenParts {
  table: string
  parts: number
  /** Names of the first three. */
  names: string
}

/** Broken parts of the platform's tables, by table. Errors as `AnalyticsClient.query`. */
export function findBrokenParts(analytics: Pick<AnalyticsClient, 'query'>): Promise<BrokenParts[]> {
  return analytics.query<BrokenParts>(`SELECT table, toUInt32(count()) AS parts, arrayStringConcat(arraySlice(arraySort(groupArray(name)), 1, 3), ', ') AS names
  FROM system.detached_parts WHERE database = currentDatabase() AND startsWith(reason, 'broken') GROUP BY table ORDER BY table`)
}
