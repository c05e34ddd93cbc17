import { LIFECYCLE_EVENTS } from '../../events/lifecycle-events.ts'
import { anyObject, nullable, object, oneOf, string, text, time } from '../http/schema-parts.ts'

/** The types of entities in the audit trail. */
export const AUDIT_ENTITY_TYPES = [
  ...[
    'organization',
    'key',
    'kafka-credential',
    'registration',
    'emit',
    'webhook',
    'sink',
    'delivery',
    'notification',
    'notification-channel',
    'replay',
    'queue',
    'workflow',
    'variable',
    'secret',
    'connection',
    'mail-template',
  ],
  ...[
    'federation-group',
    'federation-member',
    'federation-push',
    'federation-relay',
    'listing',
    'fork',
    'drift-finding',
  ],
] as const
export const auditQuery = {
  'type?': oneOf([...LIFECYCLE_EVENTS.keys()]),
  'entity?': text(1, 200),
  'entityType?': oneOf(AUDIT_ENTITY_TYPES),
  'entityId?': text(1, 200),
  ...{ 'actor?': text(1, 100), 'from?': time, 'to?': time },
}
const maybe = nullable(string)
/** `data`: the facts of this type of change (docs/reference/events.md). */
export const change = object({
  ...{ id: string, organizationId: string, type: string, entityType: string, entityId: string, canonicalName: maybe },
  ...{
    actorId: string,
    occurredAt: time,
    previousStatus: maybe,
    status: maybe,
    reason: maybe,
    requestId: maybe,
    ip: maybe,
  },
  data: anyObject,
})
