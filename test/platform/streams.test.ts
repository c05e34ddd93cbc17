/** Streams of events over HTTP: what a client sees from the first frame to the last, on a whole platform. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { type Frame, isEvent, openStream, type StreamClient, type StreamOptions } from '../support/stream-client.ts'

let platform: TestPlatform
const clients = new Set<StreamClient>()

beforeAll(async () => {
  platform = await startPlatform()
}, 120_000)
afterAll(async () => {
  for (const client of clients) client.close()
  await platform?.stop()
}, 60_000)

const GENERIC = 'platformxe.generic'

/** Emits generic events one after the other, and answers their sequence numbers. */
async function emit(
  organization: TestOrganization,
  count: number,
  data: object = {},
  kind = 'tick',
): Promise<number[]> {
  const items = Array.from({ length: count }, (_, at) => ({ name: GENERIC, payload: { kind, data: { at, ...data } } }))
  const sequences: number[] = []
  for (let from = 0; from < items.length; from += 100) {
    const made = await organization.call<{ results: Array<{ sequence: number; status: number }> }>(
      'POST',
      '/api/v1/events/custom/emit/batch',
      { items: items.slice(from, from + 100) },
    )
    expect(made.status).toBe(200)
    expect(made.data.results.filter(({ status }) => status >= 300)).toEqual([])
    sequences.push(...made.data.results.map(({ sequence }) => sequence))
  }
  return sequences
}

async function stream(
  organization: Pick<TestOrganization, 'apiKey'> | undefined,
  query: Record<string, string> = {},
  options: StreamOptions = {},
): Promise<StreamClient> {
  const url = `${platform.base}/api/v1/events/stream?${new URLSearchParams({ ...(query.token ? {} : { types: '*' }), ...query })}`
  const client = await openStream(url, { key: organization?.apiKey, ...options })
  clients.add(client)
  return client
}

const numbersOf = (frames: readonly Frame[]): number[] => frames.filter(isEvent).map(({ data }) => data.sequence)
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)
const isOfType = (event: string) => (frame: Frame) => frame.event === event

