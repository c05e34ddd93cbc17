/** Traces on a whole platform: one emit through every hop, from its caller's trace context to its receivers'. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import { emits } from '../../topics/emits.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { readLog } from '../support/ledger.ts'
import { sharedPlatform, startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { createReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { type CollectedSpan, type Collector, createCollector } from './tracing-collector.ts'

const KIND = { server: 2, client: 3, consumer: 5 }
const ERROR = 2
const GROUPS = '/api/v1/events/custom/federation/groups'

let collector: Collector
let platform: TestPlatform
let receiver: Receiver
const settings = () => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`,
  OTEL_SERVICE_NAME: 'clarion-under-test',
  OTEL_BSP_SCHEDULE_DELAY: '100',
  CLARION_TIME_SCALE: '0.001',
})
beforeAll(async () => {
  collector = await createCollector()
  receiver = await createReceiver()
  platform = await startPlatform({ env: settings() })
}, 120_000)
afterAll(async () => {
  await platform?.stop()
  await receiver?.close()
  await collector?.close()
}, 60_000)

async function must<T>(answer: Promise<{ status: number; data: T; body: unknown }>): Promise<T> {
  const { status, data, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return data
}

async function register(org: TestOrganization): Promise<{ id: string; name: string }> {
  const body = {
    namespace: org.slug,
    name: 'order.made',
    version: '1.0.0',
    payloadSchema: { type: 'object' },
    status: 'published',
  }
  const { id } = await must(org.call<{ id: string }>('POST', '/api/v1/events/custom', body))
  return { id, name: `${org.slug}.order.made` }
}

const listen = (org: TestOrganization, path: string, name: string) =>
  must(org.call<{ id: string }>('POST', '/api/v1/webhooks', { url: receiver.url + path, events: [`${name}@1.0.0`] }))

/** A trace of a caller's. */
function caller(flags = '01') {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } }
}

/** Both ids, also when the verdict takes its time. */
async function emit(org: TestOrganization, name: string, headers: Record<string, string> = {}) {
  const { emitId } = await must(
    org.call<{ emitId: string }>('POST', '/api/v1/events/custom/emit', { name, payload: { a: 1 } }, headers),
  )
  return { emitId, eventId: emitId.replace('cee_', 'evt_') }
}

/** Asked until the emit is judged and its record can be read, which takes its time on a busy machine. */
async function traceIdOf(org: TestOrganization, emitId: string): Promise<string> {
  const path = `/api/v1/events/custom/emits/${emitId}`
  const { data } = await until(
    () => org.call<{ status: string; traceId: string }>('GET', path),
    found => found.status === 200 && found.data.status !== 'REQUESTED',
  )
  return data.traceId
}

async function requestsTo(path: string, count: number): Promise<ReceivedRequest[]> {
  const found = () => receiver.requests.filter(request => request.path === path)
  while (found().length < count) await receiver.received(receiver.requests.length + 1)
  return found()
}

const the = (spans: CollectedSpan[], name: string, organizationId?: string): CollectedSpan => {
  const [found, ...others] = spans.filter(
    span =>
      span.name === name &&
      (organizationId === undefined || span.attributes['clarion.organization.id'] === organizationId),
  )
  expect([name, others]).toEqual([name, []])
  return found!
}
const count = (spans: CollectedSpan[], name: string) => spans.filter(span => span.name === name).length
const parentOf = (request: ReceivedRequest) => request.headers.traceparent!.split('-')

