/** Spans by themselves: what is recorded, what counts as an error, and what a collector that is away costs. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { isSampled, traceIdOf } from '../../src/events/trace-context.ts'
import { createLogger, type Logger } from '../../src/logger.ts'
import { startAdmissionSpan, traceAttempt, traceEmit, traceInsert } from '../../src/observability/tracing/spans.ts'
import { openTracing, type Tracing } from '../../src/observability/tracing/tracing.ts'
import { readConfig } from '../../src/settings/config.ts'
import { patient } from '../support/patience.ts'
import { type CollectedSpan, type Collector, createCollector } from './tracing-collector.ts'

const clock = createSystemClock()
const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const ERROR = 2

async function tracingTo(
  otlpEndpoint: string,
  traceRatio = 1,
  logger: Logger = createLogger('silent'),
): Promise<Tracing> {
  const config = { otlpEndpoint, serviceName: 'spans', traceRatio, roles: ['api'] }
  return (await openTracing({ config, clock, logger }))!
}

let collector: Collector
beforeAll(async () => {
  collector = await createCollector()
})
afterAll(() => collector?.close())

/** Spans that were sent once the work is done and the tracing closed. */
async function sent(work: (tracing: Tracing) => unknown, ratio = 1): Promise<CollectedSpan[]> {
  const before = collector.spans.length
  const tracing = await tracingTo(collector.endpoint, ratio)
  await work(tracing)
  await tracing.close()
  return collector.spans.slice(before)
}

describe('the settings', () => {
  it('turn tracing on with a collector’s address alone, and are refused by name', async () => {
    const config = { ...readConfig({}), otlpEndpoint: undefined }
    expect(await openTracing({ config, clock, logger: createLogger('silent') })).toBeUndefined()
    const { otlpEndpoint, serviceName, traceRatio } = readConfig({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    })
    expect({ otlpEndpoint, serviceName, traceRatio }).toEqual({
      otlpEndpoint: 'http://127.0.0.1:4318',
      serviceName: 'clarion',
      traceRatio: 1,
    })
    const wrong = () => readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318', OTEL_TRACES_SAMPLER_ARG: '2' })
    for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_SAMPLER_ARG'])
      expect(wrong).toThrow(`${name} must be`)
  })

  it('sample traces that begin here by the ratio, and others as their caller does', async () => {
    const spans = await sent(tracing => {
      const [root, child] = [tracing.begin('emit', null), tracing.begin('emit', PARENT)]
      expect([isSampled(root.traceparent), isSampled(child.traceparent)]).toEqual([false, true])
      expect(traceIdOf(root.traceparent)).toMatch(/^(?!0+$)[0-9a-f]{32}$/)
      root.end({})
      child.end({})
    }, 0)
    expect(spans.map(span => span.traceId)).toEqual([traceIdOf(PARENT)])
  })
})

