/** Readers of the log that send what no client should: each gets a stable code, and a reader beside them misses nothing. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { rawCall } from '../support/raw-http.ts'
import { openStream, type StreamClient } from '../support/stream-client.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
let organization: TestOrganization
let other: TestOrganization
let beside: StreamClient

beforeAll(async () => {
  platform = await startPlatform()
  organization = await platform.organization()
  other = await platform.organization()
  beside = await openStream(`${platform.base}/api/v1/events/stream?types=*&from=earliest`, { key: organization.apiKey })
}, 120_000)
afterAll(async () => {
  beside?.close()
  await platform?.stop()
}, 60_000)

const emit = (of: TestOrganization, data: object = {}) =>
  of.call('POST', '/api/v1/events/custom/emit', { name: 'platformxe.generic', payload: { kind: 'k', data } })
const STREAM = '/api/v1/events/stream'

/** Status, code and the place of the fault. */
async function ask(path: string, headers: Record<string, string> = {}) {
  const client = await openStream(platform.base + path, { key: organization.apiKey, headers })
  client.close()
  return client.status === 200 ? [200] : [client.status, client.error.code, client.error.details?.[0]?.path]
}

async function cursorOf(of: TestOrganization): Promise<string> {
  const page = await of.call('GET', '/api/v1/events?types=*&from=latest')
  return (page.body as { meta: { nextCursor: string } }).meta.nextCursor
}

describe('a place that no answer gave', () => {
  it('is refused with one code, wherever it stands', async () => {
    await emit(other)
    const [own, foreign] = [await cursorOf(organization), await cursorOf(other)]
    const bytes = Buffer.from(own, 'base64url')
    const wrong = [
      foreign,
      own.slice(0, -2),
      `${own}AA`,
      `${own}=`,
      own.toLowerCase() === own ? own.toUpperCase() : own.toLowerCase(),
      'A'.repeat(40),
      'A'.repeat(499),
      Buffer.from(bytes.map((byte, at) => (at === 0 ? byte + 1 : byte))).toString('base64url'),
      Buffer.from(bytes.map((byte, at) => (at === 7 ? byte ^ 1 : byte))).toString('base64url'),
    ]
    for (const cursor of wrong) {
      const encoded = encodeURIComponent(cursor)
      for (const path of [
        `${STREAM}?types=*&from=${encoded}`,
        `${STREAM}?types=*&until=${encoded}`,
        `/api/v1/events?types=*&from=${encoded}`,
        `/api/v1/events?types=*&to=${encoded}`,
        `/api/v1/events?types=*&cursor=${encoded}`,
        `/api/v1/events?sequence=1-1&cursor=${encoded}`,
      ]) {
        const [status, code] = await ask(path)
        // A range without any event is refused before its cursor.
        expect([path, status, ['invalid_cursor', 'invalid_range'].includes(code)]).toEqual([path, 400, true])
      }
      expect((await ask(`${STREAM}?types=*`, { 'last-event-id': cursor }))[1]).toBe('invalid_cursor')
      const replay = await organization.call('POST', '/api/v1/replays', {
        ...{ source: { from: cursor }, target: { kind: 'original' }, options: { dryRun: true } },
      })
      expect([cursor, replay.status]).toEqual([cursor, 400])
    }
    for (const id of ['~', '~~', `${own}~~`, `${own}~tag`, '0', '2026-13-01', 'earliest ', '%00'])
      expect([[200], [400]]).toContainEqual((await ask(`${STREAM}?types=*`, { 'last-event-id': id })).slice(0, 1))
  }, 60_000)

  it('in time is the start, the end, or 400', async () => {
    for (const from of ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])
      expect([from, (await ask(`${STREAM}?types=*&from=${from}`))[0]]).toEqual([from, 200])
    for (const from of ['+275760-09-13T00:00:00Z', '2026-02-30T00:00:00Z', '2026-01-01', 'yesterday', '-1', '1e9'])
      expect([from, (await ask(`${STREAM}?types=*&from=${encodeURIComponent(from)}`))[0]]).toEqual([from, 400])
    const ended = await openStream(
      `${platform.base}${STREAM}?types=*&from=latest&until=${await cursorOf(organization)}`,
      { key: organization.apiKey },
    )
    expect((await ended.until(({ event }) => event === 'end')).data.reason).toBe('until_reached')
  })
})