describe('with a collector', () => {
  it('one emit is one trace through every hop, from its caller’s context to the header of each request', async () => {
    const [owner, peer] = [await platform.organization(), await platform.organization()]
    const { id: registrationId, name } = await register(owner)
    const { id: group } = await must(owner.call<{ id: string }>('POST', GROUPS, { name: 'Partners' }))
    await must(owner.call('POST', `${GROUPS}/${group}/pushes`, { registrationId }))
    const invited = owner.call<{ id: string }>('POST', `${GROUPS}/${group}/invite`, {
      memberOrganizationId: peer.org.id,
    })
    const { id: memberId } = await must(invited)
    await must(peer.call('POST', `${GROUPS}/${group}/accept`))
    const [own, peers] = [`/own-${owner.slug}?token=secret`, `/peers-${peer.slug}`]
    const webhook = await listen(owner, own, name)
    await listen(peer, peers, name)
    receiver.answerWith(request => ({
      status: request.path === own && request.headers['x-delivery-attempt'] === '1' ? 503 : 204,
    }))

    const { traceId, spanId, headers } = caller()
    const { emitId, eventId } = await emit(owner, name, headers)
    const [first, second] = await requestsTo(own, 2)
    const [relayed] = await requestsTo(peers, 1)
    const spans = await collector.until(
      traceId,
      found => count(found, 'record.insert') === 2 && count(found, 'deliver.attempt') === 3,
    )

    const request = the(spans, 'emit')
    const judged = the(spans, 'admit.judge', owner.org.id)
    const relay = the(spans, 'relay')
    const arrived = the(spans, 'admit.judge', peer.org.id)
    expect(request).toMatchObject({ parentSpanId: spanId, kind: KIND.server, service: 'clarion-under-test' })
    expect(request.attributes).toMatchObject({
      'http.response.status_code': 202,
      'clarion.emit.id': emitId,
      'clarion.event.type': name,
    })
    expect(judged).toMatchObject({ parentSpanId: request.spanId, kind: KIND.consumer, status: { code: 0 } })
    expect(judged.attributes).toMatchObject({
      ...{
        'clarion.verdict': 'accepted',
        'clarion.event.id': eventId,
        'clarion.emit.id': emitId,
        'clarion.event.type': name,
      },
      ...{ 'clarion.environment': 'live', 'clarion.channel': 'http' },
    })
    expect(relay).toMatchObject({ parentSpanId: judged.spanId, attributes: { 'clarion.federation.group.id': group } })
    expect(relay.attributes).toMatchObject({
      ...{ 'clarion.federation.member.id': memberId, 'clarion.federation.source.organization.id': owner.org.id },
      'clarion.organization.id': peer.org.id,
    })
    expect(arrived.parentSpanId).toBe(relay.spanId)
    expect(arrived.attributes).toMatchObject({ 'clarion.verdict': 'accepted', 'clarion.platform.kind': 'relay' })

    const attempts = spans.filter(span => span.name === 'deliver.attempt')
    const attemptOf = (received: ReceivedRequest) => attempts.find(span => span.spanId === parentOf(received)[2])!
    for (const received of [first!, second!, relayed!])
      expect(parentOf(received)).toEqual(['00', traceId, expect.any(String), '01'])
    expect(attemptOf(first!)).toMatchObject({ parentSpanId: judged.spanId, kind: KIND.client, status: { code: ERROR } })
    expect(attemptOf(first!).attributes).toMatchObject({
      ...{ 'server.address': '127.0.0.1', 'http.response.status_code': 503, 'error.type': 'status' },
      ...{ 'clarion.attempt.number': 1, 'clarion.webhook.id': webhook.id, 'clarion.delivery.trigger': 'live' },
    })
    expect(attemptOf(second!)).toMatchObject({ parentSpanId: judged.spanId, status: { code: 0 } })
    expect(attemptOf(second!).attributes).toMatchObject({
      'clarion.attempt.number': 2,
      'http.response.status_code': 204,
    })
    expect(attemptOf(relayed!).parentSpanId).toBe(arrived.spanId)
    expect(spans.filter(span => span.name === 'record.insert').map(span => span.parentSpanId)).toEqual(
      expect.arrayContaining([judged.spanId, arrived.spanId]),
    )
    expect(spans).toHaveLength(9)
    expect(JSON.stringify(spans)).not.toContain('token')
    for (const span of spans) expect(span.endMs).toBeGreaterThanOrEqual(span.startMs)

    for (const received of [first!, relayed!]) expect(JSON.parse(received.body.toString())).toMatchObject({ traceId })
    const [record] = await readLog(platform, owner)
    expect(record!.headers.traceparent!.toString()).toBe(`00-${traceId}-${judged.spanId}-01`)
    const history = await must(owner.call<{ emit: Record<string, unknown> }>('GET', `/api/v1/events/${eventId}`))
    expect(history.emit).toMatchObject({ traceId })
    expect(history.emit).not.toHaveProperty('traceparent')
  }, 60_000)

  it('an emit without a context begins a trace, each item of a batch its own', async () => {
    const org = await platform.organization()
    const { name } = await register(org)
    const items = [
      { name, payload: {} },
      { name, payload: {} },
    ]
    const sent = org.call<{ results: Array<{ emitId: string }> }>('POST', '/api/v1/events/custom/emit/batch', { items })
    const { results } = await must(sent)
    const traceIds: string[] = []
    for (const { emitId } of results) traceIds.push(await traceIdOf(org, emitId))
    expect(new Set(traceIds).size).toBe(2)
    for (const traceId of traceIds) {
      const spans = await collector.until(traceId, found => found.length === 3)
      expect(spans.map(span => span.name).sort()).toEqual(['admit.judge', 'emit', 'record.insert'])
      expect(the(spans, 'emit').parentSpanId).toBe('')
    }
  }, 30_000)

  it('a refused emit ends with its code, and is no error of the platform’s', async () => {
    const org = await platform.organization()
    const { traceId, headers } = caller()
    const refused = await org.call(
      'POST',
      '/api/v1/events/custom/emit',
      { name: `${org.slug}.unknown`, payload: {} },
      headers,
    )
    const spans = await collector.until(traceId, found => found.length === 3)
    expect(the(spans, 'emit')).toMatchObject({
      status: { code: 0 },
      attributes: { 'http.response.status_code': refused.status },
    })
    expect(the(spans, 'admit.judge')).toMatchObject({ status: { code: 0 } })
    expect(the(spans, 'admit.judge').attributes).toMatchObject({
      'clarion.verdict': 'rejected',
      'clarion.code': 'event_not_registered',
    })
  }, 30_000)

  it('a record of a producer goes on from its own header', async () => {
    const org = await platform.organization()
    const { name } = await register(org)
    const { traceId, spanId, headers } = caller()
    const producer = createClient(connectionsOf(platform).kafka).producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    await producer.send({
      topic: emits.nameFor(org.org.id, 'live'),
      messages: [{ value: '{}', headers: { name, ...headers } }],
    })
    await producer.disconnect()
    const spans = await collector.until(traceId, found => found.length === 2)
    expect(the(spans, 'admit.judge')).toMatchObject({
      parentSpanId: spanId,
      attributes: { 'clarion.channel': 'kafka' },
    })
    expect(the(spans, 'record.insert').parentSpanId).toBe(the(spans, 'admit.judge').spanId)
  }, 30_000)

  it('a trace that its caller does not record is carried on, and sends no span', async () => {
    const org = await platform.organization()
    const { name } = await register(org)
    await listen(org, `/unsampled-${org.slug}`, name)
    const { traceId, headers } = caller('00')
    await emit(org, name, headers)
    const [received] = await requestsTo(`/unsampled-${org.slug}`, 1)
    expect(parentOf(received!)).toEqual(['00', traceId, expect.any(String), '00'])
    // Sent after it, so all spans of this trace have been sent by then.
    const later = caller()
    await emit(org, name, later.headers)
    await collector.until(later.traceId, found => count(found, 'record.insert') === 1)
    expect(collector.of(traceId)).toEqual([])
  }, 30_000)
})

