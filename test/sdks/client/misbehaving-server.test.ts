/** The client against a server that answers badly, or not at all. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  ClarionApiError,
  ClarionConnectionError,
  type ClientOptions,
  createClient,
} from '../../../sdks/typescript/src/index.ts'
import { type Answer, createReceiver, type Receiver } from '../../support/receiver.ts'
import { createFiredClock, type FiredClock } from '../support/fired-clock.ts'

const NOW_MS = Date.parse('2026-11-21T05:00:00Z')
const TIMEOUT_MS = 10_000
const RETRY_AFTER_MS = 20_000
const emit = { name: 'northwind.order.paid', payload: { total: 12.5 } }
const json = (status: number, body: object, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: JSON.stringify(body),
})
const taken = json(202, { success: true, data: { emitId: 'cee_1', status: 'queued' }, meta: {} })
const refusal = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}) =>
  json(
    status,
    { success: false, error: { code, message: 'm', requestId: 'req_1', retryable: status >= 500, ...more } },
    headers,
  )

let server: Receiver
let clock: FiredClock
beforeEach(async () => {
  server = await createReceiver()
  clock = createFiredClock(NOW_MS, TIMEOUT_MS, RETRY_AFTER_MS)
})
afterEach(() => server.close())

function client(options: Partial<ClientOptions> = {}) {
  let ids = 0
  const random = { uniform: () => 0.5, id: () => `id${++ids}` }
  return createClient({ baseUrl: server.url, apiKey: 'ck_live_x', clock, random, ...options })
}
/** Gives these answers one after the other, then the last for ever. */
const answers = (...list: Answer[]) => server.answerWith(({ number }) => list[Math.min(number, list.length) - 1]!)
const failure = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => error) // biome-ignore format: one thought
const keys = () => server.requests.map(request => JSON.parse(request.body.toString()).idempotencyKey)

describe('an emit', () => {
  it('is repeated twice after 5xx, with jitter, under one idempotency key', async () => {
    answers(refusal(500, 'internal_error'), refusal(503, 'service_unavailable'), taken)
    expect(await client().events.custom.emit(emit)).toEqual({ emitId: 'cee_1', status: 'queued' })
    expect(clock.waited).toEqual([150, 300])
    expect(keys()).toEqual(['sdk-id1', 'sdk-id1', 'sdk-id1'])
    expect(new Set(server.requests.map(request => request.headers['idempotency-key']))).toEqual(new Set(['sdk-id1']))
  })

  it('has a key of its own each time, unless the caller gives one', async () => {
    answers(taken)
    const { custom } = client().events
    await custom.emit(emit)
    await custom.emit(emit)
    await custom.emit({ ...emit, idempotencyKey: 'größer ' })
    expect(keys()).toEqual(['sdk-id1', 'sdk-id2', 'größer '])
    expect(server.requests[2]!.headers['idempotency-key']).toBeUndefined()
  })

  it('in a batch keeps its key when the batch is repeated', async () => {
    answers('reset', json(200, { success: true, data: { results: [] }, meta: {} }))
    await client().events.custom.emitBatch([emit, { ...emit, idempotencyKey: 'mine' }])
    const items = server.requests.map(request =>
      JSON.parse(request.body.toString()).items.map((item: { idempotencyKey: string }) => item.idempotencyKey),
    )
    expect(items).toEqual([['sdk-id1', 'mine'], ['sdk-id1', 'mine']]) // biome-ignore format: one thought
  })

  it('is given up after the third attempt, with the last error', async () => {
    answers(refusal(503, 'service_unavailable', {}, { 'retry-after': '1' }))
    const error = (await failure(client().events.custom.emit(emit))) as ClarionApiError
    expect([error.code, error.status, error.retryable, error.requestId, error.retryAfterS]).toEqual([
      'service_unavailable',
      503,
      true,
      'req_1',
      1,
    ])
    expect([server.requests.length, clock.waited]).toEqual([3, [1_000, 1_000]])
  })

  it('is not repeated when the platform says not to: 502 bus_relay_failed', async () => {
    answers(refusal(502, 'bus_relay_failed', { retryable: false, emitId: 'cee_9' }))
    const error = (await failure(client().events.custom.emit(emit))) as ClarionApiError
    expect([error.code, error.retryable, error.emitId, server.requests.length]).toEqual([
      'bus_relay_failed',
      false,
      'cee_9',
      1,
    ])
  })

  it.each([400, 401, 402, 403, 404, 409, 413, 422])('is not repeated after %d', async status => {
    const details = [{ path: '/total', rule: 'type', message: 'must be number' }]
    answers(refusal(status, 'payload_invalid', { details }))
    const error = (await failure(client().events.custom.emit(emit))) as ClarionApiError
    expect(error).toBeInstanceOf(ClarionApiError)
    expect([error.status, error.code, error.details, error.retryable]).toEqual([
      status,
      'payload_invalid',
      details,
      false,
    ])
    expect(server.requests).toHaveLength(1)
  })

  it('sends payloadJson as it is, and nothing that would break out of its place', async () => {
    answers(taken)
    await client().events.custom.emit({ name: 'n.n', payloadJson: '{"total": 12.50, "n": 12345678901234567890}' })
    expect(server.requests[0]!.body.toString()).toContain('"payload":{"total": 12.50, "n": 12345678901234567890}}')
    expect(
      await failure(
        Promise.resolve().then(() => client().events.custom.emit({ name: 'n.n', payloadJson: '{},"name":"other"' })),
      ),
    ).toBeInstanceOf(SyntaxError)
    expect(server.requests).toHaveLength(1)
  })
})

