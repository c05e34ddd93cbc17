/** API routes on a whole platform: from a request to the answer that its run responds. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

let platform: TestPlatform
let receiver: Receiver
beforeAll(async () => {
  platform = await sharedPlatform()
  receiver = await createReceiver()
}, 120_000)
afterAll(() => receiver?.close())

interface Made {
  id: string
  servedAt: string
}

const respond = (body: unknown, more: object = {}) => ({ key: 'answer', type: 'respond', with: { body, ...more } })

/** Made, deployed and open to everybody unless `more` says otherwise. */
async function served(
  organization: TestOrganization,
  path: string,
  actions: object[],
  more: object = {},
): Promise<Made> {
  const input = { method: 'POST', path, auth: 'none', definition: { language: 1, actions }, ...more }
  const made = await organization.call<Made>('POST', '/api/v1/routes', input)
  expect([made.status, made.body]).toEqual([201, expect.anything()])
  const live = await organization.call('POST', `/api/v1/routes/${made.data.id}/deploy`)
  expect([live.status, live.body]).toEqual([200, expect.anything()])
  return made.data
}

async function call(
  path: string,
  { method = 'POST', body, ...headers }: Record<string, string | undefined> & { body?: string } = {},
) {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const init = { method, headers: { ...json, ...given }, ...(body === undefined ? {} : { body }) }
  const answer = await fetch(`${platform.base}${path}`, init)
  const text = await answer.text()
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  return { status: answer.status, headers: answer.headers, text, code }
}

