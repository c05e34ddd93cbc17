/** Shared by the tests of requests: an event, a webhook, and the box that seals its secrets. */
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { WEBHOOK_DEFAULTS } from '../../src/control-plane/webhooks/webhooks.ts'
import { createSecretBox } from '../../src/crypto/secret-box.ts'
import type { AttemptFacts } from '../../src/delivery/attempt-facts.ts'
import { createBuildAttempt } from '../../src/delivery/request.ts'
import { createSigningContexts } from '../../src/delivery/signing-context.ts'
import { createLogger } from '../../src/logger.ts'
import type { FederationPush } from '../../src/model/federation.ts'
import type { Webhook } from '../../src/model/webhooks.ts'
import type { EventFacts } from '../../topics/deliveries.ts'

export const random = createSystemRandom()
export const nowMs = Math.floor(createSystemClock().nowMs())
export const secrets = createSecretBox({ secretKey: 'the secret of the tests', random })

export const event: EventFacts = {
  eventId: 'evt_1',
  emitId: 'cee_1',
  organizationId: 'org_1',
  environment: 'live',
  sequence: 7,
  type: 'shop.order_paid',
  canonicalName: 'TENANT_CUSTOM:org_1:shop.order_paid@1.0.0',
  kind: null,
  source: 'api',
  subject: 'order-1',
  actorId: 'key_1',
  timeMs: 1_790_000_000_000,
  recordedAtMs: 1_790_000_000_001,
  schemaVersion: '1.0.0',
  schemaHash: 'ab',
  correlationId: null,
  causationId: null,
  traceparent: null,
  rootEventId: 'evt_1',
  depth: 0,
  path: [],
  federation: null,
}

/** `secret` in clear, and the other fields that differ. */
export function webhookWith(secret: string, more: Partial<Webhook> = {}): Webhook {
  return {
    ...WEBHOOK_DEFAULTS,
    ...{ id: 'wh_1', organizationId: 'org_1', revision: 1, environment: 'live', name: null, description: null },
    ...{
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      url: 'https://hooks.example.com/',
      events: ['*'],
    },
    ...{
      active: true,
      pausedAt: null,
      retryDelaysMs: [0],
      apiVersion: '2026-07-01',
      encryptedSecret: secrets.encrypt(secret),
    },
    ...more,
  }
}

/** The request of the third attempt, as `deliver` makes it. */
export function build(webhook: Webhook, more: Partial<AttemptFacts> = {}, pushes: FederationPush[] = []) {
  const view = { list: () => pushes } as unknown as Parameters<typeof createSigningContexts>[0]['view']
  const builder = createBuildAttempt(createSigningContexts({ secrets, view, logger: createLogger('silent') }))
  return builder({
    ...{ webhook, event, payload: Buffer.from('{"amount":12345678901234567890}'), deliveryId: 'dlv_1', attempt: 3 },
    ...{ replayId: null, chainToken: 'c1.token', nowMs },
    ...more,
  })!
}