describe('Retry-After', () => {
  it('of a 429 is waited for, as seconds or as a date', async () => {
    const date = new Date(NOW_MS + 5_000).toUTCString()
    answers(
      refusal(429, 'rate_limited', {}, { 'retry-after': '2' }),
      refusal(429, 'rate_limited', {}, { 'retry-after': date }),
      taken,
    )
    await client().events.custom.emit(emit)
    expect(clock.waited).toEqual([2_000, 5_000])
  })

  it('that is longer than 30 s is in the error, not waited for', async () => {
    answers(refusal(429, 'rate_limited', {}, { 'retry-after': '31' }))
    const error = (await failure(client().events.custom.emit(emit))) as ClarionApiError
    expect([error.retryAfterS, server.requests.length]).toEqual([31, 1])
  })
})

describe('no answer', () => {
  it.each(['reset', 'short'] as const)('(%s) is a network error, after three attempts', async way => {
    answers(way)
    const error = (await failure(client().events.custom.health())) as ClarionConnectionError
    expect(error).toBeInstanceOf(ClarionConnectionError)
    expect([error.code, error.mayHaveBeenDone, server.requests.length]).toEqual(['network_error', true, 3])
  })

  it.each(['hang', 'trickle'] as const)('(%s) is cut off after 10 s, the body included', async way => {
    answers(way)
    const failing = failure(client().events.custom.health())
    for (let attempt = 1; attempt <= 3; attempt++) {
      await server.received(attempt)
      expect(clock.fire(TIMEOUT_MS)).toBe(1)
    }
    const error = (await failing) as ClarionConnectionError
    expect([error.code, error.message, server.requests.length]).toEqual(['timeout', 'No answer within 10 s.', 3])
  })

  it('leaves no timer behind', async () => {
    answers(refusal(500, 'internal_error'), 'reset', taken)
    await client().events.custom.emit(emit)
    expect(clock.pending()).toEqual([])
  })
})

