/** A dry run of a redrive of dead letters by name. */
import type { Delivery } from '../analytics/read/delivery.ts'
import type { Reads } from '../analytics/read/reads.ts'
import type { Clock } from '../clock.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Owner } from '../model/environments.ts'
import { type Preview, previewOf } from './preview.ts'

const RATE = 50
const KEPT_MS = 30 * 86_400_000

export function createPreviewRedrive(deps: {
  reads: Pick<Reads, 'deliveriesNamed'>
  view: Pick<ControlView, 'find'>
  clock: Clock
}): (owner: Owner, deliveryIds: string[]) => Promise<Preview> {
  const { reads, view, clock } = deps

  function obstacle(owner: Owner, { webhookId, status, reason, createdAt, trigger }: Delivery): string | undefined {
    const isLeftOut = status === 'skipped' && reason === 'left_out'
    if (status === 'pending' || status === 'retrying') return 'delivery_in_progress'
    if ((status !== 'failed' && !isLeftOut) || trigger === 'test') return 'not_failed'
    if (view.find('webhook', owner.organizationId, webhookId)?.active !== true) return 'webhook_inactive'
    return Date.parse(createdAt) < clock.nowMs() - KEPT_MS ? 'payload_expired' : undefined
  }

  return async (owner, deliveryIds) => {
    const named = [...new Set(deliveryIds)]
    const found = await reads.deliveriesNamed(owner.organizationId, owner.environment, named)
    const preview = previewOf(found, {
      ...{ ratePerSecond: RATE, isComplete: true },
      obstacle: each => obstacle(owner, each),
    })
    const missing = named.length - found.length
    const unknown = missing === 0 ? [] : [{ reason: 'not_found', count: missing }]
    return { ...preview, skipped: [...preview.skipped, ...unknown] }
  }
}
