import { describe, expect, it } from '@jest/globals'
import { Webhook } from 'standardwebhooks'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { buildAttempt, redactHeaders } from '../../src/delivery/request.ts'
import { generateSecret } from '../../src/delivery/sign.ts'
import type { EventFacts } from '../../topics/deliveries.ts'

const event: EventFacts = {
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
  rootEventId: 'evt_1',
  depth: 0,
  path: [],
  federation: null,
}
const secret = generateSecret(createSystemRandom())
const nowMs = createSystemClock().nowMs()
const build = () =>
  buildAttempt({
    webhook: { apiVersion: '2026-07-01' },
    secret,
    event,
    payload: Buffer.from('{"amount":12345678901234567890}'),
    deliveryId: 'dlv_1',
    attempt: 3,
    chainToken: 'c1.token',
    nowMs,
  })

describe('the request of an attempt', () => {
  it('carries the headers that are always added', () => {
    expect(build().headers).toMatchObject({
      'Content-Type': 'application/json; charset=utf-8',
      'User-Agent': expect.stringContaining('Clarion'),
      'X-Event-Id': 'evt_1',
      'X-Event-Sequence': '7',
      'X-Delivery-Id': 'dlv_1',
      'X-Delivery-Attempt': '3',
      'X-Event-Chain': 'c1.token',
      'webhook-id': 'dlv_1',
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    })
  })

  it("is signed over exactly its body, which holds the payload's own bytes", () => {
    const { body, headers } = build()
    expect(() => new Webhook(secret).verify(body, headers)).not.toThrow()
    expect(body.toString()).toContain('"data":{"amount":12345678901234567890}')
  })

  it('is shown in the log without its signature', () => {
    const { headers } = build()
    const shown = redactHeaders({ ...headers, 'X-Platphorm-Signature': 'sha256=ab', Authorization: 'Bearer x' })
    expect(shown).toMatchObject({ 'webhook-id': 'dlv_1', 'x-event-id': 'evt_1', 'content-type': 'application/json; charset=utf-8' })
    for (const name of ['webhook-signature', 'x-platphorm-signature', 'authorization']) expect(shown[name]).toBe('[redacted]')
  })
})
