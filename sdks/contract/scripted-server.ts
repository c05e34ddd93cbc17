/** A server that answers each scenario by its script, below a path of its own, and notes what it was sent. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Attempt {
  method: string
  path: string
  /** `Idempotency-Key`, in the header and in the body or its items. */
  headerKey: string | null
  bodyKeys: unknown[]
  schemaHash?: string
  /** Of an emit or its items. */
  emits?: Array<[name: unknown, payload: unknown, subject: unknown]>
}

export interface ScriptedServer {
  /** Below which the answers of this scenario are given one after the other, then the last for ever. */
  urlOf(scenario: number, answers: readonly string[]): string
  attemptsOf(scenario: number): Attempt[]
  close(): Promise<void>
}

const ok = (data: unknown, more: object = {}) =>
  JSON.stringify({ success: true, data, meta: { requestId: 'req_1', ...more } })
const refusal = (code: string, more: object = {}) =>
  JSON.stringify({ success: false, error: { code, message: 'm', requestId: 'req_1', retryable: false, ...more } })

/** Of emits whose types are of another schema. */
const DRIFTS: Record<string, string> = { 'drifted emit': '1.1.0', 'drifted batch': 'order.placed=1.1.0, a.b=2.0.0' }

const BODIES: Record<string, [number, string]> = {
  emit: [202, ok({ emitId: 'cee_1', status: 'queued' })],
  batch: [200, ok({ results: [{ status: 202, emitId: 'cee_1' }] })],
  'drifted emit': [202, ok({ emitId: 'cee_1', status: 'queued' })],
  'drifted batch': [200, ok({ results: [{ status: 202, emitId: 'cee_1' }] })],
  registration: [201, ok({ id: 'cer_1' })],
  notification: [202, ok({ id: 'ntf_1' })],
  webhook: [201, ok({ id: 'whk_1', secret: 'whsec_x' })],
  'shown webhook': [200, ok({ id: 'whk_1' })],
  deleted: [200, ok({ id: 'whk_1', deleted: true })],
  page: [200, ok([{ id: 'whk_1' }], { nextCursor: 'c1' })],
  'last page': [200, ok([{ id: 'whk_2' }], { nextCursor: null })],
  '500': [500, refusal('internal_error', { retryable: true })],
  '503': [503, refusal('service_unavailable', { retryable: true })],
  relay: [502, refusal('bus_relay_failed', { emitId: 'cee_7' })],
  invalid: [400, refusal('payload_invalid', { details: [{ path: '/payload/x', rule: 'type', message: 'm' }] })],
  html: [200, '<html>Sign in</html>'],
  'bad gateway': [502, '<html>Bad Gateway</html>'],
  redirect: [302, ''],
}

export async function createScriptedServer(): Promise<ScriptedServer> {
  const scripts = new Map<number, readonly string[]>()
  const attempts = new Map<number, Attempt[]>()
  const server = createServer((request, response) => void serve(request, response))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, number, path] = /^\/(\d+)(.*)$/.exec(request.url!)!
    const made = attempts.get(Number(number)) ?? []
    attempts.set(Number(number), made)
    made.push(await attemptOf(request, path!))
    const script = scripts.get(Number(number))!
    answer(response, script[Math.min(made.length, script.length) - 1]!)
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    urlOf(scenario, answers) {
      scripts.set(scenario, answers)
      attempts.delete(scenario)
      return `${base}/${scenario}`
    },
    attemptsOf: scenario => attempts.get(scenario) ?? [],
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Emitted {
  name?: unknown
  payload?: unknown
  subject?: unknown
  idempotencyKey?: unknown
}

async function attemptOf(request: IncomingMessage, path: string): Promise<Attempt> {
  let text = ''
  for await (const chunk of request) text += chunk
  const body = text === '' ? {} : (JSON.parse(text) as Emitted & { items?: Emitted[] })
  const items = body.items ?? [body]
  const keys = items.map(item => item.idempotencyKey)
  const schemaHash = request.headers['x-schema-hash'] as string | undefined
  return {
    method: request.method!,
    path,
    headerKey: (request.headers['idempotency-key'] as string | undefined) ?? null,
    bodyKeys: keys.filter(key => key !== undefined),
    ...(schemaHash === undefined
      ? {}
      : { schemaHash, emits: items.map(each => [each.name, each.payload, each.subject]) }),
  }
}

function answer(response: ServerResponse, name: string): void {
  if (name === 'silence') return
  if (name === 'drop') return void response.destroy()
  if (name === 'half' || name === 'stall') {
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"success":true,')
    if (name === 'half') setImmediate(() => response.destroy())
    return
  }
  const [status, after] = name.split(/ (.*)/) as [string, string | undefined]
  if (status === '429') {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': after! })
    return void response.end(refusal('rate_limited', { retryable: true }))
  }
  const [code, body] = BODIES[name]!
  response.writeHead(code, {
    'content-type': 'application/json',
    ...(code === 302 ? { location: '/elsewhere' } : {}),
    ...(name in DRIFTS ? { 'x-schema-drift': DRIFTS[name] } : {}),
  })
  response.end(body)
}
