import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** The control plane: organizations, keys, registrations, webhooks. Header `command` names the change that wrote the record. */
export const control: Topic = {
  name: 'control',
  meaning: 'The control plane: one whole record for each organization, key, registration, webhook and so on.',
  key: '<kind>/<organization>/<id>',
  value: 'JSON of the record; nothing once it is removed',
  partitions: 'one',
  producers: ['api', 'deliver', 'queue'],
  consumers: ['api', 'admit', 'deliver', 'run', 'queue'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
