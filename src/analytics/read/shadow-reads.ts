/** The report of a shadow delivery (docs/specification/webhooks.md#shadow-delivery). */
import type { ErrorKind } from '../../../topics/audit-attempts.ts'
import type { Owner } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

const CLASSES = ['success', 'redirect', 'clientError', 'serverError', 'none'] as const
type Classes = Record<(typeof CLASSES)[number], number>
/** Null without an answer. */
interface Latency {
  p50: number | null
  p95: number | null
  p99: number | null
}
interface Side {
  status: number | null
  errorKind: ErrorKind | null
  durationMs: number
}

export interface ShadowReport {
  mirrored: number
  leftOut: number
  sameStatus: number
  sameBody: number
  status: { real: Classes; candidate: Classes }
  latencyMs: { real: Latency; candidate: Latency }
  differing: Array<{ deliveryId: string; at: string; real: Side; candidate: Side; sameBody: boolean }>
}

interface Counted extends Pick<ShadowReport, 'mirrored' | 'leftOut' | 'sameStatus' | 'sameBody'> {
  real: number[]
  candidate: number[]
  realMs: number[]
  candidateMs: number[]
}
interface Differing {
  deliveryId: string
  startedAt: string
  responseStatus: number | null
  errorKind: ErrorKind | null
  durationMs: number
  realStatus: number | null
  realErrorKind: ErrorKind | null
  realDurationMs: number
  isSameBody: 0 | 1
}

export function createShadowReads(client: AnalyticsClient) {
  const counted = readQuery('shadow-report')
  const differing = readQuery('shadow-differing')

  return {
    async shadowReport(of: Owner & { webhookId: string; since: string }): Promise<ShadowReport> {
      const [[found], rows] = await Promise.all([
        client.query<Counted>(counted, { ...of }),
        client.query<Differing>(differing, { ...of }),
      ])
      if (found === undefined) throw new Error('a count without a row')
      const { real, candidate, realMs, candidateMs, ...numbers } = found
      const status = { real: classesOf(real), candidate: classesOf(candidate) }
      const latencyMs = { real: latencyOf(realMs, real), candidate: latencyOf(candidateMs, candidate) }
      return { ...numbers, status, latencyMs, differing: rows.map(shown) }
    },
  }
}

const classesOf = (counts: readonly number[]): Classes =>
  Object.fromEntries(CLASSES.map((name, at) => [name, counts[at] ?? 0])) as Classes

function latencyOf([p50, p95, p99]: readonly number[], counts: readonly number[]): Latency {
  const answered = counts.slice(0, 4).some(count => count > 0)
  return answered ? { p50: p50!, p95: p95!, p99: p99! } : { p50: null, p95: null, p99: null }
}

const shown = ({ deliveryId, startedAt, ...row }: Differing): ShadowReport['differing'][number] => ({
  deliveryId,
  at: startedAt,
  real: { status: row.realStatus, errorKind: row.realErrorKind, durationMs: row.realDurationMs },
  candidate: { status: row.responseStatus, errorKind: row.errorKind, durationMs: row.durationMs },
  sameBody: row.isSameBody === 1,
})
