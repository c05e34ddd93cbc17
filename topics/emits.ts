import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type OrganizationTopic } from './topic.ts'

/** Whether an organization's own producers write to the topic: their batches are as they made them. */
export const isEmits = (topic: string): boolean => topic.startsWith('emits.')

/**
 * The ingress of one organization. Value: the payload as JSON bytes, untouched. Its headers are the producer's; the api adds
 * its own, which count only with a valid tag (`src/events/ingress.ts`).
 */
export const emits: OrganizationTopic = {
  pattern: 'emits.<org>',
  nameFor: (organizationId, environment) =>
    environment === 'live' ? `emits.${organizationId}` : `emits.${organizationId}.test`,
  meaning: 'Emits of one organization, over HTTP or from its own Kafka producers, before their verdict.',
  key: 'the subject, or nothing',
  value: 'the payload as it was sent',
  producers: ['api', 'organization'],
  consumers: ['admit'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
