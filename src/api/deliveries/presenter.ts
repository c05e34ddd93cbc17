/** Deliveries as callers by the alias header see them. See docs/specification/conventions.md#bare-answers. */
import type { Delivery } from '../../analytics/read/delivery.ts'
import type { Answer } from '../http/route.ts'

/** The bare list: states unknown to the older shape are shown as pending or failed. */
export function bareDeliveries(answer: Answer): unknown {
  return { deliveries: (answer.data as Delivery[]).map(bareEntry) }
}

/** One entry of the bare list. */
export const bareDelivery = (answer: Answer): unknown => bareEntry(answer.data as Delivery)

function bareEntry(delivery: Delivery) {
  return {
    id: delivery.id,
    event: delivery.eventType,
    timestamp: delivery.createdAt,
    status: BARE_STATUS[delivery.status] ?? 'failed',
    responseStatus: delivery.responseStatus,
    responseTime: delivery.responseTimeMs,
    attempts: delivery.attempts,
    ...(delivery.lastError === null ? {} : { lastError: delivery.lastError }),
  }
}

const BARE_STATUS: Partial<Record<Delivery['status'], string>> = {
  success: 'success',
  pending: 'pending',
  retrying: 'retrying',
}
