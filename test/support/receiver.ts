/**
 * A real receiver of webhooks for tests: it records what arrives, byte for byte and in order, and gives the set answer, well or badly.
 */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { closedInTheEnd } from './closing.ts'
import { PATIENT_SERVER } from './patient-server.ts'

/** A busy machine accepts thousands of connections late; beyond the usual 511 it would drop them. */
const BACKLOG = 4_096

export interface ReceivedRequest {
  /** 1 for the first that arrived. */
  number: number
  method: string
  path: string
  headers: Record<string, string>
  body: Buffer
  /** Which connection it came on; the first is 1. */
  connection: number
}

/** A good answer, or a way to misbehave. */
export type Answer =
  | { status?: number; headers?: Record<string, string>; body?: string | Buffer }
  /** Takes the request and says nothing. */
  | 'hang'
  /** 200, then one byte of body now and then, for ever. */
  | 'trickle'
  /** The same with another status. */
  | { trickle: number }
  /** 200, then body without end, as fast as it is read. */
  | 'flood'
  /** Cuts the connection without an answer. */
  | 'reset'
  /** Promises 100 bytes, sends 5 and closes. */
  | 'short'
  | { redirect: string }
  /** Answers well once `until` has resolved. */
  | { late: Promise<unknown> }

export interface ReceiverOptions {
  /** 204 without it. */
  answer?: (request: ReceivedRequest) => Answer
  tls?: { key: string; cert: string }
  host?: string
  port?: number
}

export interface Receiver {
  url: string
  port: number
  requests: ReceivedRequest[]
  /** Connections accepted so far. */
  connections(): number
  /** Connections open now. */
  open(): number
  /** Resolves when that many requests have arrived. */
  received(count: number): Promise<ReceivedRequest[]>
  answerWith(answer: (request: ReceivedRequest) => Answer): void
  /** Ends every connection, at once. */
  cut(): void
  close(): Promise<void>
}

const TRICKLE_MS = 5

export async function createReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const requests: ReceivedRequest[] = []
  const numbers = new WeakMap<Socket, number>()
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  let accepted = 0
  let answer = options.answer ?? (() => ({ status: 204 }))

  const onRequest = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of incoming) chunks.push(chunk)
    } catch {
      return // cut while sending
    }
    const request: ReceivedRequest = {
      number: requests.length + 1,
      method: incoming.method!,
      path: incoming.url!,
      headers: incoming.headers as Record<string, string>,
      body: Buffer.concat(chunks),
      connection: numbers.get(incoming.socket)!,
    }
    requests.push(request)
    for (const check of waiting) check()
    await give(answer(request), response)
  }
  const server = options.tls
    ? createHttps({ ...PATIENT_SERVER, ...options.tls }, onRequest)
    : createHttp(PATIENT_SERVER, onRequest)
  server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    numbers.set(socket, ++accepted)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>(resolve => server.listen(options.port ?? 0, host, BACKLOG, resolve))
  const { port } = server.address() as AddressInfo

  return closedInTheEnd({
    url: `${options.tls ? 'https' : 'http'}://${host}:${port}`,
    port,
    requests,
    connections: () => accepted,
    open: () => sockets.size,
    received: count =>
      new Promise(resolve => {
        const check = () => {
          if (requests.length < count) return
          waiting.delete(check)
          resolve(requests)
        }
        waiting.add(check)
        check()
      }),
    answerWith(next) {
      answer = next
    },
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

async function give(answer: Answer, response: ServerResponse): Promise<void> {
  if (answer === 'hang') return
  if (answer === 'reset') return void response.socket?.resetAndDestroy()
  if (answer === 'trickle') return trickle(response, 200)
  if (answer === 'flood') return flood(response)
  if (answer === 'short') {
    response.writeHead(200, { 'content-length': '100' })
    response.write('short', () => response.socket?.destroy())
    return
  }
  if ('trickle' in answer) return trickle(response, answer.trickle)
  if ('late' in answer) {
    await answer.late
    return void response.writeHead(200).end()
  }
  if ('redirect' in answer) return void response.writeHead(302, { location: answer.redirect }).end()
  response.writeHead(answer.status ?? 200, answer.headers).end(answer.body)
}

function trickle(response: ServerResponse, status: number): void {
  response.writeHead(status)
  const timer = setInterval(() => response.write('.'), TRICKLE_MS)
  response.on('close', () => clearInterval(timer))
}

function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(16 * 1024, '~')
  response.writeHead(200)
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', pour)
  pour()
}
