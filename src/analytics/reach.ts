/** The first thing that a process asks of ClickHouse. */
import type { Clock } from '../clock.ts'
import { ClarionError } from '../codes.ts'
import type { AnalyticsClient } from './client.ts'
import { migrate } from './migrate.ts'

/** A ClickHouse that restarts is back within seconds: a process that starts meanwhile waits for it instead of giving up. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 500

/** Brings the database to its shape. Throws one clear sentence if ClickHouse does not answer for half a minute. */
export async function reachAnalytics(deps: {
  analytics: AnalyticsClient
  /** Of ClickHouse; what it says of a user is not told. */
  url: string
  clock: Clock
  progress: { warn(sentence: string): void }
}): Promise<void> {
  const { analytics, clock } = deps
  const at = new URL(deps.url).host
  const deadlineMs = clock.monotonicMs() + PATIENCE_MS
  for (let tries = 1; ; tries++) {
    try {
      await migrate(analytics)
      return
    } catch (error) {
      // Every statement can be repeated, whatever became of it.
      if (!(error instanceof ClarionError) || error.code !== 'service_unavailable') throw error
      const cause = error.cause as Error | undefined
      if (clock.monotonicMs() > deadlineMs)
        throw new Error(`ClickHouse cannot be reached at ${at}: ${cause?.message ?? error.message}`, { cause })
      if (tries === 1) deps.progress.warn(`ClickHouse does not answer at ${at}; trying for ${PATIENCE_MS / 1000} s …`)
      await clock.sleep(PAUSE_MS)
    }
  }
}
