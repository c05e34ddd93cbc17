/** Real servers around an app or a handler, on a free port of loopback. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { PATIENT_SERVER } from '../../support/patient-server.ts'

export interface Served {
  url: string
  close(): Promise<void>
}

export async function serve(listener: RequestListener): Promise<Served> {
  const server = createServer(PATIENT_SERVER, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Node's request as a `Request`, and the `Response` back. */
export function asListener(handler: (request: Request) => Promise<Response>): RequestListener {
  return async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body =
      incoming.method === 'POST' ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const } : {}
    const headers = new Headers(
      Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
        values!.map(value => [name, value] as [string, string]),
      ),
    )
    const response = await handler(
      new Request(`http://localhost${incoming.url}`, { method: incoming.method!, headers, ...body }),
    )
    outgoing
      .writeHead(response.status, Object.fromEntries(response.headers))
      .end(Buffer.from(await response.arrayBuffer()))
  }
}
