/** Sinks as resources. What is written into clusters is in test/sinks and test/platform. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const SINKS = '/api/v1/sinks'
const config = {
  ...{ bootstrapServers: ['kafka-1.example.com:9093', '93.184.216.34:443'], topic: 'clarion.orders' },
  sasl: { mechanism: 'SCRAM-SHA-512', username: 'clarion', password: 'pass wörd' },
}
const sink = { type: 'kafka', events: ['shop.*'], config }
const said = ({ status, code }: { status: number; code: string | undefined }) => [status, code]

describe('a sink', () => {
  it('is shown alike when it is made, got and listed, without its password, and is no webhook', async () => {
    const { call, id: organizationId } = await api.organization('PRO')
    const made = await call('POST', SINKS, { ...sink, name: 'warehouse', ordering: 'block' })
    expect([made.status, made.data]).toEqual([
      201,
      expect.objectContaining({
        ...{ id: expect.stringMatching(/^snk_/), type: 'kafka', name: 'warehouse', ordering: 'block', active: true },
        config: { ...config, sasl: { mechanism: 'SCRAM-SHA-512', username: 'clarion' }, tls: true, format: 'payload' },
        ...{ health: 'healthy', conditions: null, waiting: null },
      }),
    ])
    expect((await call('GET', `${SINKS}/${made.data.id}`)).data).toEqual(made.data)
    expect((await call('GET', `${SINKS}?limit=1`)).data).toEqual([made.data])
    expect((await call('GET', `${SINKS}?active=false`)).data).toEqual([])
    const stored = JSON.stringify(api.view.find('webhook', organizationId, made.data.id))
    expect([JSON.stringify(made.body), stored].filter(text => text.includes('wörd'))).toEqual([])
    expect((await call('GET', '/api/v1/webhooks')).data).toEqual([])
    for (const [method, path] of [
      ...([
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['POST', '/rotate'],
        ['GET', '/stats'],
      ] as const),
      ['PUT', '/shadow'],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : { url: 'https://a.example.com/', share: 1 }
      const answer = await call(method, `/api/v1/webhooks/${made.data.id}${path}`, path === '/rotate' ? {} : body)
      expect([method, path, answer.status]).toEqual([method, path, answer.code === 'validation_failed' ? 400 : 404])
    }
  })

  it('is changed field by field, its cluster as a whole; paused, activated, deleted', async () => {
    const { call } = await api.organization('PRO')
    const { data: made } = await call('POST', SINKS, sink)
    const path = `${SINKS}/${made.id}`
    const open = { bootstrapServers: ['kafka.example.com:9094'], topic: 'other', format: 'cloudevents' }
    const changed = await call('PATCH', path, { name: 'b', events: ['*'], config: open, retry: { preset: 'four' } })
    expect(changed.data).toMatchObject({ name: 'b', events: ['*'], config: { ...open, sasl: null }, revision: 2 })
    expect(said(await call('PATCH', path, { name: 'c' }, { 'if-match': '"1"' }))).toEqual([412, 'revision_conflict'])
    expect((await call('PATCH', path, { active: false })).data).toMatchObject({ active: false, revision: 3 })
    const activated = await call('POST', `${path}/activate`, { resume: 'latest' })
    expect(activated.data).toMatchObject({ active: true, pausedAt: null })
    expect((await call('DELETE', path)).data).toEqual({ id: made.id, deleted: true })
    expect(said(await call('GET', path))).toEqual([404, 'not_found'])
  })

  it.each([
    ['of another type', { type: 'amqp' }, 'sink_type_not_supported', '/type'],
    ['on a port that is none of a broker', { bootstrapServers: ['kafka.example.com:22'] }, 'port', '0'],
    ['at a private address', { bootstrapServers: ['a.example.com:9092', '10.0.0.1:9092'] }, 'blocked_address', '1'],
    ['at the address of metadata', { bootstrapServers: ['169.254.169.254:9092'] }, 'blocked_address', '0'],
    ['on this machine', { bootstrapServers: ['localhost:9092'] }, 'blocked_address', '0'],
    ['without a port', { bootstrapServers: ['kafka.example.com'] }, 'server', '0'],
    ['at a port that there is not', { bootstrapServers: ['kafka.example.com:70000'] }, 'server', '0'],
    ['at a URL', { bootstrapServers: ['https://kafka.example.com:9092'] }, 'server', '0'],
    ['with user and password in the server', { bootstrapServers: ['a:b@kafka.example.com:9092'] }, 'server', '0'],
    ['without encryption', { tls: false }, 'tls', '/config/tls'],
    ['in a topic that Kafka cannot have', { topic: 'a/b' }, 'topic', '/config/topic'],
    ['in the topic of dots', { topic: '..' }, 'topic', '/config/topic'],
    [
      'with a line break in its user',
      { sasl: { mechanism: 'PLAIN', username: 'a\nb', password: 'p' } },
      ...(['characters', '/config/sasl/username'] as const),
    ],
  ] as const)('%s is refused with the place', async (_what, change: Record<string, unknown>, rule, place) => {
    const { call } = await api.organization('PRO')
    const { type = 'kafka', ...part } = change
    const answer = await call('POST', SINKS, { ...sink, type, config: { ...config, ...part } })
    const [detail] = (answer.body as { error: { details: Array<{ path: string; rule: string }> } }).error.details
    expect([answer.status, answer.code]).toEqual([400, type === 'kafka' ? 'invalid_sink_config' : rule])
    expect(detail).toMatchObject({ rule, path: place.length === 1 ? `/config/bootstrapServers/${place}` : place })
  })

  it.each([
    ['no servers', { bootstrapServers: [] }, '/config/bootstrapServers'],
    ['one server twice', { bootstrapServers: ['a.test:9092', 'a.test:9092'] }, '/config/bootstrapServers'],
    ['a mechanism that is none', { sasl: { ...config.sasl, mechanism: 'OAUTHBEARER' } }, '/config/sasl/mechanism'],
    ['no password', { sasl: { mechanism: 'PLAIN', username: 'u' } }, '/config/sasl'],
    ['a format that is none', { format: 'avro' }, '/config/format'],
    ['a field that there is not', { acks: 1 }, '/config'],
  ])('with %s is refused', async (_what, change, place) => {
    const { call } = await api.organization('PRO')
    const answer = await call('POST', SINKS, { ...sink, config: { ...config, ...change } })
    const details = (answer.body as { error: { details: Array<{ path: string }> } }).error.details
    expect(said(answer)).toEqual([400, 'validation_failed'])
    expect(details.some(({ path }) => path.startsWith(place))).toBe(true)
  })

  it('counts as a webhook of the plan', async () => {
    const { call } = await api.organization('FREE')
    const made = [await call('POST', SINKS, sink)]
    while (made.at(-1)!.status === 201)
      made.push(await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/in', events: ['*'] }))
    expect(said(made.at(-1)!)).toEqual([402, 'webhook_quota_exceeded'])
    expect(said(await call('POST', SINKS, sink))).toEqual([402, 'webhook_quota_exceeded'])
    expect(made.length).toBeGreaterThan(2)
  })
})
