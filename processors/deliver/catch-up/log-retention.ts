/** The retention of organizations' logs: each topic may have its own `retention.ms`, which the operator may change. */
import type { Clock } from '../../../src/clock.ts'
import type { Logger } from '../../../src/logger.ts'
import { events } from '../../../topics/events.ts'
import { DAY_MS } from '../../../topics/topic.ts'

export interface LogRetention {
  /** The value known last, ms; infinite for a log that keeps everything. */
  of(topic: string): number
  /** Queries the retention of logs whose value is out of date. */
  refresh(topics: Iterable<string>): Promise<void>
}

const QUERIED_EVERY_MS = 600_000
const USUAL_MS = events.retentionMs ?? 30 * DAY_MS

export function createLogRetention(deps: {
  clock: Clock
  logger: Logger
  /** The topic's `retention.ms`; undefined: unknown. */
  retentionMs: ((topic: string) => Promise<number | undefined>) | undefined
}): LogRetention {
  const { clock } = deps
  const known = new Map<string, { ms: number; queriedAtMs: number }>()

  async function ask(topic: string): Promise<void> {
    const before = known.get(topic)?.ms ?? USUAL_MS
    const found = await deps.retentionMs!(topic).catch(error => {
      deps.logger.warn(
        { topic, error: String(error) },
        'the retention of a log cannot be read; it is taken to be as it was',
      )
      return undefined
    })
    const ms = found === undefined ? before : found < 0 ? Number.POSITIVE_INFINITY : found
    known.set(topic, { ms, queriedAtMs: clock.monotonicMs() })
  }

  return {
    of: topic => known.get(topic)?.ms ?? USUAL_MS,
    async refresh(topics) {
      const wanted = new Set(topics)
      for (const topic of known.keys()) if (!wanted.has(topic)) known.delete(topic)
      if (!deps.retentionMs) return
      const isOld = (topic: string) =>
        clock.monotonicMs() - (known.get(topic)?.queriedAtMs ?? Number.NEGATIVE_INFINITY) >= QUERIED_EVERY_MS
      await Promise.all([...wanted].filter(isOld).map(ask))
    },
  }
}
