import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readIngress } from '../../src/events/ingress.ts'
import type { IngressEmit } from '../../src/events/ingress-emit.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { parseEmitId } from '../../src/model/ids.ts'
import { emits } from '../../topics/emits.ts'
import type { OutcomeRow } from '../../topics/outcomes.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'
import { type CallAs, openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
let runtime: TestRuntime
beforeAll(async () => {
  api = await openTestApi()
  runtime = await testRuntime()
})
afterAll(() => Promise.all([api?.close(), runtime?.close()]))

const EMIT = '/api/v1/events/custom/emit'

const outcomeOf = (ticket: number, more: Partial<OutcomeRow> = {}): OutcomeRow => ({
  ...{ ticket, verdict: 'accepted', code: null, message: null, findings: null, emitId: 'cee_1', eventId: 'evt_1' },
  ...{ canonicalName: 'TENANT_CUSTOM:o:a.b@1.0.0', sequence: 7, quotaUsed: 8, quotaLimit: null, warnings: [], ...more },
})

/** An organization whose ingress the test reads, and judges as it likes. */
async function judged(judge?: (emit: IngressEmit, record: LogRecord) => Partial<OutcomeRow> | undefined) {
  const organization = await api.organization()
  const tail = runtime.tail(emits.nameFor(organization.id, 'live'))
  let next = 0
  const judging = (count: number) =>
    tail.until(records => {
      for (; next < records.length; next++) {
        const record = records[next]!
        const emit = readIngress(record, api.tags)
        const verdict = judge?.(emit, record)
        if (verdict !== undefined && emit.platform?.ticket !== undefined)
          void api.answer(outcomeOf(emit.platform.ticket, verdict))
      }
      return records.length >= count
    })
  return { ...organization, tail, judging }
}

describe('an emit', () => {
  it('is answered with its verdict, and is in the ingress as it was sent', async () => {
    const { call, judging, apiKey } = await judged(() => ({}))
    const text =
      '{"name":"a.b","version":"1.0.0","payload": {"n":12345678901234567890,"__proto__":1},"subject":"s","time":"TIME","correlationId":"c","idempotencyKey":"k"}'
    const time = new Date().toISOString()
    const [reply, records] = await Promise.all([call('POST', EMIT, text.replace('TIME', time)), judging(1)])
    expect(reply.status).toBe(202)
    expect(reply.data).toEqual({
      ...{ emitId: 'cee_1', eventId: 'evt_1', canonicalName: 'TENANT_CUSTOM:o:a.b@1.0.0', status: 'queued' },
      ...{ sequence: 7, deduplicated: false, quota: { used: 8, limit: null } },
    })
    const [record] = records
    expect(record?.value?.toString()).toBe('{"n":12345678901234567890,"__proto__":1}')
    expect(record?.key?.toString()).toBe('s')
    const emit = readIngress(record!, api.tags)
    expect(emit).toMatchObject({
      fullName: 'a.b',
      version: '1.0.0',
      idempotencyKey: 'k',
      subject: 's',
      correlationId: 'c',
      channel: 'http',
      findings: [],
    })
    const who = await api.as(apiKey)('GET', '/api/v1/whoami')
    expect(emit.platform).toMatchObject({ actorId: who.data.key.id, requestId: reply.meta.requestId })
    expect(emit.platform!.controlOffset).toBeGreaterThanOrEqual(0)
  })

  it('that is refused gets the code, its status and the findings', async () => {
    const findings = [{ path: '/a', rule: 'type', message: 'must be string' }]
    const { call, judging } = await judged(() => ({
      verdict: 'rejected',
      code: 'payload_invalid',
      message: 'no',
      findings: JSON.stringify(findings),
    }))
    const [reply] = await Promise.all([call('POST', EMIT, { name: 'a.b', payload: { a: 1 } }), judging(1)])
    expect([reply.status, reply.body.error]).toEqual([
      400,
      {
        code: 'payload_invalid',
        message: 'no',
        details: findings,
        requestId: reply.headers.get('x-request-id'),
        retryable: false,
      },
    ])
  })

  it('that could not be relayed says which emit it is, and not to repeat it', async () => {
    const { call, judging } = await judged(() => ({ verdict: 'failed', code: 'bus_relay_failed', message: 'kept' }))
    const [reply] = await Promise.all([call('POST', EMIT, { name: 'a.b', payload: {} }), judging(1)])
    expect([reply.status, reply.body.error?.emitId, reply.body.error?.retryable]).toEqual([502, 'cee_1', false])
  })

  it('repeated with its key is answered as the first, and says so', async () => {
    const { call, judging } = await judged(() => ({ verdict: 'duplicate' }))
    const [reply] = await Promise.all([
      call('POST', EMIT, { name: 'a.b', payload: {} }, { 'idempotency-key': 'k9' }),
      judging(1),
    ])
    expect(reply.data).toMatchObject({ deduplicated: true, eventId: 'evt_1' })
  })

  it('without a verdict within two seconds is pending, under the id of its place', async () => {
    const { id, call, judging } = await judged()
    const started = Date.now()
    const [reply, [record]] = await Promise.all([call('POST', EMIT, { name: 'a.b', payload: {} }), judging(1)])
    expect(Date.now() - started).toBeGreaterThanOrEqual(1_900)
    expect([reply.status, reply.data]).toEqual([
      202,
      { emitId: expect.stringMatching(/^cee_/), status: 'queued', verdict: 'pending' },
    ])
    expect(parseEmitId(reply.data.emitId)).toMatchObject({
      timestampMs: record!.timestampMs,
      partition: 0,
      offset: record!.offset,
    })
    const state = () => call('GET', `/api/v1/events/custom/emits/${reply.data.emitId}`)
    expect((await state()).data).toMatchObject({ id: reply.data.emitId, status: 'REQUESTED', organizationId: id })
    // It has no row yet: a list by that state is empty, not refused.
    expect(await call('GET', '/api/v1/events/custom/emits?status=REQUESTED')).toMatchObject({ status: 200, data: [] })
    expect(api.outcomes.waiting).toBe(0)
    // Admission has passed it, and nothing recorded it: the answer cannot be known yet.
    api.positions.set(`${emits.nameFor(id, 'live')}/0`, record!.offset + 1)
    const unknown = await state()
    expect([unknown.status, unknown.code, unknown.headers.get('retry-after')]).toEqual([
      503,
      'service_unavailable',
      '1',
    ])
  })

  it('with respond-async is answered at once and requests no verdict', async () => {
    const { call, judging } = await judged()
    const [reply, [record]] = await Promise.all([
      call('POST', EMIT, { name: 'a.b', payload: {} }, { prefer: 'respond-async, wait=5' }),
      judging(1),
    ])
    expect(reply.data.verdict).toBe('pending')
    expect(readIngress(record!, api.tags).platform?.replyTo).toBeUndefined()
  })

  it('that the broker did not take is 503, and leaves no waiter behind', async () => {
    const { call } = await api.organization()
    api.refuseAppends(true)
    const reply = await call('POST', EMIT, { name: 'a.b', payload: {} })
    api.refuseAppends(false)
    expect([reply.status, reply.code, reply.headers.get('retry-after')]).toEqual([503, 'service_unavailable', '1'])
    expect(reply.body.error?.requestId).toMatch(/^req_/)
    expect(api.outcomes.waiting).toBe(0)
  })

  it.each([
    ['', '', 'not_json'],
    ['{"name":', '', 'not_json'],
    ['[]', '', 'type'],
    ['{"payload":{}}', '/name', 'required'],
    ['{"name":"a.b"}', '/payload', 'required'],
    ['{"name":7,"payload":{}}', '/name', 'type'],
    ['{"name":"","payload":{}}', '/name', 'min_length'],
    ['{"name":"a.b","payload":{},"nmae":1}', '/nmae', 'unknown_field'],
    ['{"name":"a.b","name":"c.d","payload":{}}', '/name', 'duplicate_key'],
    ['{"name":"a.b","payload":{},"version":1}', '/version', 'type'],
    ['{"name":"a.b","payload":{},"time":"yesterday"}', '/time', 'format'],
    ['{"name":"a.b","payload":{},"time":"2020-01-01T00:00:00Z"}', '/time', 'format'],
    ['{"name":"a.b","payload":{},"idempotencyKey":"a\\u0007"}', '/idempotencyKey', 'format'],
    [`{"name":"a.b","payload":{},"subject":"${'x'.repeat(256)}"}`, '/subject', 'max_length'],
  ])('that is malformed is refused with the place: %s', async (text, path, rule) => {
    const { call } = await malformedOwner()
    const reply = await call('POST', EMIT, text)
    expect([reply.status, reply.code]).toEqual([400, 'validation_failed'])
    expect(reply.body.error?.details).toContainEqual(expect.objectContaining({ path, rule }))
  })

  it('must not carry two keys that differ', async () => {
    const { call } = await malformedOwner()
    const reply = await call(
      'POST',
      EMIT,
      { name: 'a.b', payload: {}, idempotencyKey: 'one' },
      { 'idempotency-key': 'two' },
    )
    expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, '/idempotencyKey'])
  })

  it('larger than 300 KB is refused before it is parsed, with or without a content-length', async () => {
    const { call, apiKey } = await malformedOwner()
    const told = await call('POST', EMIT, 'x'.repeat(300 * 1024 + 1))
    expect([told.status, told.code]).toEqual([413, 'payload_too_large'])
    const chunks = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 5; n++) controller.enqueue(new TextEncoder().encode('x'.repeat(100_000)))
        controller.close()
      },
    })
    const request = {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: chunks,
      duplex: 'half',
    }
    expect((await fetch(api.base + EMIT, request as RequestInit)).status).toBe(413)
  })

  it.each(['text/plain', 'application/xml', 'application/json; charset=latin1', 'multipart/form-data'])(
    'as %s is refused',
    async type => {
      const { call } = await malformedOwner()
      const reply = await call('POST', EMIT, '{}', { 'content-type': type })
      expect([reply.status, reply.code]).toEqual([415, 'unsupported_media_type'])
    },
  )
})

