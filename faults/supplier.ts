/** Where the steps of runs ask: it fails some requests, and counts each by its key. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Supplier {
  url: string
  /** Statuses that were answered, by idempotency key. */
  answered: ReadonlyMap<string, number[]>
  close(): Promise<void>
}

export async function startSupplier(fails: () => boolean): Promise<Supplier> {
  const answered = new Map<string, number[]>()
  const server = createServer((request, response) => {
    request.on('error', () => response.destroy())
    request.resume().on('end', () => {
      const key = String(request.headers['idempotency-key'] ?? '')
      const status = fails() ? 503 : 200
      answered.set(key, [...(answered.get(key) ?? []), status])
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok":true}')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}/supplier`, answered },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
