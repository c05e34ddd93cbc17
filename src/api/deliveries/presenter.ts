/** Deliveries as callers by the alias header see them. */
import type { Delivery } from '../../analytics/read/delivery.ts'
import type { Answer } from '../http/route.ts'

/** PD-23, PD-24: the bare answer of the original; states that it has no word for are shown as pending or failed (C.10). */
export function bareDeliveries(answer: Answer): unknown {
  return { deliveries: (answer.data as Delivery[]).map(bareEntry) }
}

/** PD-25: one entry of the list. */
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
