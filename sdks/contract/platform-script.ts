/**
 * Calls that every kit makes against a live platform, each in an organization of its own. `$name` stands for what an
 * earlier answer held; `keep` names it by its path. `{slug}` is that of the organization.
 */

export interface Step {
  call: string
  path?: string[]
  query?: Record<string, unknown>
  body?: Record<string, unknown>
  options?: Record<string, unknown>
  keep?: Record<string, string>
}

const order = { name: 'order.paid', version: '1.0.0' }
const payloadSchema = {
  type: 'object',
  required: ['total'],
  properties: { total: { type: 'number' } },
  additionalProperties: false,
}
const registration = { namespace: '{slug}', ...order, payloadSchema }
const emit = { name: '{slug}.order.paid', payload: { total: 12.5 } }
const webhook = { url: 'https://hooks.example.com/a', events: ['{slug}.*'], name: 'audit', active: false }
const channel = { name: 'ops', type: 'email', config: { recipients: ['ops@example.com'] } }
const workflow = { name: 'Reorder', trigger: { kind: 'event', event: 'sku_reorder' } }
const definition = { language: 1, actions: [{ key: 'end', type: 'stop', with: {} }] }

export const PLATFORM_SCRIPT: readonly Step[] = [
  { call: 'whoami' },
  {
    call: 'keys.create',
    body: { name: 'reader', environment: 'live', scopes: ['events:read'] },
    keep: { key: 'key.id' },
  },
  { call: 'keys.list', query: { limit: 1 } },
  { call: 'keys.delete', path: ['$key'] },
  { call: 'keys.delete', path: ['key_none'] },
  { call: 'events.custom.dryRun', body: registration },
  {
    call: 'events.custom.register',
    body: { ...registration, description: 'An order <& paid>' },
    keep: { event: 'id', revision: 'revision' },
  },
  { call: 'events.custom.register', body: { ...registration, version: '1.0' } },
  { call: 'events.custom.get', path: ['$event'] },
  { call: 'events.custom.update', path: ['$event'], body: { description: null } },
  { call: 'events.custom.publish', path: ['$event'] },
  { call: 'events.custom.list', query: { namespace: '{slug}' } },
  { call: 'events.custom.each', query: { namespace: '{slug}', includeInbound: false } },
  { call: 'events.custom.types', path: ['$event'], query: { lang: 'go' } },
  { call: 'events.custom.health' },
  {
    call: 'events.custom.emit',
    body: { ...emit, idempotencyKey: 'order-7', subject: 'order/7' },
    keep: { emit: 'emitId', eventId: 'eventId' },
  },
  { call: 'events.custom.emit', body: { ...emit, idempotencyKey: 'order-7', subject: 'order/7' } },
  { call: 'events.custom.emit', body: { ...emit, payload: { total: 'much' } } },
  { call: 'events.custom.emit', body: { ...emit, name: '{slug}.nothing' } },
  { call: 'events.custom.emitBatch', body: { items: [emit, { ...emit, payload: {} }] } },
  { call: 'events.custom.emits.get', path: ['$emit'] },
  { call: 'events.webhooks.create', body: webhook, keep: { webhook: 'id' } },
  { call: 'events.webhooks.create', body: { ...webhook, url: 'http://hooks.example.com' } },
  { call: 'events.webhooks.list', query: { limit: 5 } },
  { call: 'events.webhooks.each' },
  { call: 'events.webhooks.get', path: ['$webhook'] },
  {
    call: 'events.webhooks.update',
    path: ['$webhook'],
    body: { name: null, maxInFlight: 3, retry: { preset: 'six' } },
  },
  { call: 'events.webhooks.update', path: ['$webhook'], body: { name: 'b' }, options: { ifMatch: 1 } },
  { call: 'events.webhooks.rotate', path: ['$webhook'], body: {} },
  { call: 'events.webhooks.deliveries', path: ['$webhook'], query: { status: 'failed' } },
  { call: 'events.webhooks.deadLetters', query: { limit: 1 } },
  { call: 'events.webhooks.delete', path: ['$webhook'] },
  { call: 'events.webhooks.get', path: ['$webhook'] },
  { call: 'events.custom.subscribe', body: { name: '{slug}.order.paid', webhookUrl: 'https://hooks.example.com/b' } },
  { call: 'events.lifecycle.get' },
  { call: 'events.streams.list' },
  { call: 'events.custom.quarantine.list' },
  { call: 'replays.list' },
  { call: 'notifications.channels.create', body: channel },
  { call: 'notifications.channels.list', query: { limit: 1 } },
  {
    call: 'notifications.channels.update',
    path: ['ops'],
    body: { minSeverity: 'error', quietHours: { from: '22:00', to: '06:00', timeZone: 'UTC' } },
  },
  { call: 'notifications.channels.get', path: ['ops'] },
  { call: 'notifications.preferences' },
  { call: 'notifications.channels.delete', path: ['ops'] },
  { call: 'notifications.list' },
  { call: 'workflows.create', body: workflow, keep: { workflow: 'id' } },
  { call: 'workflows.saveDraft', path: ['$workflow'], body: { definition } },
  { call: 'workflows.deploy', path: ['$workflow'], body: {} },
  { call: 'workflows.deploy', path: ['$workflow'], body: {} },
  { call: 'workflows.get', path: ['$workflow'] },
  { call: 'workflows.list' },
  { call: 'workflows.versions', path: ['$workflow'] },
  { call: 'workflows.deactivate', path: ['$workflow'] },
  { call: 'workflows.delete', path: ['$workflow'] },
  { call: 'variables.set', path: ['REGION'], body: { value: 'eu' } },
  { call: 'variables.get', path: ['REGION'] },
  { call: 'variables.list' },
  { call: 'variables.delete', path: ['REGION'] },
  { call: 'secrets.set', path: ['TOKEN'], body: { value: 'sealed' } },
  { call: 'secrets.list' },
  {
    call: 'events.custom.federation.groups.create',
    body: { name: 'Partners', description: null },
    keep: { group: 'id' },
  },
  { call: 'events.custom.federation.groups.get', path: ['$group'] },
  { call: 'events.custom.federation.groups.archive', path: ['$group'] },
  { call: 'organizations.get', path: ['org_none'] },
  { call: 'events.custom.archive', path: ['$event'] },
]
