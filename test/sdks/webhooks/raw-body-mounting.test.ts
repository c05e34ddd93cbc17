/** rawBody() where newcomers put it: before routes without a body, twice, around handlers with further arguments. */
import type { RequestListener } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import Koa from 'koa'
import {
  type ParsedBody,
  rawBody,
  signatureHeaders,
  verifyWebhookSignature,
} from '../../../sdks/typescript/src/webhooks/index.ts'
import { asListener, type Served, serve } from '../support/served.ts'

const secret = 'whsec_your_signing_secret'
const body = '{"total": 12.50}'
const signed = signatureHeaders(body, { secrets: [secret], id: 'd', timestampS: 0, profile: 'platforma' })
const JSON_TYPE = { 'content-type': 'application/json' }
const genuine = (parsed: unknown, headers: unknown) =>
  verifyWebhookSignature(parsed as ParsedBody, headers as Headers, secret, { profile: 'platforma' })

let served: Served | undefined
afterEach(() => served?.close())

function expressApp(times: number): RequestListener {
  const app = express()
  for (let time = 0; time < times; time++) app.use(rawBody())
  app.all('/', (request, response) => void response.json({ genuine: genuine(request.body, request.headers) }))
  return app
}

function koaApp(times: number): RequestListener {
  const app = new Koa()
  app.silent = true
  for (let time = 0; time < times; time++) app.use(rawBody())
  app.use(context => {
    context.body = { genuine: genuine((context.request as { body?: unknown }).body, context.headers) }
  })
  return app.callback()
}

const fetchApp = (): RequestListener =>
  asListener(rawBody((request, parsed) => Response.json({ genuine: genuine(parsed, request.headers) })))

describe.each([
  ['Express', () => expressApp(1)],
  ['Koa', () => koaApp(1)],
  ['fetch', fetchApp],
] as const)('on %s', (_, app) => {
  it.each(['GET', 'DELETE', 'POST'])(
    'a %s with a JSON content type and no body goes through, and is not genuine',
    async method => {
      served = await serve(app())
      const answer = await fetch(served.url, { method, headers: { ...JSON_TYPE, ...signed } })
      expect([answer.status, await answer.json()]).toEqual([200, { genuine: false }])
    },
  )
})

it.each([
  ['Express', () => expressApp(2)],
  ['Koa', () => koaApp(2)],
] as const)('may be mounted twice on %s', async (_, app) => {
  served = await serve(app())
  const answer = await fetch(served.url, { method: 'POST', body, headers: { ...JSON_TYPE, ...signed } })
  expect([answer.status, await answer.json()]).toEqual([200, { genuine: true }])
})

it('hands the further arguments of a framework to a fetch handler', async () => {
  const handler = rawBody((_request, parsed: ParsedBody, context: { id: string }, more: number) =>
    Response.json({ total: parsed.total, id: context.id, more }),
  )
  const request = new Request('http://localhost/', { method: 'POST', body, headers: JSON_TYPE })
  expect(await (await handler(request, { id: 'a' }, 7)).json()).toEqual({ total: 12.5, id: 'a', more: 7 })
})
