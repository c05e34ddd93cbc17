/** Calls of API routes up to the command, and from the answer of a run on; `run` is played by the test. */
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createServeRoute } from '../../src/api/route-calls/serve.ts'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { controlKey, createControlView } from '../../src/control-plane/store/view-store.ts'
import { versionId } from '../../src/control-plane/workflows/get-workflow.ts'
import { createChainTokens } from '../../src/events/chain.ts'
import { createLogger } from '../../src/logger.ts'
import { createIds } from '../../src/model/ids.ts'
import type { Kind } from '../../src/model/records.ts'
import type { RouteTrigger } from '../../src/model/workflows.ts'
import { createValidators } from '../../src/registry/validators.ts'
import type { GivenCommand, RunAnswer } from '../../src/run-calls/run-calls.ts'
import { keepDefinition } from '../../src/workflows/kept-definition.ts'
import type { ResponseKind } from '../../topics/responses.ts'
import { PATIENT_SERVER } from '../support/patient-server.ts'
import { workflowOf } from '../workflows/workflow-records.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const TRIGGER: RouteTrigger = {
  ...{ kind: 'route', method: 'POST', path: '/a/{id}', auth: 'none', bodySchema: null, bodySchemaHash: null },
  ...{ origins: [], ratePerSecond: null, responseTimeoutMs: 1_000, tokens: [] },
}
const chains = createChainTokens('secret of this test')
let server: Server | undefined
afterEach(() => new Promise<void>(resolve => (server === undefined ? resolve() : server.close(() => resolve()))))

interface Options {
  trigger?: Partial<RouteTrigger>
  routesHost?: string
  reads?: string
  /** Null: none comes in time. */
  answer?: [ResponseKind, unknown] | null
}

async function serve({ trigger = {}, routesHost = '', reads = '', answer = ['taken', null] }: Options = {}) {
  const view = createControlView({ clock })
  let offset = 0
  const put = (kind: Kind, record: { organizationId: string; id: string }) => {
    const key = Buffer.from(controlKey(kind, record.organizationId, record.id))
    const place = { topic: 'control', partition: 0, offset: offset++, timestampMs: 0, headers: {} }
    view.apply({ ...place, key, value: Buffer.from(JSON.stringify(record)) })
  }
  const organization = { id: 'org_a', organizationId: 'org_a', slug: 'acme', plan: 'PRO', status: 'active' }
  put('organization', organization)
  const route = workflowOf({ id: 'rte_1', trigger: { ...TRIGGER, ...trigger } })
  const kept = keepDefinition({ language: 1, actions: [], note: reads }, 'given')
  put('workflow', route)
  put('workflow-version', { organizationId: 'org_a', id: versionId('rte_1', 1), ...kept } as never)
  const commands: GivenCommand[] = []
  const answered = async (command: GivenCommand): Promise<RunAnswer | undefined> => {
    commands.push(command)
    if (answer === null) return undefined
    return { kind: answer[0], runId: command.runId, value: Buffer.from(JSON.stringify(answer[1])) }
  }
  const handler = createServeRoute({
    ...{ view, clock, ids: createIds({ clock, random }), logger: createLogger('silent'), routesHost },
    ...{ validators: createValidators({ cacheMax: 10 }), aliasKeyHeader: 'x-alias', onRouteAnswer: () => undefined },
    chains,
    authenticate: () => {
      throw new Error('no key is looked at')
    },
    runCalls: {
      ...{ check: () => undefined, call: answered, send: async command => void (await answered(command)) },
    },
  })
  const made = createServer(PATIENT_SERVER, (request, response) => void handler(request, response))
  server = made
  await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve))
  const { port } = made.address() as AddressInfo
  return {
    scopes: () => JSON.parse(commands[0]!.scopes!) as Record<string, unknown>,
    commands,
    call(headers: Record<string, string> = {}, body: string | Buffer = '', method = 'POST') {
      return new Promise<{ status: number; headers: Record<string, unknown>; body: string; code: string | undefined }>(
        (resolve, reject) => {
          const call = httpRequest({ port, method, path: '/run/acme/a/1?q=2', headers, agent: false }, response => {
            const chunks: Buffer[] = []
            response.on('data', (chunk: Buffer) => chunks.push(chunk))
            response.on('end', () => {
              const text = Buffer.concat(chunks).toString()
              const code = /"code":"(\w+)"/.exec(text)?.[1]
              resolve({ status: response.statusCode!, headers: response.headers, body: text, code })
            })
          })
          call.on('error', reject)
          call.end(body)
        },
      )
    },
  }
}