describe('a route', () => {
  it('answers what its run responds, with what it reads of the request', async () => {
    const organization = await platform.organization()
    const all = { body: '{{$body}}', raw: '{{$bodyRaw}}', path: '{{$path}}', query: '{{$query}}', user: '{{$user}}' }
    const body = { ...all, agent: "{{$header['x-agent']}}", key: "{{$header['x-api-key'] | default: 'hidden'}}" }
    const headers = { 'X-Kind': 'o-{{$path.id}}' }
    const { servedAt } = await served(organization, '/orders/{id}/lines', [respond(body, { status: 201, headers })])
    expect(servedAt).toBe(`/run/${organization.slug}/orders/{id}/lines`)

    const sent = '{"n":12345678901234567890,"s":"é"}'
    const path = `/run/${organization.slug}/orders/a%20b/lines?x=1&x=2&y=`
    const answer = await call(path, { body: sent, 'x-agent': 'me', 'x-api-key': 'secret' })
    expect([answer.status, answer.headers.get('x-kind')]).toEqual([201, 'o-a b'])
    expect(answer.text).toContain('"n":12345678901234567890')
    expect(JSON.parse(answer.text)).toMatchObject({
      ...{ raw: sent, path: { id: 'a b' }, query: { x: ['1', '2'], y: '' }, user: null, agent: 'me', key: 'hidden' },
    })
    expect(answer.headers.get('x-clarion-run')).toMatch(/^run_/)
    expect(answer.headers.get('content-security-policy')).toContain('sandbox')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  }, 60_000)

  it('answers {} at the end of a run that did not respond, and 500 with the run when it failed', async () => {
    const organization = await platform.organization()
    await served(organization, '/quiet', [{ key: 'a', type: 'transform', with: { template: 1 } }])
    const failing = await served(organization, '/fails', [
      { key: 'a', type: 'fail', with: { reason: 'private words' } },
    ])
    const quiet = await call(`/run/${organization.slug}/quiet`)
    expect([quiet.status, quiet.text]).toEqual([200, '{}'])
    const failed = await call(`/run/${organization.slug}/fails`)
    const runId = failed.headers.get('x-clarion-run')!
    expect([failed.status, failed.code, failed.text.includes('private words')]).toEqual([500, 'run_failed', false])
    expect(failed.text).toContain(runId)
    const path = `/api/v1/routes/${failing.id}/runs`
    for (let found: string[] = []; !found.includes(runId); )
      found = (await organization.call<Array<{ id: string; mode: string }>>('GET', path)).data.map(({ id }) => id)
  }, 60_000)

  it('answers before the run ends where respond says continue, and 504 when it takes too long', async () => {
    const organization = await platform.organization()
    const delay = { key: 'wait', type: 'delay', with: { seconds: 600 } }
    await served(organization, '/early', [respond('thanks', { continue: true }), delay])
    await served(organization, '/late', [delay], { responseTimeoutMs: 300 })
    const early = await call(`/run/${organization.slug}/early`)
    expect([early.status, early.text, early.headers.get('content-type')]).toEqual([
      200,
      'thanks',
      'text/plain; charset=utf-8',
    ])
    const late = await call(`/run/${organization.slug}/late`)
    expect([late.status, late.code]).toEqual([504, 'route_timeout'])
    const asked = await call(`/run/${organization.slug}/late`, { prefer: 'respond-async' })
    expect([asked.status, asked.headers.get('preference-applied')]).toEqual([202, 'respond-async'])
    expect(JSON.parse(asked.text).data.runId).toBe(asked.headers.get('x-clarion-run'))
  }, 60_000)

  it('runs once for an idempotency key: a repetition gets the answer, another body is refused', async () => {
    const organization = await platform.organization()
    const request = { key: 'ask', type: 'http_request', with: { method: 'POST', url: `${receiver.url}/keyed` } }
    await served(organization, '/keyed', [request, respond({ got: '{{$body.n}}', run: '{{$run.id}}' })])
    const path = `/run/${organization.slug}/keyed`
    const key = { 'idempotency-key': 'order-1' }
    const both = await Promise.all([call(path, { body: '{"n":1}', ...key }), call(path, { body: '{"n":1}', ...key })])
    const again = await call(path, { body: '{"n":1}', ...key })
    expect(new Set([...both, again].map(({ text }) => text)).size).toBe(1)
    expect(new Set([...both, again].map(({ headers }) => headers.get('x-clarion-run'))).size).toBe(1)
    const other = await call(path, { body: '{"n":2}', ...key })
    expect([other.status, other.code]).toEqual([409, 'idempotency_key_conflict'])
    expect(receiver.requests.filter(each => each.path === '/keyed')).toHaveLength(1)
    const next = await call(path, { body: '{"n":1}', 'idempotency-key': 'order-2' })
    expect(next.text).not.toBe(again.text)
  }, 60_000)

  it('lets in who its auth says, and checks body, size and method before a run begins', async () => {
    const organization = await platform.organization()
    const other = await platform.organization()
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
    const user = [respond('{{$user.name}}')]
    await served(organization, '/keys', user, { auth: 'api_key', bodySchema: schema })
    const { id } = await served(organization, '/tokens', user, { auth: 'bearer' })
    const keys = `/run/${organization.slug}/keys`
    const tokens = `/run/${organization.slug}/tokens`
    const body = '{"n":1}'
    const codeOf = async (path: string, given: Parameters<typeof call>[1]) => (await call(path, given)).code

    const scoped = async (scopes: string[]) => {
      const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
        ...{ name: 'caller', environment: 'live', scopes },
      })
      expect([made.status, made.body]).toEqual([201, expect.anything()])
      return made.data.apiKey
    }
    expect(await codeOf(keys, { body })).toBe('unauthorized')
    expect(await codeOf(keys, { body, 'x-api-key': other.apiKey })).toBe('unauthorized')
    expect(await codeOf(keys, { body, 'x-api-key': await scoped(['events:emit']) })).toBe('insufficient_scope')
    const key = await scoped(['routes:call'])
    expect((await call(keys, { body, 'x-api-key': key })).text).toBe('caller')
    const made = await organization.call<{ id: string; token: string }>('POST', `/api/v1/routes/${id}/tokens`, {
      name: 'till',
    })
    const authorization = `Bearer ${made.data.token}`
    expect((await call(tokens, { authorization })).text).toBe('till')
    expect(JSON.stringify((await organization.call('GET', `/api/v1/routes/${id}`)).body)).not.toContain(made.data.token)
    await organization.call('DELETE', `/api/v1/routes/${id}/tokens/${made.data.id}`)
    expect(await codeOf(tokens, { authorization })).toBe('unauthorized')

    const wrong = await call(keys, { body: '{"n":"x"}', 'x-api-key': key })
    expect([wrong.status, wrong.code, JSON.parse(wrong.text).error.details[0].path]).toEqual([
      422,
      'body_invalid',
      '/n',
    ])
    expect(await codeOf(keys, { body: '{"n":1', 'x-api-key': key })).toBe('body_invalid')
    expect(await codeOf(keys, { body: `{"n":1,"s":"${'x'.repeat(1_048_576)}"}`, 'x-api-key': key })).toBe(
      'payload_too_large',
    )
    const method = await call(keys, { method: 'PUT', body, 'x-api-key': key })
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await codeOf(`/run/${organization.slug}.test/keys`, { body, 'x-api-key': key })).toBe('not_found')
    expect(await codeOf(`/run/${organization.slug}/%ff`, { body })).toBe('not_found')
  }, 60_000)
})
