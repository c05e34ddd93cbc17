/** The first thing that a process asks of ClickHouse. */
import type { Clock } from '../clock.ts'
import { ClarionError } from '../codes.ts'
import { reach } from '../reaching.ts'
import type { AnalyticsClient } from './client.ts'
import { migrate } from './migrate.ts'

/** Brings the database to its shape. Every statement can be repeated, whatever became of it. Throws as `reach` does. */
export async function reachAnalytics(deps: {
  analytics: AnalyticsClient
  /** Of ClickHouse; what it says of a user is not told. */
  url: string
  clock: Clock
  progress: { warn(sentence: string): void }
}): Promise<void> {
  await reach({ ...deps, name: 'ClickHouse', at: new URL(deps.url).host }, () => migrate(deps.analytics), causeIfAway)
}

function causeIfAway(error: unknown): Error | undefined {
  if (!(error instanceof ClarionError) || error.code !== 'service_unavailable') return undefined
  return (error.cause as Error | undefined) ?? error
}
