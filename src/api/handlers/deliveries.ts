/** Deliveries and their attempts (C.10), from ClickHouse. */
import type { Delivery } from '../../analytics/delivery-reads.ts'
import type { Reads } from '../../analytics/reads.ts'
import { ClarionError } from '../../codes.ts'
import type { ControlView } from '../../control-plane/view.ts'
import { getWebhook } from '../../control-plane/webhooks.ts'
import { pagingOf } from '../paging.ts'
import type { Answer, Call } from '../route.ts'
import { ownerOf } from './caller.ts'

export function createDeliveryHandlers({ reads, view }: { reads: Reads; view: ControlView }) {
  async function getDelivery(call: Call): Promise<Delivery> {
    const { organizationId, environment } = ownerOf(call)
    const delivery = await reads.deliveryById(organizationId, environment, call.params.id!)
    if (delivery === undefined) throw new ClarionError('not_found', 'There is no such delivery.')
    return delivery
  }

  return {
    async list(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const webhook = getWebhook(view, owner, call.params.id!)
      const filter = call.query as { status?: Delivery['status']; type?: string; from?: string; to?: string }
      const { items, nextCursor } = await reads.listDeliveries({ ...owner, ...pagingOf(call.query), ...filter, webhookId: webhook.id })
      return { data: items, nextCursor }
    },
    get: async (call: Call): Promise<Answer> => ({ data: await getDelivery(call) }),
    async attempts(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const { id } = await getDelivery(call)
      return { data: await reads.listAttempts(organizationId, environment, id), nextCursor: null }
    },
  }
}

/** PD-23, PD-24: the bare answer of the original; states that it has no word for are shown as pending or failed (C.10). */
export function bareDeliveries(answer: Answer): unknown {
  const deliveries = (answer.data as Delivery[]).map(delivery => ({
    id: delivery.id,
    event: delivery.eventType,
    timestamp: delivery.createdAt,
    status: BARE_STATUS[delivery.status] ?? 'failed',
    responseStatus: delivery.responseStatus,
    responseTime: delivery.responseTimeMs,
    attempts: delivery.attempts,
    ...(delivery.lastError === null ? {} : { lastError: delivery.lastError }),
  }))
  return { deliveries }
}

const BARE_STATUS: Partial<Record<Delivery['status'], string>> = { success: 'success', pending: 'pending', retrying: 'retrying' }
