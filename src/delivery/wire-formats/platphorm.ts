/** Platphorm Design: `id` is the delivery's id, and the environment is `production` or `staging`. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryFacts, withMember } from '../../events/envelope.ts'
import { isJsonObject } from '../../json/json-pointer.ts'
import { readJson } from '../../json/read-json.ts'

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
      ...idsOf(event, payload),
      ...(federation === null ? {} : { canonicalName: event.canonicalName, federation }),
      ...(replay === null ? {} : { replay }),
    },
  }
  return withMember(JSON.stringify(head), 'data', payload)
}

/** `userId` and `designId`, where the payload contains them; `userId` also where the event's actor is a user. */
function idsOf({ actorId }: EventFacts, payload: Buffer): { userId?: string; designId?: string } {
  const value: unknown = payload.includes('Id"') ? readJson(payload.toString()) : {}
  const { userId, designId } = isJsonObject(value) ? value : {}
  const user = typeof userId === 'string' ? userId : isUser(actorId) ? actorId : undefined
  return { ...(user === undefined ? {} : { userId: user }), ...(typeof designId === 'string' ? { designId } : {}) }
}

/** All other actors are keys or the platform itself. */
const isUser = (actorId: string): boolean => !actorId.startsWith('key_') && !NOT_USERS.has(actorId)
const NOT_USERS: ReadonlySet<string> = new Set(['system', 'operator', 'producer'])
