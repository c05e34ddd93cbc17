import { LIFECYCLE_EVENTS } from '../../events/lifecycle-events.ts'
import { anyObject, oneOf, text, time } from '../http/schema-parts.ts'

/** The types of entities in the audit trail. */
export const AUDIT_ENTITY_TYPES = [
  ...[
    'organization',
    'key',
    'kafka-credential',
    'registration',
    'emit',
    'webhook',
    'delivery',
    'notification',
    'notification-channel',
    'replay',
    'workflow',
    'variable',
    'secret',
  ],
  ...['federation-group', 'federation-member', 'federation-push', 'federation-relay'],
] as const
export const auditQuery = {
  'type?': oneOf([...LIFECYCLE_EVENTS.keys()]),
  'entity?': text(1, 200),
  'entityType?': oneOf(AUDIT_ENTITY_TYPES),
  'entityId?': text(1, 200),
  ...{ 'actor?': text(1, 100), 'from?': time, 'to?': time },
}
export const change = anyObject
