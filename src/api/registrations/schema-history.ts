/**
 * The findings of a proposed schema on the payloads of the last 30 days (`history: true` of a dry run). The newest are
 * judged first, up to a number and a time limit, so that the answer comes in time however much an organization emitted.
 */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { parseJson } from '../../json/json.ts'
import type { Finding } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'

export interface SchemaHistory {
  /** ISO 8601: recorded at or after, recorded before. */
  from: string
  to: string
  judged: number
  refused: number
  /** More payloads exist than were judged. */
  truncated: boolean
  examples: Array<{ emitId: string; findings: Finding[] }>
}

export interface HistoryBounds {
  payloadsMax: number
  timeMs: number
  pagePayloads: number
}

const BOUNDS: HistoryBounds = { payloadsMax: 10_000, timeMs: 5_000, pagePayloads: 200 }
const HISTORY_MS = 30 * 86_400_000
const EXAMPLES_MAX = 10
/** Deeper than any accepted payload. */
const DEPTH_MAX = 64

export function createSchemaHistory({
  reads,
  clock,
  bounds = BOUNDS,
}: {
  reads: Reads
  clock: Clock
  bounds?: HistoryBounds
}) {
  /** `fullName`: `<namespace>.<name>`, all versions. */
  return async (owner: Owner, fullName: string, judge: (payload: unknown) => Finding[]): Promise<SchemaHistory> => {
    const deadlineMs = clock.monotonicMs() + bounds.timeMs
    const nowMs = clock.nowMs()
    const [from, to] = [nowMs - HISTORY_MS, nowMs].map(ms => new Date(ms).toISOString()) as [string, string]
    const history: SchemaHistory = { from, to, judged: 0, refused: 0, truncated: false, examples: [] }
    for (let before: string | null = null; ; ) {
      const limit = Math.min(bounds.pagePayloads, bounds.payloadsMax - history.judged)
      const page: Array<{ emitId: string; payload: string }> = await reads.payloadsOfName({
        ...owner,
        name: fullName,
        from,
        before,
        limit: limit + 1,
      })
      for (const { emitId, payload } of page.slice(0, limit)) {
        if (clock.monotonicMs() >= deadlineMs) return { ...history, truncated: true }
        before = emitId
        history.judged += 1
        const findings = judge(parsedPayload(payload))
        if (findings.length === 0) continue
        history.refused += 1
        if (history.examples.length < EXAMPLES_MAX) history.examples.push({ emitId, findings })
      }
      if (page.length <= limit) return history
      if (history.judged >= bounds.payloadsMax) return { ...history, truncated: true }
    }
  }
}

function parsedPayload(payload: string): unknown {
  const parsed = parseJson(Buffer.from(payload), { depthMax: DEPTH_MAX, duplicateKeys: 'refuse' })
  return parsed.ok ? parsed.exact : undefined
}
