/**
 * Reads of meters (docs/specification/usage.md#meters) and of changes of the control plane. Months are UTC, `YYYY-MM`.
 */

import { readCursor } from '../../model/cursors.ts'
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Page, toPage } from './pages.ts'
import { rangeOf } from './ranges.ts'

/** Every meter. Those of features that do not exist yet stay at 0. */
export const METERS = [
  'emits',
  'emits_generic',
  'webhook_attempts',
  'deliveries_succeeded',
  'workflow_runs',
  'workflow_steps',
  'debug_runs',
  'streamed_events',
  'queue_messages',
  'federation_relays',
  'replayed_deliveries',
  'notifications',
  'stored_bytes',
] as const
export type Meter = (typeof METERS)[number]

/** Beside the meters of plans: what was refused. */
export const FIGURE_METERS = [...METERS, 'emits_rejected'] as const
export type FigureMeter = (typeof FIGURE_METERS)[number]

export interface UsageBucket {
  /** ISO 8601: the beginning of the hour, day or month. */
  start: string
  meter: FigureMeter
  count: number
}

export interface UsageTotal {
  organizationId: string
  environment: Environment
  meter: Meter
  count: number
}

/** One month, counted twice: from the rows of emits and attempts, and from the meters. */
export interface AuditCounts {
  /** Differs from `acceptedEmits`, the number of distinct emits, only if a row was inserted twice. */
  acceptedRows: number
  acceptedEmits: number
  /** Highest sequence number of the month; 0 without any. */
  highestSequence: number
  attemptRows: number
  /** By the meters. */
  usageEmits: number
  usageAttempts: number
}

/** One change; `topics/audit-changes.ts` explains the fields. */
export interface Change {
  id: string
  organizationId: string
  type: string
  entityType: string
  entityId: string
  canonicalName: string | null
  actorId: string
  occurredAt: string
  previousStatus: string | null
  status: string | null
  reason: string | null
  requestId: string | null
  ip: string | null
  data: Record<string, unknown>
}

export interface ChangeFilter {
  organizationId: string
  type?: string | undefined
  entityType?: string | undefined
  entityId?: string | undefined
  actorId?: string | undefined
  /** ISO 8601: occurred at or after, occurred before. */
  from?: string | undefined
  to?: string | undefined
  /** 1–100. */
  limit: number
  cursor?: string | undefined
}

export interface TimeseriesFilter {
  organizationId: string
  environment: Environment
  /** All meters of plans if empty. */
  meters: readonly FigureMeter[]
  /** ISO 8601: from the bucket that contains `from` to the last one that begins before `to`. */
  from: string
  to: string
  bucket: UsageInterval
}

export function createUsageReads(client: AnalyticsClient) {
  const byMeter = readQuery('usage-by-meter')
  const timeseries = readQuery('usage-timeseries')
  const totals = readQuery('usage-totals')
  const counts = readQuery('counts-for-audit')
  const changes = readQuery('list-changes')

  return {
    /** Every meter of a month, 0 included. */
    async usageSummary(
      organizationId: string,
      environment: Environment,
      month: string,
    ): Promise<Record<Meter, number>> {
      const found = await client.query<{ meter: Meter; count: number }>(byMeter, {
        organizationId,
        environment,
        month: monthNumber(month),
      })
      const meters = Object.fromEntries(METERS.map(meter => [meter, 0])) as Record<Meter, number>
      for (const { meter, count } of found) meters[meter] = count
      return meters
    },

    /** Buckets that are not empty, oldest first (at most 10,000). */
    usageTimeseries(filter: TimeseriesFilter): Promise<UsageBucket[]> {
      const { from, to } = rangeOf(filter)
      return client.query<UsageBucket>(timeseries, { ...filter, from: bucketStart(from!, filter.bucket), to })
    },

    /** All organizations' meters of a month, for the operator. */
    usageTotals(month: string): Promise<UsageTotal[]> {
      return client.query<UsageTotal>(totals, { month: monthNumber(month) })
    },

    /** For checks that rows and meters agree. */
    async countsForAudit(organizationId: string, environment: Environment, month: string): Promise<AuditCounts> {
      const [found] = await client.query<AuditCounts>(counts, {
        organizationId,
        environment,
        month: monthNumber(month),
      })
      if (found === undefined) throw new Error('a count without a row')
      return found
    },

    /** Newest first. Throws `validation_failed` for an invalid cursor. */
    async listChanges(filter: ChangeFilter): Promise<Page<Change>> {
      const { organizationId, type = null, entityType = null, entityId = null, actorId = null } = filter
      const { limit, cursor } = filter
      const [beforeTime = null, beforeId = null] = readCursor('changes', cursor) ?? []
      const about = { type, entityType, entityId, actorId }
      const parameters = { organizationId, ...about, ...rangeOf(filter), beforeTime, beforeId, limit: limit + 1 }
      const found = await client.query<Omit<Change, 'data'> & { data: string }>(changes, parameters)
      const items = found.map(change => ({ ...change, data: JSON.parse(change.data) }))
      return toPage('changes', items, limit, change => [change.occurredAt, change.id])
    },
  }
}

export type UsageInterval = 'hour' | 'day' | 'month'

const BUCKET_MS = { hour: 3_600_000, day: 86_400_000 } as const

/** The bucket that contains this time, ISO 8601. */
export function bucketStart(time: string, bucket: UsageInterval): string {
  if (bucket === 'month') return `${time.slice(0, 7)}-01T00:00:00.000Z`
  const lengthMs = BUCKET_MS[bucket]
  return new Date(Math.floor(Date.parse(time) / lengthMs) * lengthMs).toISOString()
}

/** When the bucket that begins then is over. */
export function bucketEndMs(start: string, bucket: UsageInterval): number {
  const time = new Date(start)
  return bucket === 'month'
    ? Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1)
    : time.getTime() + BUCKET_MS[bucket]
}

/** `2026-03` → 202603. */
const monthNumber = (month: string): number => Number(month.replace('-', ''))