describe('a stream', () => {
  it('begins with its place, its selectors and the limits, and then has each event as it is accepted', async () => {
    const organization = await platform.organization('PRO')
    const client = await stream(organization, { types: `${GENERIC}#tick,northwind.*` })
    const ready = await client.until(isOfType('ready'))
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(client.headers['content-encoding']).toBeUndefined()
    expect(ready).toMatchObject({
      retry: 3000,
      data: {
        cursor: ready.id,
        types: ['northwind.*', `${GENERIC}#tick`],
        environment: 'live',
        limits: { connections: 25, eventsPerSecond: 1000 },
        streamId: expect.stringMatching(/^str_/),
      },
    })
    await emit(organization, 1, {}, 'other')
    const [sequence] = await emit(organization, 1, { amount: 12 })
    const [event] = await client.events(1)
    expect(event).toMatchObject({
      event: GENERIC,
      data: {
        type: GENERIC,
        sequence,
        organizationId: organization.org.id,
        environment: 'live',
        replay: null,
        data: { kind: 'tick', data: { at: 0, amount: 12 } },
      },
    })
    expect(event!.data).not.toHaveProperty('deliveryId')
    expect(event!.data).not.toHaveProperty('apiVersion')
    client.close()
  })

  it('resumes behind the id of any frame, whatever it selects, and Last-Event-ID wins over from', async () => {
    const organization = await platform.organization()
    await emit(organization, 10)
    const first = await stream(organization, { from: 'earliest' })
    const events = await first.events(10)
    expect(numbersOf(events)).toEqual(range(1, 10))
    first.close()
    for (const [at, { id }] of events.slice(0, 9).entries()) {
      const resumed = await stream(organization, { from: id! })
      expect(numbersOf(await resumed.events(9 - at))).toEqual(range(at + 2, 10))
      resumed.close()
    }
    const other = await stream(
      organization,
      { from: 'latest', types: `${GENERIC}#tick` },
      { headers: { 'last-event-id': events[4]!.id! } },
    )
    expect(numbersOf(await other.events(5))).toEqual(range(6, 10))
    other.close()
  })

  it('gets what is emitted while it reads the past, once each and in order', async () => {
    const organization = await platform.organization()
    await emit(organization, 1_500)
    const reading = stream(organization, { from: 'earliest' })
    const emitting = emit(organization, 500)
    const client = await reading
    await emitting
    expect(numbersOf(await client.events(2_000))).toEqual(range(1, 2_000))
    client.close()
  }, 60_000)

  it('is one JSON object a line for NDJSON, with the same events', async () => {
    const organization = await platform.organization()
    const body =
      '{"name":"platformxe.generic","payload":{\n  "kind": "pretty",\r\n  "data": {"big": 12345678901234567890}\n}}'
    expect((await organization.call('POST', '/api/v1/events/custom/emit', body)).status).toBe(202)
    const accepts = { headers: { accept: 'application/x-ndjson' } }
    const client = await stream(organization, { from: 'earliest' }, accepts)
    await client.events(1)
    expect(client.headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
    const [ready, event] = client.text().trim().split('\n')
    expect(JSON.parse(ready!)).toMatchObject({ type: 'ready', cursor: expect.any(String), types: ['*'] })
    expect(JSON.parse(event!)).toMatchObject({ type: 'event', cursor: expect.any(String), event: { sequence: 1 } })
    // The payload's own digits, in one line.
    expect(event).toContain('{"big": 12345678901234567890}')
    client.close()
    const sse = await stream(organization, { from: 'earliest' })
    expect(await sse.events(1)).toMatchObject([{ data: { data: { kind: 'pretty' } } }])
    sse.close()
  })

  it('selects by subject and filter, and renders CloudEvents', async () => {
    const organization = await platform.organization()
    for (const [subject, amount] of [
      ['a', 5],
      ['b', 50],
      ['a', 500],
    ] as const)
      await organization.call('POST', '/api/v1/events/custom/emit', {
        name: GENERIC,
        subject,
        payload: { kind: 'order', data: { amount } },
      })
    const filter = JSON.stringify({ all: [{ path: 'payload.data.amount', operator: 'gte', value: 50 }] })
    const filtered = await stream(organization, { from: 'earliest', subject: 'a', filter, format: 'cloudevents' })
    const [event] = await filtered.events(1)
    expect(event!.data).toMatchObject({ specversion: '1.0', type: GENERIC, subject: 'a' })
    expect(event!.data.data).toMatchObject({ data: { amount: 500 } })
    filtered.close()
  })

  it('ends at a cursor, at a past time, and at a time that lies ahead', async () => {
    const organization = await platform.organization()
    await emit(organization, 4)
    const all = await stream(organization, { from: 'earliest' })
    const events = await all.events(4)
    const to = await stream(organization, { from: 'earliest', until: events[1]!.id! })
    const end = await to.until(isOfType('end'))
    expect(numbersOf(to.frames)).toEqual([1, 2])
    expect(end.data).toEqual({ cursor: events[1]!.id, reason: 'until_reached' })
    await to.ended
    const past = await stream(organization, { from: 'earliest', until: events[2]!.data.recordedAt })
    await past.until(isOfType('end'))
    for (const { data } of past.frames.filter(isEvent)) expect(data.recordedAt < events[2]!.data.recordedAt).toBe(true)
    const ahead = await stream(organization, {
      from: 'earliest',
      until: new Date(Date.now() + 2_000).toISOString(),
    })
    await emit(organization, 1)
    await ahead.until(isOfType('end'))
    expect(numbersOf(ahead.frames)).toEqual(range(1, 5))
    all.close()
  }, 30_000)

  it('has heartbeats while nothing happens', async () => {
    const organization = await platform.organization()
    const client = await stream(organization)
    await client.until(isOfType('ready'))
    const deadline = performance.now() + 25_000
    while (!client.text().includes('\n:\n') && performance.now() < deadline)
      await organization.call('GET', '/api/v1/events/streams')
    expect(client.text()).toContain('\n:\n')
    client.close()
  }, 40_000)

  it('counts the events that it wrote', async () => {
    const organization = await platform.organization()
    await emit(organization, 25)
    const client = await stream(organization, { from: 'earliest' })
    await client.events(25)
    client.close()
    const metrics = await platform.call(platform.adminKey, 'GET', '/metrics')
    expect(String(metrics.body)).toMatch(/clarion_stream_frames_total \d+/)
    expect(String(metrics.body)).toContain('clarion_streams{transport="sse"}')
    expect(String(metrics.body)).toMatch(/clarion_stream_delay_seconds_count [1-9]/)
    expect(String(metrics.body)).not.toContain(
      'clarion_http_request_seconds_count{route="GET /api/v1/events/stream",status="200"}',
    )
  })
})

describe('a call for a stream', () => {
  it('is refused where it is wrong, in the order of checks', async () => {
    const organization = await platform.organization()
    const { apiKey } = organization
    const refused = async (query: Record<string, string>, options: StreamOptions = {}) => {
      const { status, error } = await stream(organization, query, options)
      return [status, error.code, error.details?.[0]?.path]
    }
    expect(await refused({ key: apiKey }, { key: undefined })).toEqual([400, 'key_in_query', '/key'])
    expect(await refused({ other: apiKey }, { key: undefined })).toEqual([400, 'key_in_query', '/other'])
    expect(await refused({}, { key: undefined })).toEqual([401, 'unauthorized', undefined])
    expect(await refused({}, { headers: { accept: 'application/json' } })).toEqual([
      406,
      'not_acceptable',
      '/headers/accept',
    ])
    expect(await refused({ types: 'Not A Selector' })).toEqual([400, 'invalid_event_selector', '/types/0'])
    expect(await refused({ types: Array(101).fill('a.b').join(',') })).toEqual([400, 'validation_failed', '/types'])
    expect(await refused({ filter: '{"all":[{"path":"nope","operator":"equals","value":1}]}' })).toEqual([
      400,
      'validation_failed',
      '/filter/all/0/path',
    ])
    expect(await refused({ from: '2026-13-40T00:00:00Z' })).toEqual([400, 'validation_failed', '/from'])
    expect(await refused({ from: 'never-a-cursor' })).toEqual([400, 'invalid_cursor', '/cursor'])
    expect(await refused({ environment: 'test' })).toEqual([400, 'validation_failed', '/environment'])
    expect(await refused({ format: 'xml' })).toEqual([400, 'validation_failed', '/format'])
    expect(await refused({ statsu: 'x' })).toEqual([400, 'validation_failed', '/statsu'])
    expect(await refused({ types: '' })).toEqual([400, 'validation_failed', '/types'])
    const without = await openStream(`${platform.base}/api/v1/events/stream`, { key: apiKey })
    expect([without.status, without.error.details[0].rule]).toEqual([400, 'required'])
  })

  it('does not take a cursor of another organization, or of the other environment', async () => {
    const [one, other] = [await platform.organization(), await platform.organization()]
    const client = await stream(one)
    const { id } = await client.until(isOfType('ready'))
    client.close()
    expect((await stream(other, { from: id! })).error.code).toBe('invalid_cursor')
    const made = await one.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 't', environment: 'test', scopes: ['events:read', 'events:emit'] },
    })
    const test = { ...one, apiKey: made.data.apiKey }
    expect((await stream(test, { from: id! })).error.code).toBe('invalid_cursor')
    const both = [await stream(one), await stream(test)] as const
    await platform.call(test.apiKey, 'POST', '/api/v1/events/custom/emit', {
      name: GENERIC,
      payload: { kind: 't', data: {} },
    })
    await emit(one, 1)
    expect(await both[0].events(1)).toMatchObject([{ data: { environment: 'live' } }])
    expect(await both[1].events(1)).toMatchObject([{ data: { environment: 'test' } }])
    for (const each of both) {
      expect(each.frames.filter(isEvent).length).toBe(1)
      each.close()
    }
  }, 30_000)

  it('is refused beyond the connections of the plan, unless it replaces its own older one', async () => {
    const organization = await platform.organization('FREE')
    const first = await stream(organization, { client: 'dashboard' })
    await first.until(isOfType('ready'))
    const second = await stream(organization)
    expect([second.status, second.error.code, second.error.details[0].rule]).toEqual([
      429,
      'stream_limit_exceeded',
      'connections',
    ])
    const again = await stream(organization, { client: 'dashboard' })
    expect((await first.until(isOfType('end'))).data.reason).toBe('replaced')
    await first.ended
    await again.until(isOfType('ready'))
    again.close()
  })

  it('is refused beyond twenty distinct filters on one log', async () => {
    const organization = await platform.organization()
    const filter = (value: number) =>
      JSON.stringify({ all: [{ path: 'payload.kind', operator: 'equals', value: `k${value}` }] })
    const open = await Promise.all(range(1, 20).map(value => stream(organization, { filter: filter(value) })))
    expect(open.map(({ status }) => status)).toEqual(Array(20).fill(200))
    const beyond = await stream(organization, { filter: filter(21) })
    expect([beyond.status, beyond.error.code, beyond.error.details[0].rule]).toEqual([
      429,
      'stream_limit_exceeded',
      'filters',
    ])
    const known = await stream(organization, { filter: filter(7) })
    expect(known.status).toBe(200)
    for (const each of [...open, known]) each.close()
  })

  it('delays what is over the rate of the plan, and drops nothing', async () => {
    const organization = await platform.organization('BASIC')
    const client = await stream(organization)
    await client.until(isOfType('ready'))
    const startedMs = performance.now()
    await emit(organization, 250)
    expect(numbersOf(await client.events(250))).toEqual(range(1, 250))
    // 100 at once, and then 100 a second.
    expect(performance.now() - startedMs).toBeGreaterThan(1_400)
    client.close()
  }, 30_000)
})

