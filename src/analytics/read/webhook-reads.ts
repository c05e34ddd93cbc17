/** Reads of webhook activity. */
import type { DeliveryState } from '../../../topics/audit-attempts.ts'
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

export interface WebhookActivity {
  /** Time and result of the last attempt, ISO 8601; null: never. */
  lastDeliveryAt: string | null
  lastDeliveryStatus: DeliveryState | null
  /**
   * Since its creation: attempts, and deliveries that succeeded and failed, with or without an attempt; null: unknown.
   */
  counters: { attempts: number; succeeded: number; failed: number } | null
  /** The reason why they are unknown; null when they are known. */
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

/** Counters are an extra in the answer, so callers do not wait longer for them. */
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
    /** By webhook; webhooks without recorded activity are left out. Rejects after a second. */
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