describe('calls that must be made once only', () => {
  const create = (options?: Partial<ClientOptions>) =>
    client(options).events.webhooks.create({ url: 'https://example.com', events: ['*'] })

  it.each([['reset' as const], [refusal(500, 'internal_error')]])(
    'is not repeated when it may have been done',
    async answer => {
      answers(answer)
      expect(await failure(create())).toBeInstanceOf(Error)
      expect(server.requests).toHaveLength(1)
    },
  )

  it('is repeated when it was certainly not done: 429, or never sent', async () => {
    answers(refusal(429, 'rate_limited'), json(201, { success: true, data: { id: 'wh_1' }, meta: {} }))
    expect((await create()).id).toBe('wh_1')
    const nobody = await createReceiver()
    await nobody.close()
    const error = (await failure(create({ baseUrl: nobody.url }))) as ClarionConnectionError
    expect([error.code, error.mayHaveBeenDone, clock.waited.length]).toEqual(['network_error', false, 1 + 2])
  })
})

describe('a call', () => {
  it('ends as soon as its caller gives up, in an attempt and between two', async () => {
    answers('hang')
    const during = new AbortController()
    const failing = failure(client().events.custom.health({ signal: during.signal }))
    await server.received(1)
    during.abort(new Error('no longer wanted'))
    expect(await failing).toEqual(new Error('no longer wanted'))

    answers(refusal(503, 'service_unavailable', {}, { 'retry-after': String(RETRY_AFTER_MS / 1_000) }))
    const between = new AbortController()
    const waiting = failure(client().events.custom.health({ signal: between.signal }))
    while (!clock.pending().includes(RETRY_AFTER_MS)) await new Promise(setImmediate)
    between.abort(new Error('nor this one'))
    expect(await waiting).toEqual(new Error('nor this one'))
    expect(server.requests).toHaveLength(2)
  })

  it('does not follow a redirect, which would carry the key elsewhere', async () => {
    const elsewhere = await createReceiver()
    answers({ redirect: elsewhere.url })
    for (const call of [client().whoami(), client().events.custom.emit(emit)]) {
      const error = (await failure(call)) as ClarionApiError
      expect([error.code, error.status, elsewhere.requests.length]).toEqual(['unexpected_answer', 302, 0])
    }
    await elsewhere.close()
  })

  it.each([
    ['HTML', { status: 200, body: '<html>' }],
    ['other JSON', { status: 200, body: '{"ok":true}' }],
    ['nothing', { status: 204 }],
  ])('answered with %s says that this is no Clarion platform', async (_what, answer) => {
    answers(answer)
    expect(((await failure(client().whoami())) as ClarionApiError).code).toBe('unexpected_answer')
  })

  it('takes the address with or without /api/v1, escapes ids and leaves out undefined values', async () => {
    answers(json(200, { success: true, data: [], meta: { nextCursor: 'c' } }))
    for (const suffix of ['', '/', '/api/v1', '/api/v1/']) {
      const { nextCursor } = await client({ baseUrl: server.url + suffix }).events.webhooks.deliveries('wh/../1', {
        type: 'a b',
        limit: 5,
      })
      expect(nextCursor).toBe('c')
    }
    expect(new Set(server.requests.map(request => request.path))).toEqual(
      new Set(['/api/v1/webhooks/wh%2F..%2F1/deliveries?type=a+b&limit=5']),
    )
    expect(server.requests[0]!.headers.authorization).toBe('Bearer ck_live_x')
  })

  it('is made once with retries: 0', async () => {
    answers('reset')
    await failure(client({ retries: 0 }).whoami())
    expect(server.requests).toHaveLength(1)
  })

  it('goes through all pages of a list', async () => {
    server.answerWith(({ path }) =>
      json(200, {
        success: true,
        data: [path.includes('cursor=b') ? 2 : 1],
        meta: { nextCursor: path.includes('cursor=b') ? null : 'b' },
      }),
    )
    const seen: unknown[] = []
    for await (const emitted of client().events.custom.emits.each()) seen.push(emitted)
    expect(seen).toEqual([1, 2])
  })
})
