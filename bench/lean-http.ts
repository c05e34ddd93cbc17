/**
 * A bare HTTP/1.1 client: one request at a time on each of many connections, made beforehand. A client that does more takes as much of two cores as the
 * platform does, and then it is the load that is measured.
 */
import { connect, type Socket } from 'node:net'
import type { Clock } from '../src/clock.ts'

export interface LeanAnswer {
  status: number
  retryAfter: boolean
  text: string
}

export interface Connections {
  /** Waits for a free connection. Rejects when that one breaks. */
  post(path: string, apiKey: string, body: string): Promise<LeanAnswer>
  close(): void
}

interface Connection {
  socket: Socket
  received: string
  resolve: ((answer: LeanAnswer) => void) | undefined
  reject: (error: Error) => void
}

/** So many at a time: what connects in one moment is more than the kernel may queue. */
const STEP = 50
const STEP_MS = 20

export async function openConnections(clock: Clock, port: number, count: number): Promise<Connections> {
  const free: Connection[] = []
  const waiting: Array<(connection: Connection) => void> = []
  for (let n = 0; n < count; n++) {
    free.push(open(port))
    if (n % STEP === 0) await clock.sleep(STEP_MS)
  }
  const all = [...free]

  async function post(path: string, apiKey: string, body: string): Promise<LeanAnswer> {
    // In turn: one that has never been used is closed by the server after a while.
    const connection = free.shift() ?? (await new Promise<Connection>(resolve => waiting.push(resolve)))
    try {
      return await exchange(connection, `${headOf(path, apiKey, body)}${body}`)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free.push(connection)
      else next(connection)
    }
  }
  return {
    post,
    close() {
      for (const { socket } of all) socket.destroy()
    },
  }
}

const headOf = (path: string, apiKey: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${apiKey}\r\n` +
  `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`

function open(port: number): Connection {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const connection: Connection = { socket, received: '', resolve: undefined, reject: () => undefined }
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    connection.received += text
    const answer = answerIn(connection.received)
    if (answer === undefined) return
    connection.received = ''
    connection.resolve?.(answer)
  })
  socket.on('error', error => connection.reject(error))
  socket.on('close', () => connection.reject(new Error('the connection was closed')))
  return connection
}

function exchange(connection: Connection, request: string): Promise<LeanAnswer> {
  return new Promise((resolve, reject) => {
    connection.resolve = resolve
    connection.reject = reject
    connection.socket.write(request)
  })
}

/** Undefined: it is not all there. Each answer has a content-length and no character beyond ASCII. */
function answerIn(received: string): LeanAnswer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.slice(0, end).toLowerCase()
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1]
  if (received.length < end + 4 + Number(length)) return undefined
  return {
    status: Number(head.slice(9, 12)),
    retryAfter: head.includes('\r\nretry-after: '),
    text: received.slice(end + 4),
  }
}
