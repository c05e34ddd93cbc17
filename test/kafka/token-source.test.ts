import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createTokenSource } from '../../src/kafka/protocol/token-source.ts'

const asked: Array<{ authorization: string | undefined; body: string }> = []
let answer: { status: number; body: object }
const server = createServer(async (request, response) => {
  asked.push({ authorization: request.headers.authorization, body: await text(request) })
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => void server.close())

const source = () => {
  const tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  return createTokenSource({ tokenUrl, clientId: 'clarion', clientSecret: 'hush:hush', scope: 'kafka' })
}

it('a token is requested with the client credentials, and lives as long as the endpoint says', async () => {
  answer = { status: 200, body: { access_token: 'abc', token_type: 'Bearer', expires_in: 300 } }
  expect(await source()()).toEqual({ value: 'abc', lifetimeMs: 300_000 })
  const credentials = Buffer.from('clarion:hush%3Ahush').toString('base64')
  expect(asked).toEqual([{ authorization: `Basic ${credentials}`, body: 'grant_type=client_credentials&scope=kafka' }])
})

it('a refusal names the settings and not the secret', async () => {
  answer = { status: 401, body: { error: 'invalid_client', error_description: 'unknown client' } }
  const refusal = (await source()().catch(error => error)) as Error
  expect(refusal.message).toMatch(/401 \(invalid_client: unknown client\): check KAFKA_OAUTH_CLIENT_ID/)
  expect(refusal.message).not.toContain('hush')
})
