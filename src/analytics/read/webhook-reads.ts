/** What the history knows of webhooks (C.10). */
import type { DeliveryState } from '../../../topics/audit-attempts.ts'
import type { Environment } from '../../model/records.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

export interface WebhookActivity {
  /** When it was last tried, ISO 8601, and what came of it; null: never. */
  lastDeliveryAt: string | null
  lastDeliveryStatus: DeliveryState | null
  /** Since it was made: attempts, and how many deliveries succeeded and failed, with an attempt or without; null: unknown. */
  counters: { attempts: number; succeeded: number; failed: number } | null
  /** Why they are not known now; null when they are. */
  countersReason: 'history_unavailable' | null
}

export const NO_ACTIVITY: WebhookActivity = {
  ...{ lastDeliveryAt: null, lastDeliveryStatus: null },
  counters: { attempts: 0, succeeded: 0, failed: 0 },
  countersReason: null,
}

export const UNKNOWN_ACTIVITY: WebhookActivity = {
  ...{ lastDeliveryAt: null, lastDeliveryStatus: null, counters: null },
  countersReason: 'history_unavailable',
}

/** Nobody waits longer for counters beside what the call is about. */
const ACTIVITY_TIMEOUT_MS = 1_000

const NEVER = { lastDeliveryAt: null, lastDeliveryStatus: null }

interface Found {
  webhookId: string
  lastDeliveryAt: string
  lastDeliveryStatus: DeliveryState
  attempts: number | string
  succeeded: number | string
  failed: number | string
}

export function createWebhookReads(client: AnalyticsClient) {
  const activity = readQuery('webhook-activity')
  return {
    /** By webhook; those of which nothing is known to have happened are left out. Rejects after a second. */
    async webhookActivity(
      organizationId: string,
      environment: Environment,
      webhookIds: string[],
    ): Promise<Map<string, WebhookActivity>> {
      if (webhookIds.length === 0) return new Map()
      const found = await client.query<Found>(
        activity,
        { organizationId, environment, webhookIds },
        ACTIVITY_TIMEOUT_MS,
      )
      return new Map(
        found.map(({ webhookId, lastDeliveryAt, lastDeliveryStatus, attempts, succeeded, failed }) => [
          webhookId,
          {
            ...(Date.parse(lastDeliveryAt) > 0 ? { lastDeliveryAt, lastDeliveryStatus } : NEVER),
            countersReason: null,
            counters: { attempts: Number(attempts), succeeded: Number(succeeded), failed: Number(failed) },
          },
        ]),
      )
    },
  }
}