describe('without a collector', () => {
  let untraced: TestPlatform
  beforeAll(async () => {
    untraced = await sharedPlatform()
  }, 120_000)

  it('a context goes through as it came in, and without one no id is made', async () => {
    const org = await untraced.organization()
    const { name } = await register(org)
    await listen(org, `/off-${org.slug}`, name)
    const { traceId, headers } = caller()
    await emit(org, name, headers)
    const [traced] = await requestsTo(`/off-${org.slug}`, 1)
    expect(traced!.headers.traceparent).toBe(headers.traceparent)
    expect(JSON.parse(traced!.body.toString())).toMatchObject({ traceId })
    const { eventId } = await emit(org, name, { traceparent: 'not one' })
    const [, plain] = await requestsTo(`/off-${org.slug}`, 2)
    expect(plain!.headers).not.toHaveProperty('traceparent')
    expect(JSON.parse(plain!.body.toString())).toMatchObject({ id: eventId, traceId: null })
    expect(collector.of(traceId)).toEqual([])

    // By hand, from the history: in the trace that it was in.
    const retry = () => org.call('POST', `/api/v1/webhooks/deliveries/${traced!.headers['x-delivery-id']}/retry`)
    await until(retry, ({ status }) => status === 202)
    const [, , retried] = await requestsTo(`/off-${org.slug}`, 3)
    expect(retried!.headers).toMatchObject({ 'x-delivery-attempt': '2', traceparent: headers.traceparent })
  }, 30_000)
})