const responded = (more: object = {}): [ResponseKind, unknown] => [
  'responded',
  { status: 200, headers: {}, isText: true, body: 'ok', ...more },
]
const json = { 'content-type': 'application/json' }

describe('a request that follows from a delivery', () => {
  const link = { rootEventId: 'evt_root', depth: 7, eventId: 'evt_7', organizationId: 'org_a' }
  const token = (path: string[]) => ({ 'x-event-chain': chains.sign({ ...link, path }) })

  it('takes its place in the chain', async () => {
    const { call, commands } = await serve({ answer: responded() })
    expect((await call(token(['wf_1', 'wh_1']))).status).toBe(200)
    const { organizationId: _, ...place } = link
    expect(JSON.parse(commands[0]!.trigger!)).toMatchObject({ ...place, path: ['wf_1', 'wh_1'] })
  })

  it('is refused when the chain has come through one webhook ten times', async () => {
    const { call, commands } = await serve({ answer: responded() })
    expect(await call(token(Array(9).fill('wh_1')))).toMatchObject({ status: 200 })
    expect(await call(token(Array(10).fill('wh_1')))).toMatchObject({ status: 422, code: 'chain_depth_exceeded' })
    expect(commands).toHaveLength(1)
  })

  it('is a beginning with a token that another installation has signed', async () => {
    const { call, commands } = await serve({ answer: responded() })
    const forged = createChainTokens('another secret').sign({ ...link, path: Array(10).fill('wh_1') })
    expect((await call({ 'x-event-chain': forged })).status).toBe(200)
    expect(JSON.parse(commands[0]!.trigger!)).not.toHaveProperty('depth')
  })
})

