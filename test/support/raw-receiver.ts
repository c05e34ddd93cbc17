/**
 * A receiver that writes bytes and knows no HTTP, for answers that no server library would give. It reads whole requests, so that what it
 * writes is an answer, and writes when the test says so.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { closedInTheEnd } from './closing.ts'

export interface RawRequest {
  socket: Socket
  /** Head and body, as they came. */
  text: string
  /** 1 for the first of all. */
  number: number
  /** 1 for the first connection. */
  connection: number
}

export interface RawReceiver {
  url: string
  port: number
  requests: RawRequest[]
  connections(): number
  /** Resolves when that many requests have arrived. */
  received(count: number): Promise<RawRequest[]>
  close(): Promise<void>
}

export interface RawReceiverOptions {
  /** The answer to a request. */
  answer: (request: RawRequest) => unknown
  tls?: { key: string; cert: string }
  host?: string
  port?: number
}

export async function createRawReceiver({
  answer,
  tls,
  host = '127.0.0.1',
  port: fixed = 0,
}: RawReceiverOptions): Promise<RawReceiver> {
  const requests: RawRequest[] = []
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  let accepted = 0

  function onConnection(socket: Socket): void {
    const connection = ++accepted
    let unread = ''
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', chunk => {
      unread += chunk.toString('latin1')
      for (let length = lengthOf(unread); length > 0 && unread.length >= length; length = lengthOf(unread)) {
        const request = { socket, text: unread.slice(0, length), number: requests.length + 1, connection }
        unread = unread.slice(length)
        requests.push(request)
        for (const check of waiting) check()
        answer(request)
      }
    })
  }

  const server = tls ? createTlsServer(tls, onConnection) : createServer(onConnection)
  await new Promise<void>(resolve => server.listen(fixed, host, resolve))
  const { port } = server.address() as AddressInfo
  return closedInTheEnd({
    url: `${tls ? 'https' : 'http'}://${host}:${port}`,
    port,
    requests,
    connections: () => accepted,
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
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  })
}

/** Of the request at the beginning; 0 while its head is not whole. */
function lengthOf(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  return head < 0 ? 0 : head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0)
}

/** Writes each part when the one before has had time to be read, so that the other side reads them one by one. */
export async function writeApart(socket: Socket, parts: Iterable<string | Buffer>): Promise<void> {
  for (const part of parts) {
    if (socket.destroyed) return
    socket.write(part, 'latin1')
    await turn()
    await turn()
  }
}

/** The event loop has looked at every socket once. */
export const turn = () => new Promise<void>(resolve => setImmediate(resolve))
