/** Waiting until nothing moves any more: every process ready, every record judged, every delivery ended, everything in the history. */
import type { AnalyticsClient } from '../src/analytics/client.ts'
import type { Clock } from '../src/clock.ts'
import type { Fleet } from './fleet.ts'

/** Nothing may have changed for so long. Longer than the longest retry of the run, and than what a writer waits for an absent ClickHouse. */
const STILL_MS = 15_000
/**
 * The same while a delivery has not ended: a process whose clock is 90 s ahead sets times of retries that one whose clock is 90 s behind waits
 * for. After that the proof names what is missing.
 */
const UNENDED_STILL_MS = 200_000
const PATIENCE_MS = 600_000

const FIGURES = `SELECT
  (SELECT count() FROM emits) AS verdicts,
  (SELECT count() FROM attempts) AS attempts,
  (SELECT count() FROM completions) AS completions,
  (SELECT count() FROM emits WHERE verdict = 'accepted' AND subscriberCount > 0) AS withSubscribers`

interface Figures {
  verdicts: number
  attempts: number
  completions: number
  withSubscribers: number
}

/** Answers the seconds it took; throws when it does not get quiet. */
export async function untilQuiet(deps: {
  fleet: Fleet
  analytics: AnalyticsClient
  clock: Clock
  say(sentence: string): void
}): Promise<number> {
  const { clock } = deps
  const startedAtMs = clock.monotonicMs()
  await deps.fleet.ready()
  let last = ''
  let sinceMs = clock.monotonicMs()
  let stillMs = STILL_MS
  while (clock.monotonicMs() - sinceMs < stillMs) {
    await clock.sleep(1_000)
    const [found] = await deps.analytics.query<Figures>(FIGURES).catch(() => [undefined])
    stillMs = found?.completions === found?.withSubscribers ? STILL_MS : UNENDED_STILL_MS
    const now = JSON.stringify(found)
    if (found === undefined || now !== last) {
      last = now
      sinceMs = clock.monotonicMs()
    }
    if (clock.monotonicMs() - startedAtMs > PATIENCE_MS) throw new Error(`it does not get quiet: ${now}`)
  }
  deps.say(`quiet: ${last}`)
  return (clock.monotonicMs() - startedAtMs) / 1000
}