describe('a stream ends', () => {
  it('when its key is deleted, its organization suspended, and by a call', async () => {
    const organization = await platform.organization()
    const made = await organization.call<{ apiKey: string; key: { id: string } }>('POST', '/api/v1/keys', {
      ...{ name: 'k', environment: 'live', scopes: ['events:read'] },
    })
    const ofKey = await stream({ apiKey: made.data.apiKey })
    const ended = await stream(organization)
    const left = await stream(organization)
    await organization.call('DELETE', `/api/v1/keys/${made.data.key.id}`)
    expect((await ofKey.until(isOfType('end'))).data.reason).toBe('revoked')
    await ofKey.ended

    const list = await organization.call<Array<{ id: string }>>('GET', '/api/v1/events/streams')
    expect(list.data.length).toBe(2)
    const id = ended.frames[0]!.data.streamId as string
    expect(list.data).toContainEqual(
      expect.objectContaining({ id, transport: 'sse', types: ['*'], client: null, behindEvents: 0 }),
    )
    const stranger = await platform.organization()
    expect((await stranger.call('DELETE', `/api/v1/events/streams/${id}`)).status).toBe(404)
    expect((await organization.call('DELETE', `/api/v1/events/streams/${id}`)).data).toEqual({ id, ended: true })
    expect((await ended.until(isOfType('end'))).data.reason).toBe('revoked')

    await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${organization.org.id}/suspend`)
    expect((await left.until(isOfType('end'))).data.reason).toBe('revoked')
    expect((await stream(organization)).error.code).toBe('organization_suspended')
  }, 30_000)

  it('when its key expires', async () => {
    const organization = await platform.organization()
    const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 'k', environment: 'live', scopes: ['events:read'] },
      expiresAt: new Date(Date.now() + 2_000).toISOString(),
    })
    const client = await stream({ apiKey: made.data.apiKey })
    expect((await client.until(isOfType('end'))).data.reason).toBe('revoked')
  }, 30_000)

  it('when its client takes nothing for half a minute, while another one beside it stays live', async () => {
    const organization = await platform.organization()
    const stalled = await stream(organization)
    const live = await stream(organization)
    await stalled.until(isOfType('ready'))
    stalled.pause()
    const text = 'x'.repeat(20_000)
    await emit(organization, 500, { text })
    expect(numbersOf(await live.events(500))).toEqual(range(1, 500))
    const list = await organization.call<Array<{ unsentBytes: number }>>('GET', '/api/v1/events/streams')
    for (const { unsentBytes } of list.data) expect(unsentBytes).toBeLessThan(256 * 1024)
    const isOpen = async () => (await organization.call<unknown[]>('GET', '/api/v1/events/streams')).data.length > 1
    const deadline = performance.now() + 45_000
    while ((await isOpen()) && performance.now() < deadline);
    expect(await isOpen()).toBe(false)
    stalled.resume()
    await stalled.ended
    const seen = numbersOf(stalled.frames)
    const last = stalled.frames.filter(isEvent).at(-1)!
    const resumed = await stream(organization, {}, { headers: { 'last-event-id': last.id! } })
    expect([...seen, ...numbersOf(await resumed.events(500 - seen.length))]).toEqual(range(1, 500))
    live.close()
    resumed.close()
  }, 90_000)
})
