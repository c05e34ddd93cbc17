/**
 * Debug runs are kept for a week, other runs for 30 days. Rows of both are in the same parts, which go by age as a whole, so
 * those of debug runs are deleted once a day; every process may do it.
 */
import type { Clock, Timer } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { AnalyticsClient } from './client.ts'

const FIRST_MS = 600_000
const DAY_MS = 86_400_000

/** Of steps only those of debug runs have variables. */
const DELETES = [
  "DELETE FROM runs WHERE mode = 'debug' AND startedAt < now64(3, 'UTC') - INTERVAL 7 DAY",
  "DELETE FROM run_steps WHERE variables IS NOT NULL AND runStartedAt < now64(3, 'UTC') - INTERVAL 7 DAY",
]

export async function forgetDebugRuns(client: Pick<AnalyticsClient, 'command'>): Promise<void> {
  for (const statement of DELETES) await client.command(statement)
}

export function forgetDebugRunsDaily({
  client,
  clock,
  logger,
}: {
  client: Pick<AnalyticsClient, 'command'>
  clock: Clock
  logger: Logger
}): { close(): void } {
  let timer: Timer = clock.after(FIRST_MS, run)

  function run(): void {
    timer = clock.after(DAY_MS, run)
    forgetDebugRuns(client).catch(error =>
      logger.warn({ error: String(error) }, 'old debug runs could not be deleted; it is tried again tomorrow'),
    )
  }

  return { close: () => timer.cancel() }
}
