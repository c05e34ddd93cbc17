/**
 * The receiver of the demo's webhooks: it verifies every request with the reference library of Standard Webhooks, and fails every tenth
 * first attempt on purpose, so that a known number of deliveries must be retried.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook as Verifier } from 'standardwebhooks'
import type { Clock } from '../src/clock.ts'

export interface Received {
  path: string
  deliveryId: string
  eventId: string
  /** 1 for the first. */
  attempt: number
  verified: boolean
  /** The answer to it. */
  status: number
  /** On the monotonic clock, milliseconds. */
  atMs: number
  body: Buffer
}

export interface Receiver {
  /** In the order of arrival. */
  requests: readonly Received[]
  url(path: string): string
  /** From now on requests to `path` are verified with this secret; without one they are refused. */
  trust(path: string, secret: string): void
  close(): Promise<void>
}

/** One first attempt in so many fails. */
export const FAIL_EVERY = 10
const BODY_BYTES_MAX = 1_000_000

/** `host`: the address to listen on, which is also the host of the webhooks' URLs. */
export async function createReceiver({ host, clock }: { host: string; clock: Clock }): Promise<Receiver> {
  const requests: Received[] = []
  const verifiers = new Map<string, Verifier>()
  const seen = new Set<string>()

  function take(request: IncomingMessage, body: Buffer): Received {
    const header = (name: string) => String(request.headers[name] ?? '')
    const [deliveryId, attempt] = [header('webhook-id'), Number(header('x-delivery-attempt'))]
    const isNew = !seen.has(deliveryId)
    seen.add(deliveryId)
    const path = request.url ?? ''
    const verified = verify(verifiers.get(path), body, request)
    const status = !verified ? 401 : isNew && seen.size % FAIL_EVERY === 0 ? 500 : 204
    const eventId = header('x-event-id')
    return { path, deliveryId, eventId, attempt, verified, status, atMs: clock.monotonicMs(), body }
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const received = take(request, body)
    requests.push(received)
    response.writeHead(received.status).end()
  }

  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    requests,
    url: path => `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`,
    trust: (path, secret) => verifiers.set(path, new Verifier(secret)),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function verify(verifier: Verifier | undefined, body: Buffer, request: IncomingMessage): boolean {
  try {
    verifier?.verify(body, request.headers as Record<string, string>)
    return verifier !== undefined
  } catch {
    return false
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new Error(`a body of more than ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
