import type { RequestListener } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import express, { type Request as ExpressRequest, type Response as ExpressResponse, type NextFunction } from 'express'
import Koa from 'koa'
import {
  type ParsedBody,
  parseKeepingBytes,
  rawBody,
  signatureHeaders,
  verifyWebhookSignature,
} from '../../../sdks/typescript/src/webhooks/index.ts'
import { asListener, type Served, serve } from '../support/served.ts'

const secret = 'whsec_your_signing_secret'
/** Numbers and spaces that no parser gives back as they were. */
const body = '{ "type": "order.created",\n "data": {"total": 12.50, "n": 12345678901234567890, "s": "größer"} }'
const signed = signatureHeaders(body, { secrets: [secret], id: 'd', timestampS: 0, profile: 'platforma' })
const isGenuine = (parsed: unknown, header: unknown) =>
  verifyWebhookSignature(parsed as ParsedBody, header as string, secret)

type Answered = { genuine: boolean; type: string | undefined }
const answerOf = (parsed: unknown, header: unknown): Answered => ({
  genuine: isGenuine(parsed, header),
  type: (parsed as { type?: string })?.type,
})

function expressApp(): RequestListener {
  const app = express()
  app.use(rawBody({ bytesMax: 1_000 }))
  app.use(express.json())
  app.post(
    '/',
    (request, response) => void response.json(answerOf(request.body, request.headers['x-platforma-signature'])),
  )
  app.use(
    (error: Error & { status?: number }, _request: ExpressRequest, response: ExpressResponse, _next: NextFunction) => {
      response.status(error.status ?? 500).json({ error: error.message })
    },
  )
  return app
}

function koaApp(): RequestListener {
  const app = new Koa()
  app.silent = true
  app.use(rawBody({ bytesMax: 1_000 }))
  app.use(context => {
    context.body = answerOf((context.request as { body?: unknown }).body, context.headers['x-platforma-signature'])
  })
  return app.callback()
}

const fetchApp = (): RequestListener =>
  asListener(
    rawBody((request, parsed) => Response.json(answerOf(parsed, request.headers.get('x-platforma-signature'))), {
      bytesMax: 1_000,
    }),
  )

let served: Served | undefined
afterEach(() => served?.close())
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
const post = (text: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(served!.url, { method: 'POST', body: text, headers: { ...JSON_TYPE, ...signed, ...headers } })

describe.each([
  ['Express', expressApp],
  ['Koa', koaApp],
  ['fetch', fetchApp],
] as const)('rawBody() on %s', (_name, app) => {
  it('lets a parsed body be verified by the bytes it came from', async () => {
    served = await serve(app())
    const answer = await post(body)
    expect([answer.status, await answer.json()]).toEqual([200, { genuine: true, type: 'order.created' }])
    expect(await (await post(JSON.stringify(JSON.parse(body)))).json()).toEqual({
      genuine: false,
      type: 'order.created',
    })
  })

  it('answers 400 for invalid JSON, 413 for a body that is too large and 415 for a compressed one', async () => {
    served = await serve(app())
    expect((await post('{"type":')).status).toBe(400)
    expect((await post(Buffer.from([0x22, 0xff, 0x22]))).status).toBe(400)
    expect((await post(JSON.stringify({ pad: 'x'.repeat(1_001) }))).status).toBe(413)
    expect((await post(body, { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('bounds a body whose length was not announced', async () => {
    served = await serve(app())
    let left = 20
    const pull = (stream: ReadableStreamDefaultController) =>
      left-- > 0 ? stream.enqueue(Buffer.alloc(600, 'x')) : stream.close()
    const init = {
      method: 'POST',
      body: new ReadableStream({ pull }),
      duplex: 'half',
      headers: JSON_TYPE,
    } as RequestInit
    expect([413, 'cut']).toContain(await fetch(served.url, init).then(answer => answer.status, () => 'cut')) // biome-ignore format: one thought
  })
})

describe('rawBody()', () => {
  it('leaves other content types to others', async () => {
    const app = express()
    app.use(rawBody(), express.text())
    app.post('/', (request, response) => void response.send(request.body))
    served = await serve(app)
    expect(await (await post('plain', { 'content-type': 'text/plain' })).text()).toBe('plain')
  })

  it('says so when it comes behind another parser, rather than find every request forged', async () => {
    const app = express()
    app.use(express.json(), rawBody())
    app.use(
      (error: Error, _request: ExpressRequest, response: ExpressResponse, _next: NextFunction) =>
        void response.status(500).send(error.message),
    )
    served = await serve(app)
    const answer = await post(body)
    expect([answer.status, await answer.text()]).toEqual([500, 'rawBody() must stand before any other body parser.'])
  })

  it('is parseKeepingBytes for frameworks whose parser is handed bytes', () => {
    const parsed = parseKeepingBytes(Buffer.from(body))
    expect([parsed.type, verifyWebhookSignature(parsed, signed['x-platforma-signature'], secret)]).toEqual([
      'order.created',
      true,
    ])
    expect(() => parseKeepingBytes(Buffer.from([0x22, 0xff, 0x22]))).toThrow()
  })

  it('gives a genuine body to its own parsed body only, not to one that looks the same', async () => {
    const seen: unknown[] = []
    const handler = rawBody((_request, parsed) => Response.json({ seen: seen.push(parsed) }))
    served = await serve(asListener(handler))
    await post(body)
    const header = signed['x-platforma-signature']
    expect([isGenuine(seen[0], header), isGenuine({ ...(seen[0] as object) }, header)]).toEqual([true, false])
  })
})