let owner: { call: CallAs; apiKey: string } | undefined
async function malformedOwner() {
  owner ??= await api.organization()
  return owner
}

describe('a batch', () => {
  const BATCH = '/api/v1/events/custom/emit/batch'

  it('is answered item by item, in order, for any mix of verdicts', async () => {
    const { call, judging } = await judged(({ fullName }) =>
      fullName === 'a.bad'
        ? { verdict: 'rejected', code: 'event_not_registered', message: 'no such event' }
        : { sequence: Number(fullName.slice(3)) },
    )
    const items = [
      { name: 'a.n1', payload: {} },
      { name: 'a.bad', payload: {} },
      { payload: {} },
      { name: 'a.n4', payload: {} },
    ]
    const [reply] = await Promise.all([call('POST', BATCH, { items }), judging(3)])
    expect(reply.status).toBe(200)
    expect(reply.data.results).toMatchObject([
      { status: 202, sequence: 1, emitId: 'cee_1' },
      { status: 404, error: { code: 'event_not_registered' } },
      { status: 400, error: { code: 'validation_failed', details: [{ path: '/items/2/name', rule: 'required' }] } },
      { status: 202, sequence: 4 },
    ])
  })

  it('of a thousand is taken, of more or none it is not', async () => {
    const { call, judging } = await judged(() => ({}))
    const item = { name: 'a.b', payload: { n: 1 } }
    const [reply] = await Promise.all([call('POST', BATCH, { items: Array(1000).fill(item) }), judging(1000)])
    expect(reply.data.results.filter((each: { status: number }) => each.status === 202)).toHaveLength(1000)
    for (const items of [Array(1001).fill(item), [], 'x', undefined]) {
      const refused = await call('POST', BATCH, { items })
      expect([refused.status, refused.body.error?.details?.[0]?.path]).toEqual([400, '/items'])
    }
  })

  it('takes a key for each item, and none for all', async () => {
    const { call } = await malformedOwner()
    const reply = await call('POST', BATCH, { items: [{ name: 'a.b', payload: {} }] }, { 'idempotency-key': 'k' })
    expect([reply.status, reply.code]).toEqual([400, 'validation_failed'])
  })
})

describe('the waiter for outcomes', () => {
  it('keeps a verdict that comes before the append is acknowledged', async () => {
    const ticket = api.outcomes.ticket()
    await api.answer(outcomeOf(ticket))
    await api.answer(outcomeOf(-1))
    expect(await api.outcomes.wait(ticket, 5_000)).toMatchObject({ ticket, verdict: 'accepted' })
    expect(await api.outcomes.wait(ticket, 5_000)).toBe('pending')
  })
})
