/** Answers of a platform as it gave them, shortened: what the screens are shown with. */

const T = '2026-12-01T05:08:31'
const ORG = 'org_01m8r020xpwr9t5nt64d2hre8d'
const EVENT = 'evt_06h30097tg00000000000efffe2ye8v9'
const EMIT = 'cee_06h30097tg00000000000efffe2ye8v9'
export const BILLING = 'wh_01m8r021ahtkk6amzv0hq19jpp'
const AUDIT = 'wh_01m8r021973v5jbqq00gdg6fbh'
const EXPORT = 'wh_01m8r021d01vryqayjr0exc8bs'
export const FAILED = 'dlv_06h30097tkp87er6cnmm68g4fwv5n8p8'
const SUCCEEDED = 'dlv_06h30097tg9k37z15kbxmb77z1p94fsr'
export const IDS = { event: EVENT, emit: EMIT, replay: 'rpl_01m8r0myf9zw150m08c00qg5sb', organization: ORG }

/** What a receiver or an emitter may send to harm a page that shows it. */
export const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script> \u202e\u0007😀'

export const session = {
  ...{ kind: 'key', keyId: 'key_01m8r020z9b24gvf7d6w86y3fz', readOnly: false, actAs: null, screens: null, theme: null },
  organization: { id: ORG, slug: 'northwind', name: 'Northwind', plan: 'ENTERPRISE' },
  environment: 'live',
  scopes: [
    ...['events:emit', 'events:read', 'events:payload', 'events:manage', 'webhooks:read', 'webhooks:manage'],
    ...['usage:read', 'federation:manage', 'keys:manage', 'audit:read', 'notifications:manage', 'queues:manage'],
    ...['workflows:read', 'workflows:run', 'workflows:manage', 'marketplace:manage'],
  ],
  ...{ returnUrl: null, idleEndsAt: `${T}.000Z`, endsAt: `${T}.000Z` },
}

export const operatorSession = {
  ...session,
  ...{ kind: 'operator', keyId: null, organization: null, environment: null, scopes: [] },
}

/** Of a customer of the organization, by a console link. */
export const portalSession = {
  ...{ ...session, scopes: ['webhooks:read', 'webhooks:manage'], screens: ['webhooks', 'inspectors'] },
  theme: {
    ...{ accent: '#ffcc00', name: 'Acme events', mode: 'dark' },
    logo: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  },
  returnUrl: 'https://app.example.test/events',
}

/** The operator inside the organization. */
export const insideSession = {
  ...{ ...session, kind: 'operator', keyId: null, readOnly: true },
  actAs: { organizationId: ORG, environment: 'live', write: false, reason: null, endsAt: '2026-12-01T06:08:31.000Z' },
}

const webhook = (id: string, name: string, more: object = {}) => ({
  ...{ id, environment: 'live', revision: 1, createdAt: `${T}.072Z`, updatedAt: `${T}.126Z`, name, description: null },
  ...{ url: `https://${name.replace(' ', '-')}.example.com/hook`, events: ['northwind.order.paid'], active: true },
  ...{ pausedAt: null, timeoutMs: 30_000, maxInFlight: 10, conditions: null, ordering: 'none', headerNames: [] },
  ...{ signatureProfiles: ['standard'], wireFormat: 'default', previousSecretExpiresAt: null, health: 'healthy' },
  ...{ failingSince: null, autoDisableAfterDays: null, apiVersion: '2026-01-01', publicKey: null },
  retry: { preset: 'six', delays: [0, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000], maxAttempts: 6 },
  ...{ lastDeliveryAt: `${T}.149Z`, lastDeliveryStatus: 'success', countersReason: null, waiting: null },
  counters: { attempts: 60, succeeded: 60, failed: 0 },
  ...more,
})

