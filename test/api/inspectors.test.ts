/** Inspectors: receivers of the platform, and what they got. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { until } from '../support/until.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

interface Made {
  id: string
  url: string
  received: number
  answer: { status: number; body: string }
  [field: string]: unknown
}

const INSPECTORS = '/api/v1/inspectors'
let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
}, 120_000)
afterAll(async () => {
  await api?.close()
})

const send = (url: string, headers: Record<string, string> = {}, body = '{"n":12.50}') =>
  fetch(url, { method: 'POST', headers, body })

async function made(organization: Awaited<ReturnType<TestApi['organization']>>, settings: object = {}): Promise<Made> {
  const answer = await organization.call('POST', INSPECTORS, settings)
  expect(answer).toMatchObject({ status: 201 })
  return answer.data as Made
}

const requestsOf = ({ call }: Awaited<ReturnType<TestApi['organization']>>, id: string, count: number) =>
  until(
    async () => (await call('GET', `${INSPECTORS}/${id}/requests`)).data as Array<Record<string, unknown>>,
    ({ length }) => length >= count,
  )

describe('an inspector', () => {
  it('answers what it is set to, and shows what came, credentials apart', async () => {
    const organization = await api.organization()
    const { id, url } = await made(organization, {
      ...{ name: 'mine', answer: { status: 418, headers: { 'X-Tea': 'yes' }, body: 'short and stout' } },
    })
    expect(url).toMatch(new RegExp(`^${api.base}/inspect/[0-9a-z]{26}$`))
    const answer = await send(url, { authorization: 'Bearer secret', 'x-mine': 'ä'.normalize('NFD').slice(0, 1) })
    expect([answer.status, await answer.text()]).toEqual([418, 'short and stout'])
    expect(answer.headers.get('x-tea')).toBe('yes')
    expect(answer.headers.get('content-security-policy')).toContain('sandbox')
    const [request] = await requestsOf(organization, id, 1)
    expect(request).toMatchObject({
      ...{ method: 'POST', body: '{"n":12.50}', truncated: false, signature: 'none', deliveryId: null },
      headers: { authorization: '[redacted]', 'x-mine': 'a' },
    })
    expect((await organization.call('GET', `${INSPECTORS}/${id}`)).data).toMatchObject({ received: 1 })
  })

  it('fails the first requests of each message, and none without one', async () => {
    const organization = await api.organization()
    const { url } = await made(organization, { failFirst: 2 })
    const statuses: number[] = []
    for (const id of ['a', 'b', 'a', 'a', 'a']) statuses.push((await send(url, { 'webhook-id': id })).status)
    expect(statuses).toEqual([503, 503, 503, 200, 200])
    expect((await send(url)).status).toBe(200)
  })

  it('keeps a hundred requests, 64 KB of each, and says so', async () => {
    const organization = await api.organization()
    const { id, url } = await made(organization)
    await send(url, {}, 'x'.repeat(70_000))
    expect(await requestsOf(organization, id, 1)).toMatchObject([{ truncated: true, body: 'x'.repeat(65_536) }])
    // Fifty a second are taken: what is refused is sent again.
    const taken = (body: string) =>
      until(
        () => send(url, {}, body),
        ({ status, headers }) => {
          if (status === 429) expect(headers.get('retry-after')).toBe('1')
          return status !== 429
        },
      )
    for (let sent = 0; sent < 110; sent += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => taken(`${sent}`)))
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    }
    const last = await requestsOf(organization, id, 100)
    expect(last).toHaveLength(100)
    expect(last[0]).toMatchObject({ body: '100' })
  })

  it('tells a reader without events:payload no header value and no body', async () => {
    const organization = await api.organization()
    const { id, url } = await made(organization)
    await send(url, { 'x-mine': 'secret' })
    await requestsOf(organization, id, 1)
    const key = await organization.call('POST', '/api/v1/keys', {
      ...{ name: 'support', environment: 'live', scopes: ['webhooks:read'] },
    })
    const support = api.as(key.data.apiKey)
    const [shown] = (await support('GET', `${INSPECTORS}/${id}/requests`)).data
    expect(shown).toMatchObject({ withheld: true, headers: { 'x-mine': '' } })
    expect(shown).not.toHaveProperty('body')
    expect(await support('PATCH', `${INSPECTORS}/${id}`, { name: 'x' })).toMatchObject({ code: 'insufficient_scope' })
  })

  it('is judged by the secrets of the webhooks that have its URL', async () => {
    const organization = await api.organization()
    const { id, url } = await made(organization)
    const foreign = { 'webhook-id': 'm', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' }
    await send(url, foreign)
    expect(await requestsOf(organization, id, 1)).toMatchObject([{ signature: 'invalid' }])
  })

  it('streams what comes, and what came since the last one', async () => {
    const organization = await api.organization()
    const { id, url } = await made(organization)
    await send(url, {}, 'first')
    const [first] = await requestsOf(organization, id, 1)
    await send(url, {}, 'second')
    await requestsOf(organization, id, 2)
    const stream = await fetch(`${api.base}${INSPECTORS}/${id}/requests`, {
      headers: {
        ...{ authorization: `Bearer ${organization.apiKey}`, accept: 'text/event-stream' },
        'last-event-id': String(first!.id),
      },
    })
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
    let seen = ''
    let sent = false
    while (!seen.includes('third')) {
      const { value, done } = await reader.read()
      if (done) break
      seen += value
      if (seen.includes('second') && !sent) {
        sent = true
        await send(url, {}, 'third')
      }
    }
    await reader.cancel()
    expect(seen).not.toContain('"first"')
    expect(seen.match(/event: request/g)).toHaveLength(2)
  })
})

describe('inspectors of an organization', () => {
  it('are as many as the plan has, and a deleted one is gone at once', async () => {
    const free = await api.organization('FREE')
    const first = await made(free)
    await made(free)
    expect(await free.call('POST', INSPECTORS, {})).toMatchObject({ status: 402, code: 'inspector_quota_exceeded' })
    expect((await free.call('GET', `${INSPECTORS}?count=true`)).meta).toMatchObject({ total: 2 })
    expect((await free.call('DELETE', `${INSPECTORS}/${first.id}`)).data).toMatchObject({ deleted: true })
    expect((await send(first.url)).status).toBe(404)
    await made(free)
  })

  it('cannot set headers that act on the origin, nor a body that the status has none of', async () => {
    const organization = await api.organization()
    const refused = async (answer: object) => {
      const { code, body } = await organization.call('POST', INSPECTORS, { answer })
      return [code, (body as { error: { details: Array<{ path: string }> } }).error.details[0]!.path]
    }
    for (const name of ['Set-Cookie', 'content-security-policy', 'Access-Control-Allow-Origin', 'location', 'a b'])
      expect(await refused({ headers: { [name]: 'x' } })).toEqual(['header_not_allowed', `/answer/headers/${name}`])
    expect(await refused({ headers: { 'x-a': 'a\r\nset-cookie: b' } })).toEqual([
      'header_not_allowed',
      '/answer/headers/x-a',
    ])
    expect(await refused({ status: 204, body: 'x' })).toEqual(['validation_failed', '/answer/body'])
    expect(await refused({ body: 'ä'.repeat(3_000) })).toEqual(['validation_failed', '/answer/body'])
    expect(await refused({ delayMs: 30_001 })).toEqual(['validation_failed', '/answer/delayMs'])
  })

  it('are changed by parts, on the newest revision', async () => {
    const organization = await api.organization()
    const { id } = await made(organization, { answer: { status: 202, body: 'later' } })
    const patched = await organization.call('PATCH', `${INSPECTORS}/${id}`, { answer: { body: 'now' } })
    expect(patched.data).toMatchObject({ revision: 2, answer: { status: 202, body: 'now' } })
    const stale = await organization.call('PATCH', `${INSPECTORS}/${id}`, { failFirst: 1 }, { 'if-match': '1' })
    expect(stale).toMatchObject({ status: 412, code: 'revision_conflict' })
  })

  it('have URLs that nobody finds by guessing, and that are not of the API', async () => {
    for (const path of ['/inspect/', `/inspect/${'0'.repeat(26)}`, '/inspect/../api/v1/organizations'])
      expect((await fetch(`${api.base}${path}`)).status).toBe(path.includes('..') ? 401 : 404)
  })
})
