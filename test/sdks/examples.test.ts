/** The examples that receivers copy, each behind a real server. */
import { afterEach, describe, expect, it } from '@jest/globals'
import { createApp as createExpressApp } from '../../sdks/typescript/examples/express.ts'
import { createHandler } from '../../sdks/typescript/examples/fetch.ts'
import { createApp as createKoaApp } from '../../sdks/typescript/examples/koa.ts'
import { createSystemClock } from '../../src/clock.ts'
import { signatureHeaders } from '../../src/delivery/sign.ts'
import { asListener, type Served, serve } from './support/served.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const body = '{"deliveryId":"dlv_1","type":"order.created","data":{"total":12.50}}'
const nowS = () => Math.floor(createSystemClock().nowMs() / 1_000)
type Handle = Parameters<typeof createExpressApp>[1]

let served: Served | undefined
afterEach(() => served?.close())

describe.each([
  ['Express', (handle: Handle) => createExpressApp(secret, handle)],
  ['Koa', (handle: Handle) => createKoaApp(secret, handle).callback()],
  ['fetch', (handle: Handle) => asListener(createHandler(secret, handle))],
] as const)('the example for %s', (_name, listener) => {
  it('answers 200 to a genuine delivery and handles it, and 401 to any other', async () => {
    const handled: unknown[] = []
    served = await serve(listener(event => void handled.push(event.type)))
    const post = (headers: object, text = body) =>
      fetch(`${served!.url}/hook`, {
        method: 'POST',
        body: text,
        headers: { 'content-type': 'application/json', ...headers },
      })
    const headers = signatureHeaders(secret, 'dlv_1', nowS(), Buffer.from(body))

    const good = await post(headers)
    expect([good.status, await good.json()]).toEqual([200, { received: true }])
    for (const bad of [
      await post({}),
      await post(headers, `${body} `),
      await post({ ...headers, 'webhook-timestamp': String(nowS() - 301) }),
    ])
      expect([bad.status, await bad.json()]).toEqual([401, { error: 'Invalid signature' }])
    expect(handled).toEqual(['order.created'])
  })
})