describe('a request', () => {
  it.each([
    ['JSON', json, '{"a":1}', { a: 1 }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1&b=2&b=3', { a: '1', b: ['2', '3'] }],
    ['text', { 'content-type': 'text/plain; charset=utf-8' }, 'é', 'é'],
    ['something else', { 'content-type': 'image/png' }, 'x', null],
    ['text that is no UTF-8', { 'content-type': 'text/plain' }, Buffer.from([0xff]), null],
    ['nothing', {}, '', null],
  ])('with %s as its body', async (_, headers, body, value) => {
    const { call, scopes } = await serve({ answer: responded() })
    expect((await call(headers, body)).status).toBe(200)
    expect(scopes()).toMatchObject({ $body: value, $path: { id: '1' }, $query: { q: '2' }, $user: null })
    expect(scopes()).not.toHaveProperty('$bodyRaw')
  })

  it('gives its text to a definition that reads it', async () => {
    const { call, scopes } = await serve({ answer: responded(), reads: '{{$bodyRaw}}' })
    await call(json, ' {"a":1} ')
    expect(scopes().$bodyRaw).toBe(' {"a":1} ')
  })

  it('keeps credentials out of the run', async () => {
    const { call, scopes } = await serve({ answer: responded() })
    const secret = {
      authorization: 'Bearer s',
      cookie: 's',
      'x-api-key': 's',
      'proxy-authorization': 's',
      'x-alias': 's',
    }
    await call({ ...secret, 'X-Kept': 'k' })
    expect(Object.values(scopes().$header as object)).not.toContain('s')
    expect(scopes().$header).toMatchObject({ 'x-kept': 'k' })
  })

  it.each([
    ['a body that is no JSON', json, '{"a":', 'body_invalid'],
    ['a key twice', json, '{"a":1,"a":2}', 'body_invalid'],
    ['JSON too deep', json, '['.repeat(65) + ']'.repeat(65), 'body_invalid'],
    ['1 MB and a byte', {}, 'x'.repeat(1_048_577), 'payload_too_large'],
    ['a compressed body', { 'content-encoding': 'gzip' }, 'x', 'unsupported_media_type'],
    ['two idempotency keys', { 'idempotency-key': '' }, '', 'validation_failed'],
  ])('with %s starts nothing', async (_, headers, body, code) => {
    const { call, commands } = await serve({ answer: responded() })
    expect([(await call(headers, body)).code, commands]).toEqual([code, []])
  })

  it('of 1 MB is taken, of another method not', async () => {
    const { call } = await serve({ answer: responded() })
    expect((await call({}, 'x'.repeat(1_048_576))).status).toBe(200)
    const head = await call({}, '', 'HEAD')
    expect([head.status, head.headers.allow]).toEqual([405, 'POST'])
  })

  it('finds routes on their own host alone, and no sandbox there', async () => {
    const { call } = await serve({ answer: responded(), routesHost: 'run.example' })
    const there = await call({ host: 'run.example' })
    expect([there.status, there.headers['content-security-policy']]).toEqual([200, undefined])
    expect((await call({ host: 'api.example' })).code).toBe('not_found')
  })
})

describe('the answer', () => {
  it.each([
    [['ended', { status: 'succeeded', skipReason: null }], 200, undefined],
    [['ended', { status: 'failed', skipReason: null }], 500, 'run_failed'],
    [['ended', { status: 'timed_out', skipReason: null }], 500, 'run_failed'],
    [['ended', { status: 'skipped', skipReason: 'inactive' }], 404, 'not_found'],
    [['ended', { status: 'skipped', skipReason: 'queue_full' }], 429, 'rate_limited'],
    [['ended', { status: 'skipped', skipReason: 'cooldown' }], 429, 'rate_limited'],
    [['ended', { status: 'skipped', skipReason: 'organization_suspended' }], 403, 'organization_suspended'],
    [['refused', { code: 'idempotency_key_conflict' }], 409, 'idempotency_key_conflict'],
    [['refused', { code: 'answer_not_kept' }], 409, 'answer_not_kept'],
    [null, 504, 'route_timeout'],
  ] as Array<[NonNullable<Options['answer']> | null, number, string | undefined]>)(
    'to %j is %d',
    async (answer, status, code) => {
      const { call } = await serve({ answer })
      const got = await call()
      expect([got.status, got.code]).toEqual([status, code])
      expect(got.headers['x-clarion-run']).toMatch(/^run_/)
      if (status === 429) expect(got.headers['retry-after']).toBe('1')
    },
  )

  it('has the headers and the body that the run said, and none that are the platform’s', async () => {
    const headers = { 'X-Own': 'ä', 'Set-Cookie': 'a=1', 'Content-Length': '7', 'content-type': 'text/csv' }
    const { call } = await serve({ answer: responded({ status: 418, headers, body: 'é,1' }) })
    const { status, headers: got, body } = await call()
    expect([status, body, got['content-type'], got['set-cookie'], got['content-length']]).toEqual([
      418,
      'é,1',
      'text/csv',
      undefined,
      '4',
    ])
    expect(Buffer.from(got['x-own'] as string, 'latin1').toString()).toBe('ä')
  })

  it('of 204 has no body', async () => {
    const { call } = await serve({ answer: responded({ status: 204, body: 'lost' }) })
    expect(await call()).toMatchObject({ status: 204, body: '' })
  })
})
