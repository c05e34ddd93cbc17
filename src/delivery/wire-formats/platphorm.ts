/** Platphorm Design (PD-13, PD-14): `id` is the delivery's (K-8), the environment is production or staging (K-25). */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryFacts, withMember } from '../../events/envelope.ts'
import { isJsonObject } from '../../events/json-pointer.ts'

const SOURCE = 'platphorm-design'

export function renderPlatphorm(event: EventFacts, payload: Buffer, delivery: DeliveryFacts): Buffer {
  const { federation } = event
  const { replay } = delivery
  const head = {
    id: delivery.deliveryId,
    type: event.type,
    timestamp: new Date(event.timeMs).toISOString(),
    apiVersion: delivery.apiVersion,
    metadata: {
      source: SOURCE,
      environment: event.environment === 'live' ? 'production' : 'staging',
      ...idsOf(payload),
      ...(federation === null ? {} : { canonicalName: event.canonicalName, federation }),
      ...(replay === null ? {} : { replay }),
    },
  }
  return withMember(JSON.stringify(head), 'data', payload)
}

/** `userId` and `designId`, where the payload says them. */
function idsOf(payload: Buffer): { userId?: string; designId?: string } {
  if (!payload.includes('Id"')) return {}
  const value: unknown = JSON.parse(payload.toString())
  if (!isJsonObject(value)) return {}
  const { userId, designId } = value
  return { ...(typeof userId === 'string' ? { userId } : {}), ...(typeof designId === 'string' ? { designId } : {}) }
}
