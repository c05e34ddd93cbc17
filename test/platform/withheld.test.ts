/** Keys without the scope `events:payload`: every read that shows payloads, bodies or headers withholds them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { isEvent, openStream } from '../support/stream-client.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
let receiver: Receiver
let organization: TestOrganization
let blind: { apiKey: string; call: TestOrganization['call'] }

const SECRET = 'nobody-but-the-owner'

beforeAll(async () => {
  platform = await startPlatform()
  receiver = await createReceiver({ answer: () => ({ status: 200, body: `taken: ${SECRET}` }) })
  organization = await platform.organization()
  const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
    ...{ name: 'blind', environment: 'live', scopes: ['events:read', 'webhooks:manage'] },
  })
  const { apiKey } = made.data
  blind = { apiKey, call: (...args) => platform.call(apiKey, ...args) }
}, 120_000)
afterAll(async () => {
  await receiver?.close()
  await platform?.stop()
}, 60_000)

async function emitted(): Promise<string> {
  const payload = { kind: 'k', data: { note: SECRET } }
  const sent = await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    ...{ name: 'platformxe.generic', payload },
  })
  expect(sent.status).toBe(202)
  return sent.data.eventId
}

/** The history of a busy machine answers 503 now and then. */
const answered = <T = unknown>({ call }: { call: TestOrganization['call'] }, path: string) =>
  until(
    () => call<T>('GET', path),
    ({ status }) => status !== 503,
  )

describe('a key without events:payload', () => {
  it('pulls and streams envelopes without data, and filters by no payload', async () => {
    const id = await emitted()
    const page = await blind.call<Array<Record<string, unknown>>>('GET', '/api/v1/events?types=*&from=earliest')
    expect(page.data.at(-1)).toMatchObject({ id, withheld: true })
    expect(JSON.stringify(page.body)).not.toContain(SECRET)
    const ranged = await blind.call('GET', '/api/v1/events?sequence=1-1')
    expect([ranged.status, JSON.stringify(ranged.body).includes(SECRET)]).toEqual([200, false])
    const url = `${platform.base}/api/v1/events/stream?types=*&from=earliest`
    for (const query of ['', '&format=cloudevents']) {
      const client = await openStream(url + query, { key: blind.apiKey })
      const [event] = await client.events(1)
      expect([event!.data.withheld, 'data' in event!.data]).toEqual([true, false])
      client.close()
    }
    const filter = encodeURIComponent('{"payload.kind":"k"}')
    for (const path of ['/api/v1/events?types=*', '/api/v1/events/stream?types=*']) {
      const refused = await blind.call('GET', `${path}&filter=${filter}`)
      expect([refused.status, refused.code]).toEqual([403, 'insufficient_scope'])
      const envelope = await blind.call(
        'GET',
        `/api/v1/events?types=*&filter=${encodeURIComponent('{"source":"api"}')}`,
      )
      expect(envelope.status).toBe(200)
    }
    const token = await blind.call('POST', '/api/v1/events/stream-tokens', {
      ...{ types: '*', filter: { 'data.kind': 'k' } },
    })
    expect([token.status, token.code]).toEqual([403, 'insufficient_scope'])
  }, 60_000)

  it('gives no token more than it has', async () => {
    await emitted()
    const made = await blind.call<{ token: string }>('POST', '/api/v1/events/stream-tokens', { types: '*' })
    const client = await openStream(`${platform.base}/api/v1/events/stream?token=${made.data.token}&from=earliest`)
    await client.until(isEvent)
    expect(client.text()).not.toContain(SECRET)
    client.close()
  })

  it('sees the history of an event, its attempts and quarantined records without what they contain', async () => {
    const hook = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
      ...{ url: receiver.url, events: ['*'] },
    })
    const id = await emitted()
    const history = () =>
      answered<{ payload?: unknown; attempts: object[] }>(organization, `/api/v1/events/${id}`).then(({ data }) => data)
    const whole = await until(history, found => found?.attempts?.length === 1)
    expect(JSON.stringify(whole)).toContain(`taken: ${SECRET}`)
    expect(whole.payload).toMatchObject({ data: { note: SECRET } })
    const seen = await answered<{ attempts: object[] }>(blind, `/api/v1/events/${id}`)
    expect(seen.data).toMatchObject({ id, withheld: true, attempts: [{ withheld: true, state: 'success' }] })
    expect(seen.data).not.toHaveProperty('payload')
    const list = await answered<Array<{ id: string }>>(blind, `/api/v1/webhooks/${hook.data.id}/deliveries`)
    const path = `/api/v1/webhooks/deliveries/${list.data[0]!.id}`
    for (const each of [path, `${path}/attempts`, `/api/v1/events/${id}`]) {
      const { body } = await answered(blind, each)
      expect([each, JSON.stringify(body).includes(SECRET)]).toEqual([each, false])
      expect(JSON.stringify(body)).not.toMatch(/requestHeaders|responseHeaders|responseBody/)
      expect(JSON.stringify((await answered(organization, each)).body)).toMatch(/responseBody/)
    }
  }, 60_000)

  it('hands on no scope that it does not hold', async () => {
    const maker = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 'maker', environment: 'live', scopes: ['keys:manage', 'events:read'] },
    })
    const widened = await platform.call(maker.data.apiKey, 'POST', '/api/v1/keys', {
      ...{ name: 'wide', environment: 'live', scopes: ['events:read', 'events:payload'] },
    })
    expect([widened.status, widened.code]).toEqual([403, 'insufficient_scope'])
  })
})
