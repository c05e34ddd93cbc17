/** Figures by time and group: of a webhook, of a meter, and of organizations beside each other. */
import type { ErrorKind } from '../../../topics/audit-attempts.ts'
import type { Owner } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

/** Times are ISO 8601; `from` inclusive, `to` exclusive. */
interface TimeRange {
  from: string
  to: string
}

export type StatsInterval = 'minute' | 'hour' | 'day'

export interface StatsBucket {
  start: string
  attempts: number
  succeeded: number
  failed: number
  /** Of the duration of attempts; null without any. */
  p50Ms: number | null
  p95Ms: number | null
}

export interface ErrorGroup {
  errorKind: ErrorKind | null
  responseStatus: number | null
  count: number
  firstAt: string
  lastAt: string
  sampleDeliveryId: string
}

export const GROUPINGS = ['type', 'key', 'source', 'code', 'webhook'] as const
export type Grouping = (typeof GROUPINGS)[number]

export const LOAD_FIGURES = ['emits', 'rejected', 'attempts', 'deliveriesWaiting', 'storedBytes'] as const
export type LoadFigure = (typeof LOAD_FIGURES)[number]

export type OrganizationLoad = { organizationId: string; failedAttempts: number } & Record<LoadFigure, number>

export interface LoadGroup {
  group: string
  emits: number
  rejected: number
  bytes: number
}

export interface GroupedBucket {
  start: string
  meter: string
  /** Null: all groups beyond the hundred largest. */
  group: string | null
  count: number
}

export function createFigureReads(client: AnalyticsClient) {
  const stats = readQuery('webhook-stats')
  const errors = readQuery('webhook-errors')
  const grouped = readQuery('usage-grouped')
  const byOrganization = readQuery('load-by-organization')
  const ofOrganization = readQuery('load-of-organization')

  return {
    /** Buckets with attempts, oldest first. */
    webhookStats: (of: Owner & TimeRange & { webhookId: string; bucket: StatsInterval }): Promise<StatsBucket[]> =>
      client.query<StatsBucket>(stats, { ...of }),

    /** At most 50 groups, most frequent first, and the number of failed attempts in no group of them. */
    async webhookErrors(
      of: Owner & TimeRange & { webhookId: string },
    ): Promise<{ errors: ErrorGroup[]; otherErrors: number }> {
      const found = await client.query<ErrorGroup & { total: number; others: number }>(errors, { ...of })
      return {
        errors: found.map(({ total: _total, others: _others, ...group }) => group),
        otherErrors: found[0]?.others ?? 0,
      }
    },

    /** Oldest first. */
    usageGrouped: (
      of: Owner & TimeRange & { meters: readonly string[]; dimension: Grouping; bucket: 'hour' | 'day' | 'month' },
    ): Promise<GroupedBucket[]> => client.query<GroupedBucket>(grouped, { ...of }),

    /** The operator's: largest first. */
    loadByOrganization: (of: TimeRange & { sort: LoadFigure; top: number }): Promise<OrganizationLoad[]> =>
      client.query<OrganizationLoad>(byOrganization, { ...of }),

    /** The operator's: both environments together. */
    loadOfOrganization: (
      of: TimeRange & { organizationId: string; groupBy: 'type' | 'key' | 'source' | 'code' },
    ): Promise<LoadGroup[]> => client.query<LoadGroup>(ofOrganization, { ...of }),
  }
}
