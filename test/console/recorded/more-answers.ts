/** Answers about the organization and the operator. */
import { BILLING, IDS, session } from './answers.ts'

const T = '2026-12-01T05:08:31'

const registration = (version: string, properties: object, more: object = {}) => ({
  ...{ id: `cer_01m8r0213ktzj0yw93xsb9q${version.replaceAll('.', '')}`, revision: 1, createdAt: `${T}.000Z` },
  ...{ updatedAt: `${T}.000Z`, organizationId: IDS.organization, namespace: 'northwind', name: 'order.paid', version },
  ...{ canonicalName: `TENANT_CUSTOM:northwind.order.paid@${version}`, status: 'published', registeredBy: 'key' },
  description: 'An order has been paid in full.',
  payloadSchema: { type: 'object', required: ['total'], properties },
  payloadExample: { total: 12.5 },
  schemaHash: '5568d53538a1a77431f94f0af7e35fb6d10385317708186e4d986deaff2ef2f9',
  ...{ schemaFlavour: 'json-schema-2020-12', semverBump: 'minor', publishedAt: `${T}.000Z`, archivedAt: null },
  warnings: [],
  ...more,
})

const TOTAL = { total: { type: 'number', description: 'Amount with tax.' } }

export const registrations = [
  registration('1.1.0', {
    ...TOTAL,
    ...{ currency: { type: 'string', enum: ['EUR', 'USD'] }, paidAt: { type: 'string', format: 'date-time' } },
    items: { type: 'array', items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } },
    customer: { type: 'object', properties: { id: { type: 'string' }, vip: { type: 'boolean' } } },
    other: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  }),
  registration('1.0.0', TOTAL, { semverBump: 'initial' }),
]

export const replay = {
  ...{ id: IDS.replay, revision: 2, createdAt: `${T}.000Z`, updatedAt: `${T}.000Z`, environment: 'live', name: null },
  kind: 'recover',
  source: { from: `${T}.000Z`, to: `${T}.900Z`, selectors: [], subject: null, conditions: null, eventIds: null },
  target: { kind: 'webhook', ids: [BILLING] },
  options: { ratePerSecond: 50, onlyFailed: true, dryRun: false },
  ...{ state: 'completed', stateReason: null, targets: [], warnings: [], requestedBy: session.keyId },
  progress: { matched: 214, processed: 214, succeeded: 210, failed: 4, skipped: 0, expired: 0, lastRecordedAt: null },
  ...{ startedAt: `${T}.000Z`, endedAt: `${T}.900Z` },
}

export const summary = {
  ...{ month: '2026-12', environment: 'live', final: false },
  meters: { emits: 90_000, webhook_attempts: 150, deliveries_succeeded: 120, stored_bytes: 2_846_000 },
  used: { emits: 90_000, registrations: 12, webhooks: 40, tables: 2, table_bytes: 81_920 },
  limits: { emits: 100_000, registrations: null, webhooks: 500, tables: 500, table_bytes: 20_000_000_000 },
  warnings: [{ meter: 'emits', level: 90, used: 90_000, limit: 100_000 }],
}

export const timeseries = Array.from({ length: 24 }, (_, hour) => ({
  start: new Date(Date.UTC(2026, 10, 30, hour)).toISOString(),
  meter: 'emits',
  count: hour * 13,
}))

export const keys = [
  {
    ...{ id: session.keyId, revision: 1, createdAt: `${T}.000Z`, updatedAt: `${T}.000Z`, name: 'first key' },
    ...{ environment: 'live', scopes: session.scopes, hint: 'ck_live_…e3f1', expiresAt: null, lastUsedAt: null },
  },
]

export const kafkaUsers = [
  {
    ...{ id: 'kfk_01m8r020z9b24gvf7d6w86y3fz', name: 'importer', access: 'both', username: 'u_01m8r020z9' },
    ...{ bootstrapServers: 'kafka.example.com:9092', createdAt: `${T}.000Z` },
  },
]

export const audit = [
  {
    ...{ organizationId: IDS.organization, id: 'chg_01m8r02ajjygknq4n174z4vcma', type: 'WEBHOOK_UPDATED' },
    ...{ entityType: 'webhook', entityId: BILLING, canonicalName: null, actorId: session.keyId, ip: '127.0.0.1' },
    ...{ occurredAt: `${T}.466Z`, previousStatus: null, status: null, reason: null, requestId: 'req_01m8r02afqyvf9b' },
    data: { changed: ['active'] },
  },
]

export const quarantined = {
  ...{
    id: IDS.emit,
    emitId: IDS.emit,
    code: 'payload_invalid',
    message: 'The payload is not what the schema asks for.',
  },
  findings: [{ path: '/total', rule: 'type', message: 'must be number' }],
  ...{
    name: 'northwind.order.paid',
    recordedAt: `${T}.466Z`,
    topic: 'emits.org',
    partition: 0,
    offset: 7,
    leftOut: [],
  },
  ...{ key: null, keyEncoding: null, headers: {}, payload: '{"total":"eight"}', payloadEncoding: 'utf8' },
  payloadBytes: 17,
}

export const notices = [
  {
    ...{ id: 'ntf_01m8r027658yyadsbk1qk4vgbc', createdAt: `${T}.997Z`, environment: 'live', channel: 'in-app' },
    ...{ channelType: 'in_app', kind: 'webhook_failing', title: 'Webhook billing is failing', severity: 'warning' },
    message: 'Attempts to deliver to this webhook fail one after the other.\nIt stays active.',
    ...{ status: 'sent', readAt: null, data: { webhookId: BILLING }, attempts: [] },
  },
]

export const channels = [
  {
    ...{ id: 'chn_h30vqkgb8pwsyvbtjzqx9wxqad', name: 'account-owner', type: 'email', active: true, health: 'healthy' },
    createdAt: `${T}.000Z`,
  },
]

export const groups = [
  {
    ...{ id: 'grp_01m8r020z9b24gvf7d6w86y3fz', name: 'Partners north', description: null, status: 'active' },
    ...{ callerRole: 'owner', memberCount: 1, pushCount: 1 },
  },
]

export const members = [
  {
    ...{ id: 'mem_01m8r020z9b24gvf7d6w86y3fz', peerType: 'external_webhook', memberOrganizationId: null },
    ...{ external: { label: 'Legacy' }, status: 'accepted', health: 'healthy', lastRelayAt: `${T}.000Z` },
  },
  {
    ...{ id: 'mem_01m8r020z9b24gvf7d6w86y3f0', peerType: 'tenant_org', memberOrganizationId: `${IDS.organization}` },
    ...{ external: null, status: 'accepted', health: 'failing', lastRelayAt: `${T}.000Z` },
  },
]

export const pushes = [
  {
    ...{ id: 'psh_01m8r020z9b24gvf7d6w86y3fz', namespace: 'northwind', name: 'order.paid', version: '1.1.0' },
    ...{ sourceCanonicalName: 'TENANT_CUSTOM:northwind.order.paid@1.1.0', isActive: true },
  },
]

export const organizations = [
  {
    ...{ id: IDS.organization, revision: 1, createdAt: `${T}.000Z`, updatedAt: `${T}.000Z`, slug: 'northwind' },
    ...{ name: 'Northwind', plan: 'ENTERPRISE', status: 'active', ownerEmail: 'owner@example.com' },
    ...{ namespaceAllowlist: ['northwind'], strictCompatibility: false, limits: { emitsPerSecond: 50 } },
  },
]

export const ledger = {
  lastCheck: { checkedAt: `${T}.000Z`, organizations: 1, consistent: true, findings: [], skipped: [] },
  findings: [],
}
