import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type OrganizationTopic } from './topic.ts'

/** The organization's log. Partition p is fed by partition p of `emits.<org>`. Headers: `src/events/log-record.ts`. */
export const events: OrganizationTopic = {
  pattern: 'events.<org>',
  nameFor: (organizationId, environment) =>
    environment === 'live' ? `events.${organizationId}` : `events.${organizationId}.test`,
  meaning:
    'Accepted events, in order per subject and numbered without a gap: the log, which the organization may read itself.',
  key: 'the subject, or nothing',
  value: 'the payload as it was sent',
  producers: ['admit'],
  consumers: ['api', 'deliver', 'queue', 'record', 'organization'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}

/** The log to which accepted emits of this ingress are written. */
export const logOf = (ingress: string): string => events.pattern.replace('<org>', ingress.slice('emits.'.length))

/** The organization and environment of a log. */
export function logParts(log: string): { organizationId: string; environment: 'live' | 'test' } {
  const [, organizationId = '', environment] = log.split('.')
  return { organizationId, environment: environment === 'test' ? 'test' : 'live' }
}