export const webhooks = [
  webhook(EXPORT, 'nightly export', {
    ...{ active: false, pausedAt: `${T}.126Z`, lastDeliveryAt: null, lastDeliveryStatus: null },
    counters: { attempts: 0, succeeded: 0, failed: 0 },
    waiting: { count: 30, oldestAt: `${T}.244Z`, since: `${T}.320Z`, reason: 'paused', ratePerSecond: 0 },
  }),
  webhook(BILLING, 'billing', {
    ...{ health: 'failing', failingSince: `${T}.900Z`, lastDeliveryStatus: 'retrying' },
    counters: { attempts: 30, succeeded: 0, failed: 30 },
  }),
  webhook(AUDIT, 'audit log'),
]

const delivery = (id: string, webhookId: string, more: object) => ({
  ...{ id, webhookId, eventId: EVENT, emitId: EMIT, eventType: 'northwind.order.paid', sequence: 58, reason: null },
  ...{ canonicalName: 'TENANT_CUSTOM:northwind.order.paid@1.1.0', attempts: 1, maxAttempts: 6, nextAttemptAt: null },
  ...{ responseStatus: 200, responseTimeMs: 25, lastError: null, lastErrorKind: null, trigger: 'live', replayId: null },
  ...{ createdAt: `${T}.828Z`, completedAt: `${T}.867Z`, status: 'success' },
  ...more,
})

const FAILING = {
  ...{ status: 'retrying', responseStatus: 503, responseTimeMs: 4, lastError: 'The receiver answered 503.' },
  ...{ lastErrorKind: 'status', nextAttemptAt: '2026-12-01T05:10:31.846Z', completedAt: null, maxAttempts: 4 },
}

export const deliveries = [
  delivery(FAILED, BILLING, FAILING),
  delivery('dlv_06h30097tkp87er6cnmm68g4fwv5n8p9', BILLING, { ...FAILING, sequence: 57 }),
  delivery('dlv_06h30097tkp87er6cnmm68g4fwv5n8pa', BILLING, {
    ...{ ...FAILING, sequence: 56, status: 'failed', reason: 'exhausted', nextAttemptAt: null },
    ...{ responseStatus: null, lastErrorKind: 'timeout', lastError: 'No answer within 30 s.' },
  }),
  delivery(SUCCEEDED, AUDIT, {}),
  delivery('dlv_06h30097thkrh8ank5tp124bhdvvtbh1', EXPORT, {
    ...{ status: 'pending', reason: 'webhook_inactive', attempts: 0, responseStatus: null, completedAt: null },
  }),
]

const attempt = (deliveryId: string, webhookId: string, more: object = {}) => ({
  ...{ webhookId, deliveryId, attemptId: `att_${deliveryId.slice(4)}`, eventId: EVENT, emitId: EMIT, number: 1 },
  ...{ maxAttempts: 6, trigger: 'live', state: 'success', reason: null, url: 'https://audit.example.com/hook' },
  ...{
    startedAt: `${T}.842Z`,
    durationMs: 25,
    connectMs: 8,
    firstByteMs: 20,
    queuedMs: 3,
    dnsMs: 1,
    tlsMs: 4,
    remoteAddress: '203.0.113.7',
    responseStatus: 200,
  },
  requestHeaders: { 'content-type': 'application/json', 'webhook-id': deliveryId, 'webhook-signature': '[redacted]' },
  responseHeaders: { date: 'Tue, 01 Dec 2026 05:08:31 GMT' },
  ...{ responseBody: HOSTILE, errorKind: null, error: null, nextAttemptAt: null, createdAt: `${T}.828Z` },
  ...more,
})

const FAILED_ATTEMPT = {
  ...{ state: 'retrying', durationMs: 4, connectMs: null, firstByteMs: 4, responseStatus: 503, errorKind: 'status' },
  ...{ error: 'The receiver answered 503.', nextAttemptAt: '2026-12-01T05:10:31.846Z' },
}

