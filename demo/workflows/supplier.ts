/** The supplier that the workflow asks, and the gates that hold runs between two steps. It counts every request by its key. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request for more of something. */
export interface Asked {
  /** The bearer token, which is one shop's. */
  token: string
  /** The idempotency key: the step's. */
  key: string
  status: number
}

export interface Supplier {
  url: string
  asked: readonly Asked[]
  /** Requests of gates, repeated ones too, by their keys. */
  gateRequests: ReadonlyMap<string, number>
  /** What the holder of a token is answered: 201 unless set. */
  answer(token: string, status: number): void
  /** From now on this order's request at this gate waits, each time that it comes, until `release`. */
  hold(order: string, gate: string): void
  /** Orders that wait at a gate now. */
  waiting(): number
  /** Answers all that wait, and holds nobody any more. */
  release(): void
  close(): Promise<void>
}

export async function createSupplier(host: string): Promise<Supplier> {
  const asked: Asked[] = []
  const gateRequests = new Map<string, number>()
  const statuses = new Map<string, number>()
  const held = new Set<string>()
  const waiting = new Map<string, ServerResponse>()

  function take(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${host}`)
    const key = String(request.headers['idempotency-key'] ?? '')
    if (pathname !== '/gate') {
      const token = String(request.headers.authorization ?? '').replace(/^Bearer /, '')
      const status = statuses.get(token) ?? 201
      asked.push({ token, key, status })
      return void response.writeHead(status).end()
    }
    gateRequests.set(key, (gateRequests.get(key) ?? 0) + 1)
    const place = placeOf(searchParams.get('order') ?? '', searchParams.get('at') ?? '')
    if (!held.has(place)) return void response.writeHead(204).end()
    waiting.set(place, response)
    response.on('close', () => {
      if (waiting.get(place) === response) waiting.delete(place)
    })
  }

  const server = createServer((request, response) => {
    request.resume().on('end', () => take(request, response))
    request.on('error', () => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    asked,
    gateRequests,
    answer: (token, status) => statuses.set(token, status),
    hold: (order, gate) => held.add(placeOf(order, gate)),
    waiting: () => waiting.size,
    release() {
      held.clear()
      for (const response of waiting.values()) response.writeHead(204).end()
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const placeOf = (order: string, gate: string): string => `${order} ${gate}`
