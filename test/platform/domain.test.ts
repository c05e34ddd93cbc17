/** The reference domain on a whole platform: calls over HTTP, and the events that announce what they did. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { BUILT_IN_EVENTS } from '../../src/events/built-in-events.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { BY_THE_OPERATOR, BY_THE_PLATFORM, doEverything } from '../domain/everything.ts'
import { type Call, sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { untilFound } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

interface Read {
  events: Array<{ type: string; data: Record<string, unknown>; sequence: number; chain: { depth: number } }>
}

/** A key of the test environment. */
async function testCaller(organization: TestOrganization): Promise<Call> {
  const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
    ...{ name: 't', environment: 'test', scopes: ['domain:manage', 'events:read', 'events:payload'] },
  })
  return (method, path, body, headers) => platform.call(made.data.apiKey, method, path, body, headers)
}

/** The built-in events of the log, once there are so many. */
const eventsOf = (call: Call, count: number): Promise<Read['events']> =>
  untilFound('it is so', async () => {
    const { data } = await call<Read['events']>('GET', '/api/v1/events?types=*&from=earliest&limit=500')
    return data.length >= count && data
  })

function asker(call: Call) {
  const ask = async (method: string, path: string, body?: object) => {
    const { status, data, body: answered } = await call<never>(method, path, body)
    if (status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answered)}`)
    return data
  }
  const reach = (path: string, wanted: string) =>
    untilFound('it is so', async () => {
      const { data } = await call<{ status: string; certificate?: { status: string } | null; resources: [] }>(
        'GET',
        path,
      )
      return (data.status === wanted || data.certificate?.status === wanted) && data
    })
  return { ask, reach }
}

describe('the catalogue', () => {
  it('has a producer for each of its 41 types, whose data are valid, and each transition is announced once', async () => {
    const organization = await platform.organization()
    const call = await testCaller(organization)
    const { ask, reach } = asker(call)
    const expected = await doEverything(ask, reach, true)
    const events = await eventsOf(call, expected.length)
    expect(events.map(({ type }) => type).sort()).toEqual(expected)
    expect([...new Set([...expected, ...BY_THE_PLATFORM, ...BY_THE_OPERATOR])].sort()).toEqual(
      [...BUILT_IN_EVENTS.keys()].sort(),
    )
    const { validate } = createValidators({ cacheMax: 100 })
    for (const { type, data } of events) {
      const { schema: payloadSchema, schemaHash } = BUILT_IN_EVENTS.get(type)!
      const findings = validate({ payloadSchema, schemaHash, schemaFlavour: 'json-schema-2020-12' }, data)
      expect([type, findings]).toEqual([type, []])
    }
  })
})

describe('calls', () => {
  it('are answered with what has been written; lists have it at once, and the other environment has not', async () => {
    const organization = await platform.organization()
    const made = await organization.call<{ id: string; revision: number }>('POST', '/api/v1/infrastructure/clusters', {
      ...{ name: 'web', node_count: 19 },
    })
    expect([made.status, made.data]).toEqual([
      201,
      expect.objectContaining({ name: 'web', node_count: 19, min: 1, max: 20, status: 'ready', revision: 1 }),
    ])
    const path = `/api/v1/infrastructure/clusters/${made.data.id}`
    const list = await organization.call<Array<{ id: string }>>('GET', '/api/v1/infrastructure/clusters')
    expect(list.data.map(({ id }) => id)).toEqual([made.data.id])
    const call = await testCaller(organization)
    expect((await call('GET', path)).code).toBe('not_found')
    expect((await (await platform.organization()).call('GET', path)).code).toBe('not_found')
  })

  it('refuse with codes: bounds, states, revisions, keys, scopes and bodies', async () => {
    const organization = await platform.organization()
    const clusters = '/api/v1/infrastructure/clusters'
    const { data } = await organization.call<{ id: string }>('POST', clusters, { name: 'web', node_count: 3 })
    const scale = (body: object, headers = {}) =>
      organization.call<{ target: number }>('POST', `${clusters}/${data.id}/scale`, body, headers)
    const codeOf = async (answer: Promise<{ status: number; code: string | undefined }>) => {
      const { status, code } = await answer
      return [status, code]
    }
    expect(await codeOf(scale({ node_count: 21 }))).toEqual([422, 'node_count_out_of_bounds'])
    expect(await codeOf(scale({ node_count: 2, delta: 1 }))).toEqual([400, 'validation_failed'])
    for (const revision of ['7', '2147483648', '999999999999999'])
      expect(await codeOf(scale({ delta: 1 }, { 'if-match': revision }))).toEqual([412, 'revision_conflict'])
    const first = await scale({ delta: 2 }, { 'idempotency-key': 'k1' })
    expect([first.status, first.data]).toEqual([202, expect.objectContaining({ previous: 3, target: 5 })])
    expect((await scale({ delta: 2 }, { 'idempotency-key': 'k1' })).data).toEqual(first.data)
    expect(await codeOf(scale({ delta: 3 }, { 'idempotency-key': 'k1' }))).toEqual([409, 'idempotency_key_conflict'])
    expect(await codeOf(scale({ delta: 1 }))).toEqual([409, 'scaling_in_progress'])
    const lines = [{ quantity: 'many', unit_price: 1 }]
    const wrong = await organization.call('POST', '/api/v1/invoices', { customer_id: 'c', currency: 'EUR', lines })
    expect([wrong.status, wrong.body]).toEqual([
      400,
      expect.objectContaining({
        error: expect.objectContaining({ details: [expect.objectContaining({ path: '/lines/0/quantity' })] }),
      }),
    ])
    const reader = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 'r', environment: 'live', scopes: ['domain:read'] },
    })
    const { apiKey } = reader.data
    expect((await platform.call(apiKey, 'GET', clusters)).status).toBe(200)
    expect((await platform.call(apiKey, 'POST', clusters, { name: 'x', node_count: 1 })).code).toBe(
      'insufficient_scope',
    )
  })

  it('beyond the plan are refused until there is room again', async () => {
    const organization = await platform.organization('FREE')
    const add = () => organization.call('POST', '/api/v1/designs', { name: 'd' })
    const answers = await Promise.all(Array.from({ length: 40 }, add))
    const refused = answers.filter(({ status }) => status !== 201)
    expect(refused.length).toBeGreaterThan(0)
    for (const { status, code, headers } of refused)
      expect([status, code, headers.get('retry-after')]).toEqual([429, 'rate_limited', '1'])
  })

  it('of a hundred invoices at once have numbers without a gap', async () => {
    const organization = await platform.organization()
    const lines = [{ quantity: 1, unit_price: '0.1' }]
    const body = { customer_id: 'c1', currency: 'EUR', lines }
    const made = await Promise.all(
      Array.from({ length: 100 }, () => organization.call<{ number: number }>('POST', '/api/v1/invoices', body)),
    )
    expect(made.map(({ data }) => data.number).sort((a, b) => a - b)).toEqual(made.map((_, at) => at + 1))
  })
})