export const deliveryInFull = {
  ...deliveries[0],
  history: [attempt(FAILED, BILLING, FAILED_ATTEMPT)],
  webhook: webhooks[1],
}

export const inspector = {
  ...{ id: 'ins_01m8r0myf9zw150m08c00qg5sb', environment: 'live', revision: 1, createdAt: `${T}.072Z` },
  ...{ updatedAt: `${T}.072Z`, expiresAt: '2026-12-02T05:08:31.072Z', name: 'First run', received: 3, failFirst: 2 },
  url: 'http://127.0.0.1:8080/inspect/2s9k6y1h8m3q7x0v4t5r6w8z1b',
  answer: { status: 200, headers: {}, body: '', delayMs: 0 },
}

export const inspectorRequests = (['valid', 'invalid', 'none'] as const).map((signature, at) => ({
  ...{ id: `inr_${at}`, receivedAt: `${T}.842Z`, method: 'POST', body: `{"total":399.10,"note":"${'x'.repeat(40)}"}` },
  ...{ truncated: at === 2, signature, deliveryId: at === 2 ? null : FAILED },
  headers: { 'content-type': 'application/json', 'x-delivery-attempt': String(3 - at), 'webhook-signature': HOSTILE },
}))

export const emits = ['RELAYED', 'DELIVERED', 'FAILED', 'DEDUPLICATED', 'REJECTED'].map((status, at) => ({
  ...{ id: EMIT.replace('e8v9', `e8v${at}`), emitId: EMIT.replace('e8v9', `e8v${at}`), status, organizationId: ORG },
  ...{ environment: 'live', eventId: status === 'REJECTED' ? null : EVENT, verdict: 'accepted', message: null },
  ...{ code: status === 'REJECTED' ? 'payload_invalid' : null, name: 'northwind.order.paid', schemaVersion: '1.1.0' },
  ...{ canonicalName: null, sequence: status === 'REJECTED' ? null : 58 - at, subject: `order-${at}`, source: 'api' },
  ...{ actorId: session.keyId, time: `${T}.828Z`, recordedAt: `${T}.828Z`, judgedAt: `${T}.831Z`, channel: 'http' },
  ...{ idempotencyKey: `k${at}`, correlationId: 'cart-2', causationId: null, rootEventId: EVENT, depth: 0 },
  ...{ requestId: 'req_01m8r029yjvgq6gq05m8gjhfca', originalEmitId: null, payloadBytes: 73, subscriberCount: 3 },
  ...{
    warnings: [],
    findings: status === 'REJECTED' ? [{ path: '/total', rule: 'type', message: 'must be number' }] : null,
  },
}))

/** A page as no platform gives it, for what the browser makes of it. */
export const manyEmits = (): string => {
  const { status, name, recordedAt } = emits[1]!
  const facts = { status, eventId: EVENT, name, recordedAt, payloadBytes: 73, code: null, subject: null }
  const rows = Array.from({ length: 100_000 }, (_, at) =>
    JSON.stringify({ ...facts, emitId: `cee_${at}`, sequence: at }),
  )
  return `[${rows.join(',')}]`
}

/** As text: numbers stay as they were emitted. */
export const PAYLOAD = `{"total":399.10,"exact":1e400,"large":12345678901234567890,"note":${JSON.stringify(HOSTILE)}}`

export const eventText = JSON.stringify({
  id: EVENT,
  emit: {
    ...emits[0],
    webhooks: [
      { webhookId: BILLING, skipped: null },
      { webhookId: 'wh_01m8r021c4z1jxbm3v5bnmcqjr', skipped: 'condition_false' },
    ],
  },
  federation: null,
  deliveries: deliveries.filter(({ sequence }) => sequence === 58),
  attempts: [attempt(SUCCEEDED, AUDIT), attempt(FAILED, BILLING, FAILED_ATTEMPT)],
}).replace(/\}$/, `,"payload":${PAYLOAD}}`)
