/** Answers about queues, workflows, runs, drift and the marketplace. */
import { BILLING, HOSTILE, IDS } from './answers.ts'

const T = '2026-12-01T05:08:31'
export const QUEUE = 'que_01m8r0myf9zw150m08c00qg5sb'
export const WORKFLOW = 'wf_01m8r0myf9zw150m08c00qg5sb'
export const RUN = 'run_01m8r0myf9zw150m08c00qg5sb'
export const FINDING = 'drf_01m8r0myf9zw150m08c00qg5sb'
export const LISTING = 'mkl_01m8r0myf9zw150m08c00qg5sb'
const NAME = 'TENANT_CUSTOM:northwind.order.paid@1.1.0'

export const queues = [
  {
    ...{
      id: QUEUE,
      revision: 1,
      createdAt: `${T}.000Z`,
      updatedAt: `${T}.000Z`,
      environment: 'live',
      name: 'invoicing',
    },
    ...{ selectors: ['northwind.order.paid', 'northwind.order.refunded'], conditions: null, contracts: {} },
    ...{ visibilityTimeoutSeconds: 30, maxReceives: 5, nackBackoff: null, retentionHours: 96, ordered: true },
    ...{ deadLetterQueueId: null, active: true, receivable: true },
  },
]

export const queueStats = {
  ...{ ready: 1_204, approximate: true, inFlight: 12, delayed: 3, held: 7, dead: 2, oldestReadyAt: `${T}.000Z` },
  ...{ handedOut: 90_412, acked: 89_010, expired: 4, purged: 0, waitingReceives: 1, awake: true },
}

const message = (sequence: number) => ({
  ...{ id: IDS.event, type: 'northwind.order.paid', sequence, subject: `order-${sequence}` },
  data: { total: 12.5, note: HOSTILE },
})

export const queueDead = [
  {
    ...{
      eventId: IDS.event,
      receiveCount: 5,
      reason: 'max_receives',
      deadAt: `${T}.000Z`,
      firstReceivedAt: `${T}.000Z`,
    },
    event: message(58),
  },
  {
    eventId: `${IDS.event}x`,
    receiveCount: 1,
    reason: 'rejected',
    deadAt: `${T}.000Z`,
    firstReceivedAt: null,
    event: null,
  },
]

export const peeked = [{ ...message(59), receiveCount: 0 }]

const definition = { actions: [{ key: 'reserve', type: 'http_request', input: { url: 'https://stock.example.com' } }] }

export const workflow = {
  ...{ id: WORKFLOW, revision: 3, createdAt: `${T}.000Z`, updatedAt: `${T}.000Z`, organizationId: IDS.organization },
  ...{ environment: 'live', name: 'Reorder', description: 'Orders what runs out.', active: true },
  trigger: { kind: 'event', event: 'northwind.stock.low', conditions: null },
  ...{ allowSelfTrigger: false, priority: 0, cooldownSeconds: null, maxRunsPerDay: null, concurrency: null },
  ...{ timeoutSeconds: 300, strict: false, recordSkips: true, catchUp: 'last', contracts: {} },
  deployed: { version: 7, hash: 'a'.repeat(64), deployedAt: `${T}.000Z`, deployedBy: 'key_01m8r020z9b24gvf7d6w86y3fz' },
  stats: { runs: 214, failed: 3, lastRunAt: `${T}.000Z`, lastStatus: 'failed' },
  draft: {
    ...{ revision: 9, hash: 'b'.repeat(64), bytes: 120, pins: {}, updatedAt: `${T}.000Z`, updatedBy: 'key' },
    findings: [{ path: '/actions/0/input/url', rule: 'template', message: 'names no action', severity: 'error' }],
    definition,
  },
}

export const workflowVersions = [
  {
    ...{ workflowId: WORKFLOW, version: 7, hash: 'a'.repeat(64), bytes: 120, deployedAt: `${T}.000Z`, reads: [] },
    ...{ deployedBy: 'key_01m8r020z9b24gvf7d6w86y3fz', rollbackOf: null, live: true },
    changes: [{ kind: 'changed', key: 'reserve' }],
  },
  {
    ...{ workflowId: WORKFLOW, version: 6, hash: 'c'.repeat(64), bytes: 110, deployedAt: `${T}.000Z`, reads: [] },
    ...{ deployedBy: 'key_01m8r020z9b24gvf7d6w86y3fz', rollbackOf: null, live: false, changes: null },
  },
]

const failure = { actionKey: 'reserve', path: 'each[2]/reserve', code: 'http_status', message: 'The answer was 503.' }

const summary = {
  ...{ id: RUN, workflowId: WORKFLOW, workflowVersion: 7, environment: 'live', mode: 'live', retryOf: null },
  trigger: { kind: 'event', eventId: IDS.event, canonicalName: 'TENANT_CUSTOM:northwind.stock.low@1.0.0' },
  ...{ status: 'failed', skipReason: null, startedAt: `${T}.000Z`, finishedAt: `${T}.900Z`, durationMs: 900 },
  ...{ error: failure, reason: null, chainDepth: 0 },
}

export const runs = [
  summary,
  { ...summary, id: `${RUN}2`, status: 'succeeded', error: null },
  { ...summary, id: `${RUN}3`, status: 'skipped', error: null, skipReason: 'cooldown', durationMs: null },
]