describe('a call', () => {
  it.each([
    ['with a parameter twice', `${STREAM}?types=*&types=a.b`, {}, [400, 'validation_failed', '/types']],
    ['with a place twice', `${STREAM}?types=*&from=latest&from=earliest`, {}, [400, 'validation_failed', '/from']],
    ['that accepts nothing', `${STREAM}?types=*`, { accept: 'text/event-stream;q=0' }, [406, 'not_acceptable']],
    ['that accepts no form', `${STREAM}?types=*`, { accept: ',;q=x' }, [406, 'not_acceptable']],
    ['with a control character', `${STREAM}?types=*&subject=%00`, {}, [400, 'validation_failed', '/subject']],
    ['with a name that is too long', `${STREAM}?types=*&client=${'c'.repeat(101)}`, {}, [400, 'validation_failed']],
    ['with an empty name', `${STREAM}?types=*&client=`, {}, [400, 'validation_failed', '/client']],
    ['with 101 selectors', `${STREAM}?types=${Array(101).fill('a.b').join(',')}`, {}, [400, 'validation_failed']],
    ['with a selector of nothing', `${STREAM}?types=aa.bb,,cc.dd`, {}, [400, 'invalid_event_selector', '/types/1']],
    ['with a selector of the language', `${STREAM}?types=__proto__`, {}, [400, 'invalid_event_selector']],
    ['with a key in a parameter of any name', `${STREAM}?types=ck_live_x`, {}, [400, 'key_in_query', '/types']],
    ['with a key as its name', `${STREAM}?types=*&API_KEY=x`, {}, [400, 'key_in_query', '/API_KEY']],
    ['with a token beside a key', `${STREAM}?types=*&token=cst_x`, {}, [401, 'unauthorized']],
    ['for a page of the past that waits', '/api/v1/events?types=*&waitSeconds=21', {}, [400, 'validation_failed']],
    ['for a backward range', '/api/v1/events?sequence=9-1', {}, [400, 'invalid_range', '/sequence']],
    ['for a range of no numbers', '/api/v1/events?sequence=a-b', {}, [400, 'validation_failed', '/sequence']],
    ['for a range without end', '/api/v1/events?sequence=1-999999999999999', {}, [400, 'invalid_range']],
  ])('%s is refused', async (_, path, headers, expected) => {
    expect((await ask(path, headers as Record<string, string>)).slice(0, expected.length)).toEqual(expected)
  })

  it('by another method is 405, and a preflight without a token permits nothing', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, code } = await organization.call(method, `${STREAM}?types=*`)
      expect([method, status, code]).toEqual([method, 405, 'method_not_allowed'])
    }
    const preflight = await fetch(`${platform.base}${STREAM}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://a.test' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, null])
    const raw = await rawCall(platform.base, `GET ${STREAM}?types=%ff%fe`, [`x-api-key: ${organization.apiKey}`])
    expect(raw.status).toBe(400)
  })

  it('with a filter that is a bomb is refused, or costs the others nothing', async () => {
    const nested = (depth: number): object =>
      depth === 0 ? { path: 'payload.a', operator: 'exists' } : { all: [nested(depth - 1)] }
    const leaf = (value: string) => ({ path: 'payload.data.text', operator: 'matches_regex', value })
    const filters: unknown[] = [
      nested(40),
      { all: Array.from({ length: 51 }, () => ({ path: 'subject', operator: 'exists' })) },
      { all: [leaf('(a+)+$'), leaf('(a|aa)+$'), leaf('(.*)*x')] },
      { all: [{ path: 'payload.__proto__.polluted', operator: 'exists' }] },
      { all: [{ path: `payload${'.a'.repeat(120)}`, operator: 'exists' }] },
      [],
      null,
      'x',
    ]
    for (const filter of filters) {
      const status = (await ask(`${STREAM}?types=*&filter=${encodeURIComponent(JSON.stringify(filter))}`))[0]
      expect([JSON.stringify(filter).slice(0, 60), [200, 400].includes(status)]).toEqual([expect.anything(), true])
    }
    const bombs = await Promise.all(
      ['(a+)+$', '(a|aa)+$', '(a*)*b'].map(pattern =>
        openStream(
          `${platform.base}${STREAM}?types=*&filter=${encodeURIComponent(JSON.stringify({ all: [leaf(pattern)] }))}`,
          { key: organization.apiKey },
        ),
      ),
    )
    const sent = await emit(organization, { text: `${'a'.repeat(50_000)}!` })
    await beside.until(({ data }) => data.id === sent.data.eventId)
    for (const client of bombs) client.close()
  }, 60_000)
})

describe('a replay', () => {
  const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
  const start = (body: object) =>
    organization.call<{ id: string; source: object; warnings: string[] }>('POST', '/api/v1/replays', body)

  it('over 31 days is cut and says so; one of nothing ends; two to one target at once are refused', async () => {
    const hook = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
      ...{ url: 'https://hooks.example.com/in', events: ['*'], active: false },
    })
    const target = { kind: 'webhook', ids: [hook.data.id] }
    const cut = await start({
      source: { from: at(31), subject: 'nobody'.padEnd(255, '-') },
      target,
      options: { dryRun: true },
    })
    expect([cut.status, cut.data.warnings]).toEqual([202, ['range_clamped']])
    expect((await start({ source: { from: at(60), to: at(40) }, target })).code).toBe('outside_retention')
    expect((await start({ source: { from: at(1), to: at(2) }, target })).code).toBe('invalid_range')
    expect((await start({ source: { from: at(0), to: at(-1) }, target })).code).toBe('invalid_range')
    expect((await start({ source: { from: at(1) }, target: { kind: 'queue', ids: ['que_x'] } })).status).toBe(404)
    expect((await start({ source: { from: at(1) }, target: { kind: 'original', ids: ['wh_x'] } })).status).toBe(400)
    const twice = await Promise.all(
      [1, 2].map(() => start({ source: { from: at(1) }, target, options: { force: true } })),
    )
    expect(twice.map(({ status, code }) => [status, code]).sort()).toEqual([
      [202, undefined],
      [409, 'replay_in_progress'],
    ])
    const shown = async () =>
      (
        await organization.call<{ state: string; progress: { matched: number } }>(
          'GET',
          `/api/v1/replays/${cut.data.id}`,
        )
      ).data
    const found = await until(shown, ({ state }) => state !== 'running')
    expect(found).toMatchObject({ state: 'completed', progress: { matched: 0 } })
  }, 60_000)
})
