import { describe, expect, it } from '@jest/globals'
import { renderEnvelope } from '../../src/events/envelope.ts'
import { eventHeaders, readEventHeaders } from '../../src/events/log-record.ts'
import { readSubscribers, subscriberKey } from '../../src/events/subscribers.ts'
import type { EventFacts } from '../../topics/deliveries.ts'

const event: EventFacts = {
  eventId: 'evt_00000000000000000000000000000001',
  emitId: 'cee_00000000000000000000000000000001',
  organizationId: 'org_x',
  environment: 'live',
  sequence: 42,
  type: 'lettings.property.favorited',
  canonicalName: 'TENANT_CUSTOM:org_x:lettings.property.favorited@1.0.0',
  kind: null,
  source: 'api',
  subject: 'p_1 "é"',
  actorId: 'key_1',
  timeMs: 1_785_000_000_123,
  recordedAtMs: 1_785_000_000_456,
  schemaVersion: '1.0.0',
  schemaHash: 'ab',
  correlationId: null,
  causationId: null,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  rootEventId: 'evt_00000000000000000000000000000001',
  depth: 0,
  path: [],
  federation: null,
}
const asHeaders = (pairs: Array<[string, string | Buffer]>) =>
  Object.fromEntries(pairs.map(([name, value]) => [name, Buffer.from(value as string)]))

describe('the envelope of a delivery', () => {
  const payload = Buffer.from('{ "n": 12345678901234567890.10, "é":"\\u00e9" }')
  const body = renderEnvelope(event, payload, { deliveryId: 'dlv_1', apiVersion: '2026-07-01', replay: null })

  it('is JSON with every field of the envelope but the idempotency key', () => {
    expect(JSON.parse(body.toString())).toEqual({
      id: event.eventId,
      deliveryId: 'dlv_1',
      apiVersion: '2026-07-01',
      specversion: '1.0',
      type: event.type,
      canonicalName: event.canonicalName,
      organizationId: 'org_x',
      environment: 'live',
      sequence: 42,
      source: 'api',
      subject: 'p_1 "é"',
      actorId: 'key_1',
      time: '2026-07-25T17:20:00.123Z',
      recordedAt: '2026-07-25T17:20:00.456Z',
      schemaVersion: '1.0.0',
      schemaHash: 'ab',
      correlationId: null,
      causationId: null,
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      chain: { rootEventId: event.eventId, depth: 0, workflowPath: [] },
      federation: null,
      replay: null,
      data: { n: 12345678901234567000, é: 'é' },
    })
  })

  it("carries the payload's own bytes", () => {
    expect(body.subarray(-payload.length - 1)).toEqual(Buffer.concat([payload, Buffer.from('}')]))
  })
})

describe('the headers of a record in the log', () => {
  const full: EventFacts = {
    ...event,
    emitId: 'cee_other',
    kind: 'user.signed_up',
    correlationId: 'c',
    causationId: 'evt_c',
    rootEventId: 'evt_r',
    depth: 3,
    environment: 'test',
    timeMs: event.recordedAtMs,
  }

  it.each([event, full, { ...event, subject: null }])('read back as the same event', facts => {
    expect(readEventHeaders(asHeaders(eventHeaders(facts, [])), 'org_x')).toEqual(facts)
  })

  it('let a consumer route without parsing, and are those of a CloudEvent', () => {
    expect(Object.fromEntries(eventHeaders(event, []))).toMatchObject({
      'canonical-name': event.canonicalName,
      'event-id': event.eventId,
      sequence: '42',
      depth: '0',
      environment: 'live',
      'schema-version': '1.0.0',
      ce_specversion: '1.0',
      ce_id: event.eventId,
      ce_type: 'lettings.property.favorited',
      ce_source: 'api',
      ce_time: '2026-07-25T17:20:00.123Z',
    })
  })

  it('list the webhooks that it goes to, and have an empty list of none', () => {
    const webhookIds = ['wh_01kweftzws5nbc5anvkbnntnsm', 'cefm_01kwefyq1qttdqskh7pgkhvzt8']
    const headers = asHeaders(eventHeaders(event, webhookIds))
    expect(readSubscribers(headers.subscribers!)).toEqual(webhookIds.map(subscriberKey))
    expect(readEventHeaders(headers, 'org_x')).toEqual(event)
    expect(asHeaders(eventHeaders(event, [])).subscribers).toHaveLength(0)
  })

  it('stop loudly when a record of our own log lacks one', () => {
    expect(() => readEventHeaders({}, 'org_x')).toThrow('no header event-id')
  })
})
