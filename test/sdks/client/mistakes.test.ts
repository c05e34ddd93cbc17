/** Mistakes of a caller: they are said at once, without a request, and without the key. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ClientOptions, createClient } from '../../../sdks/typescript/src/index.ts'
import { createReceiver, type Receiver } from '../../support/receiver.ts'

let server: Receiver
beforeEach(async () => {
  server = await createReceiver()
  server.answerWith(() => ({ status: 200, headers: {}, body: '{"success":true,"data":[],"meta":{"nextCursor":null}}' }))
})
afterEach(() => server.close())

const client = (options: Partial<ClientOptions> = {}) =>
  createClient({ baseUrl: server.url, apiKey: 'ck_live_secret', ...options })
const mistake = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
  return 'none'
}

describe('a client is refused', () => {
  it.each([
    [{ baseUrl: 'localhost:8080' }, 'write http://localhost:8080'],
    [{ baseUrl: 'example.com/api' }, 'write http://example.com/api'],
    [{ baseUrl: 'ftp://example.com' }, 'http:// or https://'],
    [{ baseUrl: 'http://user:secret@example.com' }, 'a user or a password'],
    [{ baseUrl: '' }, 'needs baseUrl'],
    [{ apiKey: '' }, 'needs apiKey'],
    [{ apiKey: 'ck_live_secret\n' }, 'a newline'],
    [{ apiKey: 'ck_live_sëcret' }, 'letters beyond ASCII'],
    [{ retries: Number.NaN }, 'retries is a whole number'],
    [{ retries: -1 }, 'retries is a whole number'],
    [{ retries: Number.POSITIVE_INFINITY }, 'retries is a whole number'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs is a number'],
    [{ timeoutMs: 0 }, 'timeoutMs is a number'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs is a number'],
    [{ retryAfterMaxS: Number.NaN }, 'retryAfterMaxS is a number'],
  ] as Array<[Partial<ClientOptions>, string]>)('for %j', (options, said) => {
    const message = mistake(() => client(options))
    expect(message).toContain(said)
    expect(message).not.toContain('secret')
  })
})

describe('an empty id', () => {
  const calls = {
    'webhooks.get': () => client().events.webhooks.get(''),
    'webhooks.delete': () => client().events.webhooks.delete(''),
    'custom.get': () => client().events.custom.get(''),
    'events.get': () => client().events.get(''),
    'keys.delete': () => client().keys.delete(''),
    'tables.rows': () => client().tables.rows(''),
    'a path of dots': () => client().events.webhooks.get('..'),
    'no id at all': () => client().events.webhooks.get(undefined as never),
  }
  it.each(Object.entries(calls))('%s is a rejection, and no request', async (_, call) => {
    await expect(call()).rejects.toThrow(TypeError)
    expect(server.requests).toEqual([])
  })
})

it('a limit of one call is checked as that of the client is', async () => {
  const asked = client().request({ method: 'GET', path: '/webhooks', timeoutMs: 2 ** 31 })
  await expect(asked).rejects.toThrow('timeoutMs is a number')
  expect(server.requests).toEqual([])
})

it('fetch is called without an object, as workers demand', async () => {
  let receiver: unknown = 'not called'
  const strict = async function (this: unknown) {
    receiver = this
    return Response.json({ success: true, data: [], meta: {} })
  } as typeof fetch
  await client({ fetch: strict }).events.webhooks.list()
  expect(receiver).toBeUndefined()
})

it('many calls share one signal without a warning, and all end with it', async () => {
  const warnings: string[] = []
  const warn = (warning: Error) => void warnings.push(warning.name)
  process.on('warning', warn)
  const controller = new AbortController()
  const { signal } = controller
  server.answerWith(() => 'hang' as never)
  const calls = Array.from({ length: 20 }, () => client().events.webhooks.list({}, { signal }))
  const ends = Promise.allSettled(calls)
  controller.abort(new Error('enough'))
  expect((await ends).map(end => (end.status === 'rejected' ? (end.reason as Error).message : 'done'))).toEqual(
    Array.from({ length: 20 }, () => 'enough'),
  )
  await new Promise(setImmediate)
  process.off('warning', warn)
  expect(warnings).toEqual([])
})