const step = (number: number, path: string, atMs: number, durationMs: number, more: object = {}) => ({
  ...{ number, actionKey: path.split('/').at(-1), path, type: 'http_request', status: 'succeeded', attempts: 1 },
  ...{ startedAt: `${T}.${String(atMs).padStart(3, '0')}Z`, durationMs, error: null, branch: null },
  ...{ input: { sku: '4711', amount: 12.5 }, output: { status: 200 } },
  ...more,
})

export const run = {
  ...summary,
  ...{ params: { sku: '4711' }, output: null, warnings: [] },
  steps: [
    step(1, 'find', 0, 120),
    step(2, 'big', 120, 200, { type: 'if', branch: 'then' }),
    ...[0, 1, 2]
      .map(at => step(3 + at, `each[${at}]/reserve`, 320 + at * 190, 180))
      .map((each, at) =>
        at === 2
          ? { ...each, status: 'failed', attempts: 4, error: { code: failure.code, message: failure.message } }
          : each,
      ),
  ],
}

export const findings = [
  {
    ...{ id: FINDING, revision: 1, createdAt: `${T}.000Z`, updatedAt: `${T}.000Z`, organizationId: IDS.organization },
    ...{
      kind: 'payload_shape',
      severity: 'warning',
      entityType: 'custom_event',
      entityId: 'cer_1',
      canonicalName: NAME,
    },
    message: 'Payloads of northwind.order.paid have fields that its schema does not name.',
    ...{
      expected: { schemaHash: 'abc' },
      actual: { fields: ['coupon'] },
      diff: [{ path: '/coupon', change: 'added' }],
    },
    proposal: { type: 'object', properties: { total: { type: 'number' }, coupon: { type: 'string' } } },
    ...{
      firstSeenAt: `${T}.000Z`,
      lastSeenAt: `${T}.900Z`,
      occurrences: 214,
      status: 'open',
      resolvedAt: null,
      note: null,
    },
  },
  {
    ...{
      id: `${FINDING}2`,
      revision: 1,
      createdAt: `${T}.000Z`,
      updatedAt: `${T}.000Z`,
      organizationId: IDS.organization,
    },
    ...{
      kind: 'subscription_target',
      severity: 'critical',
      entityType: 'webhook',
      entityId: BILLING,
      canonicalName: null,
    },
    ...{
      message: 'A selector of the webhook matches nothing.',
      expected: null,
      actual: null,
      diff: [],
      proposal: null,
    },
    ...{ firstSeenAt: `${T}.000Z`, lastSeenAt: `${T}.900Z`, occurrences: 1, status: 'acknowledged', resolvedAt: null },
    note: 'being worked on',
  },
]

export const driftSummary = {
  ...{
    open: 2,
    bySeverity: { info: 0, warning: 1, critical: 1 },
    byKind: {},
    byStatus: {},
    lastDetectedAt: `${T}.900Z`,
  },
}

export const listings = [
  {
    ...{ id: LISTING, revision: 1, createdAt: `${T}.000Z`, updatedAt: `${T}.000Z`, publisherDisplayName: 'Contoso' },
    ...{ namespace: 'contoso', name: 'parcel.delivered', version: '1.2.0', schemaFlavour: 'json-schema-2020-12' },
    ...{ sourceCanonicalName: 'TENANT_CUSTOM:contoso.parcel.delivered@1.2.0', schemaHash: 'abc' },
    ...{ title: 'Parcel delivered', description: 'A parcel has reached its door.', tags: ['logistics'] },
    ...{ license: { spdx: 'CC-BY-4.0', custom: null, requiresAcceptance: true }, changelog: 'The weight is optional.' },
    ...{ previousListingId: null, status: 'published', forkCount: 12, publishedAt: `${T}.000Z`, unpublishedAt: null },
    ...{ isOwn: false, registrationId: null, publishedBy: null, statusReason: null, takedownReason: null },
  },
]

export const listing = {
  ...listings[0],
  publisherOrganizationId: 'org_01m8r020xpwr9t5nt64d2hre8e',
  payloadSchema: { type: 'object', required: ['parcel'], properties: { parcel: { type: 'string' } } },
  payloadExample: { parcel: '00340434161094015902' },
  versions: [
    {
      id: LISTING,
      version: '1.2.0',
      status: 'published',
      schemaHash: 'abc',
      changelog: null,
      publishedAt: `${T}.000Z`,
    },
  ],
}

export const forks = [
  {
    ...{ id: 'mkf_01m8r0myf9zw150m08c00qg5sb', listingId: LISTING, forkRegistrationId: 'cer_1' },
    ...{ forkOrganizationId: IDS.organization, forkCanonicalName: 'TENANT_CUSTOM:northwind.parcel.delivered@1.0.0' },
    ...{ namespace: 'northwind', name: 'parcel.delivered', version: '1.0.0', sourceSchemaHash: 'abc' },
    ...{ sourceCanonicalName: 'TENANT_CUSTOM:contoso.parcel.delivered@1.2.0', publisherDisplayName: 'Contoso' },
    ...{
      licenseSnapshot: null,
      licenseAcceptedBy: null,
      licenseAcceptedAt: null,
      forkedBy: 'key',
      forkedAt: `${T}.000Z`,
    },
  },
]
