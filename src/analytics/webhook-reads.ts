/** What the history knows of webhooks (C.10). */
import type { DeliveryState } from '../../topics/audit-attempts.ts'
import type { Environment } from '../control-plane/records.ts'
import type { AnalyticsClient } from './client.ts'
import { readQuery } from './statements.ts'

export interface WebhookActivity {
  /** When it was last tried, ISO 8601, and what came of it; null: never. */
  lastDeliveryAt: string | null
  lastDeliveryStatus: DeliveryState | null
  /** Since it was made: attempts, and the deliveries that they ended, one way or the other; null while the history is away. */
  counters: { attempts: number; succeeded: number; failed: number } | null
}

export const NO_ACTIVITY: WebhookActivity = {
  ...{ lastDeliveryAt: null, lastDeliveryStatus: null },
  counters: { attempts: 0, succeeded: 0, failed: 0 },
}

export const UNKNOWN_ACTIVITY: WebhookActivity = { lastDeliveryAt: null, lastDeliveryStatus: null, counters: null }

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
    /** By webhook; those that have never been tried are left out. */
    async webhookActivity(organizationId: string, environment: Environment, webhookIds: string[]): Promise<Map<string, WebhookActivity>> {
      if (webhookIds.length === 0) return new Map()
      const found = await client.query<Found>(activity, { organizationId, environment, webhookIds })
      return new Map(
        found.map(({ webhookId, lastDeliveryAt, lastDeliveryStatus, attempts, succeeded, failed }) => [
          webhookId,
          {
            ...{ lastDeliveryAt, lastDeliveryStatus },
            counters: { attempts: Number(attempts), succeeded: Number(succeeded), failed: Number(failed) },
          },
        ]),
      )
    },
  }
}
