/** Answers of the calls that look: figures, why, lineage, dry emits, and the state of the installation. */
import { BILLING, FAILED, IDS } from './answers.ts'

const HOUR = (hour: number) => `2026-12-01T0${hour}:00:00.000Z`

export const stats = {
  ...{ from: HOUR(0), to: HOUR(6), interval: 'hour' },
  buckets: Array.from({ length: 6 }, (_, hour) => ({
    ...{
      start: HOUR(hour),
      attempts: 20 + hour,
      succeeded: hour < 4 ? 20 + hour : 0,
      failed: hour < 4 ? 0 : 20 + hour,
    },
    ...{ p50Ms: 20, p95Ms: 40 + hour },
  })),
  errors: [
    ...[
      { errorKind: 'status', responseStatus: 503, count: 41, firstAt: HOUR(4), lastAt: HOUR(5) },
      { errorKind: 'timeout', responseStatus: null, count: 4, firstAt: HOUR(4), lastAt: HOUR(4) },
    ].map(group => ({ ...group, sampleDeliveryId: FAILED })),
  ],
  otherErrors: 0,
}

const why = (name: string, outcome: string, reason: string, sentence: string, basis: string) => ({
  ...{ webhookId: BILLING.replace(/..$/, name.slice(0, 2)), name, outcome, reason, sentence, basis },
})

const sentences = [
  why('audit log', 'delivered', 'answered', 'It was delivered.', 'recorded'),
  why('billing', 'failed', 'exhausted', 'Its attempts are used up.', 'recorded'),
  why('crm', 'not_matched', 'condition', 'The condition data.total gte 500 is not met (it is 399.1).', 'current'),
  why('data lake', 'paused', 'inactive', 'It is off; it gets the event when it is switched on.', 'current'),
]
const whyAnswer = { eventId: IDS.event, webhooks: sentences }

export { whyAnswer as why }

const node = (id: string, kind: string, type: string | null, depth: number, more: object = {}) => ({
  ...{ id, kind, type, depth, status: null, at: HOUR(5), closed: false, ...more },
})

export const lineage = {
  nodes: [
    node(IDS.event, 'event', 'northwind.order.paid', 0, { status: 'DELIVERED' }),
    node(BILLING, 'webhook', 'billing', 0, { status: 'failed' }),
    node('run_01m8r0myf9zw150m08c00qg5sb', 'run', 'Reorder', 0, { status: 'succeeded' }),
    node('cefm_01m8r0myf9zw150m08c00qg5sb', 'peer', null, 0, { closed: true }),
    node('evt_06h30097tg00000000000efffe2ye8w1', 'event', 'northwind.sku.reorder', 1, { status: 'RELAYED' }),
    node('evt_06h30097tg00000000000efffe2ye8w2', 'event', 'northwind.stock.low', 1, { status: 'REJECTED' }),
  ],
  edges: [
    { from: IDS.event, to: BILLING, kind: 'delivered' },
    { from: IDS.event, to: 'run_01m8r0myf9zw150m08c00qg5sb', kind: 'ran' },
    { from: IDS.event, to: 'cefm_01m8r0myf9zw150m08c00qg5sb', kind: 'relayed' },
    { from: 'run_01m8r0myf9zw150m08c00qg5sb', to: 'evt_06h30097tg00000000000efffe2ye8w1', kind: 'caused' },
    { from: 'run_01m8r0myf9zw150m08c00qg5sb', to: 'evt_06h30097tg00000000000efffe2ye8w2', kind: 'caused' },
  ],
  folded: [{ parent: IDS.event, type: 'northwind.sku.reorder', count: 12 }],
}

export const redrivePreview = {
  ...{ count: 214, countIsExact: true, byType: [{ key: 'northwind.order.paid', count: 214 }] },
  ...{ byWebhook: [{ key: BILLING, count: 214 }], oldestAt: '2026-12-01T05:08:31.000Z', newestAt: null },
  ...{ estimatedSeconds: 5, skipped: [{ reason: 'payload_expired', count: 2 }] },
}

export const preview = {
  ...{ verdict: 'rejected', code: 'payload_invalid', message: 'The payload does not fit its schema.' },
  ...{ findings: [{ path: '/total', rule: 'type', message: 'must be number' }], warnings: [], peers: [] },
  ...{ quota: { used: 958, limit: 1_000 }, canonicalName: null, schemaVersion: '1.1.0', idempotencyChecked: false },
  webhooks: [
    { webhookId: BILLING, name: 'billing', matches: true, reason: null },
    { webhookId: BILLING.replace(/..$/, 'cr'), name: 'crm', matches: false, reason: 'condition' },
  ],
}

const role = (name: string, running: number, lagRecords = 0, lagSeconds = 0) => ({
  ...{ role: name, shards: name === 'api' ? 0 : 8, running, lagRecords, lagSeconds },
})

export const platform = {
  version: '0.1.0',
  processes: ['one', 'two'].map((name, at) => ({
    ...{ id: `prc_01m8r0myf9zw150m08c00q${name}`, roles: ['api', 'admit', 'deliver'], version: '0.1.0' },
    ...{ startedAt: HOUR(1), lastSeenAt: HOUR(5), shards: { admit: [at], deliver: [at] } },
    missing: at === 0 ? [] : ['admit: restoring shards 3'],
  })),
  roles: [role('api', 2), role('admit', 7, 1_204, 41), role('deliver', 8), role('run', 8), role('record', 8, 12, 2)],
  kafka: {
    version: '4.3.1',
    brokers: [
      { id: 1, host: '127.0.0.1:19092', alive: true },
      { id: 2, host: '127.0.0.1:19093', alive: false },
    ],
    ...{ offlinePartitions: 0, belowMinIsr: 3 },
  },
  history: { reachable: true, behindSeconds: 2 },
  disk: [{ part: 'kafka', usedBytes: 1_204_000_000, freeBytes: 52_000_000_000 }],
  checkedAt: HOUR(5),
}

/** On a version that asks for more than the one before. */
export const compared = {
  ...{ from: {}, to: {}, bump: 'minor', legal: true, proof: 'members', findings: [], warnings: [] },
}

export const verdict = {
  ...{
    valid: false,
    semverBump: 'minor',
    warnings: [],
    impact: { webhooks: [{}] },
    history: { judged: 10, refused: 3 },
  },
  findings: [
    {
      ...{ code: 'minor_must_be_backwards_compatible', message: 'A minor must be compatible.' },
      details: [{ path: '/payloadSchema/required', rule: 'required_added', message: 'currency is required now' }],
    },
  ],
}

export const loads = ['Northwind', 'Contoso'].map((name, at) => ({
  organization: {
    ...{ id: IDS.organization.slice(0, -1) + at, slug: name.toLowerCase(), name, plan: 'PRO', status: 'active' },
    limits: { emitsPerSecond: at === 0 ? 50 : null },
  },
  ...{ emits: 45_120 - at * 40_000, emitsPerSecond: 50.13 - at * 44, rejected: 41_000 - at * 40_990 },
  ...{ attempts: 9_000, failedAttempts: 12, deliveriesWaiting: 214 * at, storedBytes: 12_000_000 },
}))

export const load = [
  { group: 'key_01m8r020z9b24gvf7d6w86y3fz', emits: 4_120, rejected: 41_000, bytes: 9_000_000 },
  { group: 'key_01m8r020z9b24gvf7d6w86y3g0', emits: 312, rejected: 0, bytes: 90_000 },
]