describe('a span', () => {
  it('of an emit that gets no answer is an error, and the error goes on', async () => {
    const about = { organizationId: 'org_1', environment: 'live', fullName: 'aa.bb' }
    const [span] = await sent(async tracing => {
      const asked = traceEmit(tracing, about, PARENT, () => Promise.reject(new Error('not acknowledged')))
      await expect(asked).rejects.toThrow('not acknowledged')
    })
    expect(span).toMatchObject({ name: 'emit', status: { code: ERROR, message: 'not acknowledged' } })
  })

  const emitOf = (traceparent: string | null): Parameters<typeof startAdmissionSpan>[1] => ({
    record: { timestampMs: clock.machineMs() - 40 },
    ...{ organizationId: 'org_1', environment: 'live', emitId: 'cee_1', platform: undefined },
    request: {
      ...{
        fullName: 'aa.bb',
        version: undefined,
        idempotencyKey: 'the key',
        subject: 'the subject',
        timeMs: undefined,
      },
      ...{
        correlationId: undefined,
        chainToken: undefined,
        traceparent,
        findings: [],
        platform: null,
        channel: 'kafka',
      },
    },
  })

  it('of a judging is an error when the platform failed, and contains neither key nor subject', async () => {
    const emit = emitOf(PARENT)
    const [span] = await sent(tracing =>
      startAdmissionSpan(tracing, emit)({ verdict: 'failed', code: 'bus_relay_failed', message: 'no log' }),
    )
    expect(span).toMatchObject({
      status: { code: ERROR, message: 'no log' },
      attributes: { 'clarion.code': 'bus_relay_failed' },
    })
    expect(emit.request.traceparent).toBe(`00-${traceIdOf(PARENT)}-${span!.spanId}-01`)
    expect(JSON.stringify(span)).not.toMatch(/the key|the subject/)
  })

  it('of a relay begins where it was written and says why the peer did not take it', async () => {
    const federation = { groupId: 'g', pushId: 'p', sourceOrganizationId: 'org_0' }
    const emit = { ...emitOf(PARENT), platform: { kind: 'relay', memberId: 'm', federation } }
    const spans = await sent(tracing =>
      startAdmissionSpan(tracing, emit)({ verdict: 'rejected', code: 'federation_loop', message: 'a circle' }),
    )
    const relay = spans.find(span => span.name === 'relay')!
    expect(relay).toMatchObject({ status: { code: ERROR, message: 'federation_loop' } })
    expect(relay.endMs - relay.startMs).toBeGreaterThanOrEqual(39)
    expect(spans.find(span => span.name === 'admit.judge')).toMatchObject({ parentSpanId: relay.spanId })
  })

  it('of an attempt that is not made is not sent', async () => {
    const event = { organizationId: 'org_1', eventId: 'evt_1', type: 'aa.bb', traceparent: PARENT }
    const delivery = { deliveryId: 'dlv_1', webhookId: 'wh_1', attempts: 0, trigger: 'live', event }
    const spans = await sent(tracing => {
      expect(traceAttempt(tracing, delivery, 'https://hooks.example.com/', () => undefined)).toBeUndefined()
    })
    expect(spans).toEqual([])
  })

  it('of an insert is made for emits of recorded traces alone, and for 200 of them at most', async () => {
    const traced = Array.from({ length: 300 }, (_, n) => ({ emitId: `cee_${n}`, traceparent: PARENT }))
    const spans = await sent(tracing => {
      traceInsert(tracing, { table: 'attempts', rows: 3, traced: [] }, 0)
      traceInsert(tracing, { table: 'emits', rows: 306, traced }, clock.machineMs())
    })
    expect(spans).toHaveLength(200)
    expect(spans[0]!.attributes).toMatchObject({ 'db.collection.name': 'emits', 'clarion.emit.id': 'cee_0' })
    expect(Number(spans[0]!.attributes['db.operation.batch.size'])).toBe(306)
  })
})

it('a collector that never answers holds a stop for three seconds at most', async () => {
  const hanging = createServer(() => undefined)
  await new Promise<void>(resolve => hanging.listen(0, '127.0.0.1', resolve))
  const tracing = await tracingTo(`http://127.0.0.1:${(hanging.address() as AddressInfo).port}`)
  tracing.begin('emit', null).end({})
  const beganMs = clock.monotonicMs()
  await tracing.close()
  expect(clock.monotonicMs() - beganMs).toBeLessThan(patient(4_500))
  hanging.closeAllConnections()
  await new Promise(resolve => hanging.close(resolve))
})

it('a refusal by the collector is logged, and has no other effect', async () => {
  const refusing = createServer((_request, response) => response.writeHead(400).end('no'))
  await new Promise<void>(resolve => refusing.listen(0, '127.0.0.1', resolve))
  const told: object[] = []
  const logger: Logger = { ...createLogger('silent'), warn: facts => void told.push(facts) }
  const tracing = await tracingTo(`http://127.0.0.1:${(refusing.address() as AddressInfo).port}`, 1, logger)
  tracing.begin('emit', null).end({})
  await tracing.close()
  expect(JSON.stringify(told)).toContain('Bad Request')
  await new Promise(resolve => refusing.close(resolve))
})
