import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readIngress } from '../../src/events/ingress.ts'
import { emits } from '../../topics/emits.ts'
import { rawCall } from '../support/raw-http.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'
import { ADMIN_KEY, openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
let runtime: TestRuntime
beforeAll(async () => {
  api = await openTestApi()
  runtime = await testRuntime()
})
afterAll(() => Promise.all([api?.close(), runtime?.close()]))

const EVENTS = '/api/v1/events/custom'
const header = (value: string | Buffer, name = 'idempotency-key') =>
  Buffer.concat([Buffer.from(`${name}: `), Buffer.from(value)])
const auth = (key: string) => [`authorization: Bearer ${key}`, 'content-type: application/json']

/** Takes an emit without waiting for its verdict. */
const emit = (apiKey: string, keys: Buffer[], more = '', path = '/emit') =>
  rawCall(
    api.base,
    `POST ${EVENTS}${path}`,
    [...auth(apiKey), 'prefer: respond-async', ...keys],
    `{"name":"a.b","payload":{}${more}}`,
  )

describe('the header Idempotency-Key of an emit', () => {
  it.each(['k', 'order 7, paid', 'Bestellung-größer-7', '注文-7', '👍', '"quoted"', 'a,b'])(
    'is UTF-8, and reads as in a body: %s',
    async key => {
      const { id, apiKey } = await api.organization()
      const tail = runtime.tail(emits.nameFor(id, 'live'))
      expect((await emit(apiKey, [header(key)])).status).toBe(202)
      expect((await emit(apiKey, [header(key)], `,"idempotencyKey":${JSON.stringify(key)}`)).status).toBe(202)
      const records = await tail.until(all => all.length >= 2)
      expect(records.map(record => readIngress(record, api.tags).idempotencyKey)).toEqual([key, key])
    },
  )

  const details = (message: RegExp) => [
    { path: '/headers/idempotency-key', rule: 'idempotency_key', message: expect.stringMatching(message) },
  ]
  it.each<[string, Buffer[], RegExp]>([
    ['Latin-1', [header(Buffer.from('gr\u00f6\u00dfer', 'latin1'))], /UTF-8/],
    ['a lone continuation byte', [header(Buffer.from([0x61, 0x80]))], /UTF-8/],
    ['an overlong form', [header(Buffer.from([0xc0, 0xaf]))], /UTF-8/],
    ['an encoded surrogate', [header(Buffer.from([0xed, 0xa0, 0x80]))], /UTF-8/],
    ['nothing', [header('')], /1 to 255 printable characters/],
    ['spaces alone', [header('   ')], /1 to 255 printable characters/],
    ['256 characters', [header('é'.repeat(256))], /1 to 255 printable characters/],
    ['a tab inside', [header('a\tb')], /1 to 255 printable characters/],
    ['a control character of C1', [header('a\u0085b')], /1 to 255 printable characters/],
    ['a line separator', [header('a\u2028b')], /1 to 255 printable characters/],
    ['two that differ', [header('one'), header('two')], /once/],
    ['two that are equal', [header('one'), header('one')], /once/],
    ['two in other letters', [header('one'), header('one', 'Idempotency-KEY')], /once/],
    ['two, the first empty', [header(''), header('one')], /once/],
  ])('is refused with the rule: %s', async (_, keys, message) => {
    const { apiKey } = await owner()
    for (const path of ['/emit', '/emit?']) {
      const reply = await emit(apiKey, keys, '', path)
      expect([reply.status, reply.body.error.code, reply.body.error.details]).toEqual([
        400,
        'validation_failed',
        details(message),
      ])
    }
  })

  it('of 255 characters is taken, however many bytes they have', async () => {
    const { apiKey } = await owner()
    expect((await emit(apiKey, [header('👍'.repeat(255))])).status).toBe(202)
  })

  it('differs from the key of the body when its text does', async () => {
    const { apiKey } = await owner()
    const reply = await emit(apiKey, [header('größer')], ',"idempotencyKey":"grÃ¶Ã\u009fer"')
    expect([reply.status, reply.body.error.details[0].path]).toEqual([400, '/idempotencyKey'])
    expect((await emit(apiKey, [header('größer')], ',"idempotencyKey":"gr\\u00f6\\u00dfer"')).status).toBe(202)
  })
})

describe('the header Idempotency-Key of every other call that takes it', () => {
  it('is read by the same rules', async () => {
    const taking = api.routes
      .filter(each => each.takesIdempotencyKey === true)
      .map(({ method, path }) => `${method} ${path}`)
    const isOfDomain = (each: string) =>
      /^\w+ \/api\/v1\/(designs|infrastructure|invoices|orders|resources)(\/|$)/.test(each)
    expect(taking.filter(isOfDomain).length).toBeGreaterThan(30)
    expect(taking.filter(each => !isOfDomain(each)).sort()).toEqual([
      'POST /api/v1/events/custom',
      'POST /api/v1/events/custom/emit',
      'POST /api/v1/events/custom/marketplace/:id/fork',
      'POST /api/v1/notifications',
      'POST /api/v1/platform/events',
      'POST /api/v1/workflows/:id/run',
    ])
    const { apiKey } = await owner()
    for (const [start, key] of [
      [`POST ${EVENTS}`, apiKey],
      [`POST ${EVENTS}/marketplace/cml_none/fork`, apiKey],
      ['POST /api/v1/notifications', apiKey],
      ['POST /api/v1/platform/events', ADMIN_KEY],
    ] as const)
      for (const [keys, message] of [
        [[header(Buffer.from([0xff]))], /UTF-8/],
        [[header('a'), header('a')], /once/],
        [[header('')], /printable/],
      ] as const) {
        const reply = await rawCall(api.base, start, [...auth(key), ...keys], '{}')
        const [detail] = reply.body.error.details
        expect([start, reply.status, detail.path]).toEqual([start, 400, '/headers/idempotency-key'])
        expect(detail.message).toMatch(message)
      }
  })

  it('makes a registration once under a key in UTF-8, and another under its Latin-1 twin', async () => {
    const { slug, apiKey } = await api.organization()
    const body = (name: string) =>
      JSON.stringify({ namespace: slug, name, version: '1.0.0', payloadSchema: { type: 'object' } })
    const register = (key: string, name: string) =>
      rawCall(api.base, `POST ${EVENTS}`, [...auth(apiKey), header(key)], body(name))
    const made = await register('größer, 1', 'one')
    expect([made.status, (await register('größer, 1', 'one')).body.data.id]).toEqual([201, made.body.data.id])
    expect((await register('größer, 1', 'two')).body.error.code).toBe('idempotency_key_conflict')
    expect((await register('grÃ¶Ãer, 1', 'two')).status).toBe(201)
  })

  it('must agree with the body of a built-in event', async () => {
    const { id } = await api.organization()
    const event = { organizationId: id, type: 'order.failed', data: { order_id: 'o', error: 'e' } }
    const publish = (body: object, key: string) =>
      api.operator('POST', '/api/v1/platform/events', body, { 'idempotency-key': key })
    const reply = await publish({ ...event, idempotencyKey: 'one' }, 'two')
    expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, '/idempotencyKey'])
    const unprintable = await api.operator('POST', '/api/v1/platform/events', { ...event, idempotencyKey: 'a\tb' })
    expect([unprintable.status, unprintable.body.error?.details?.[0]?.path]).toEqual([400, '/idempotencyKey'])
  })

  it('is in the OpenAPI document', async () => {
    const { paths } = (await api.operator('GET', '/openapi.json')).body as unknown as { paths: Record<string, never> }
    const { parameters } = (paths[`${EVENTS}/emit`] as unknown as { post: { parameters: unknown[] } }).post
    expect(parameters).toContainEqual(
      expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: false }),
    )
  })
})

let made: Promise<{ apiKey: string }> | undefined
const owner = () => (made ??= api.organization())
