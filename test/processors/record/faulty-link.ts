/** A connection to a real ClickHouse that can be cut, or lose the answers to completed inserts. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FaultyLink {
  url: string
  /** `cut`: no request gets through. `deaf`: every request gets through, but inserts are never answered. */
  state: 'open' | 'cut' | 'deaf'
  /** Called with the token of each completed insert. */
  onInserted: (token: string) => void
  /** Called when a request did not get through. */
  onRefused: () => void
  close(): Promise<void>
}

export async function createFaultyLink(target: string): Promise<FaultyLink> {
  const { hostname, port, username, password } = new URL(target)
  const server = createServer((incoming, answer) => {
    if (link.state === 'cut') {
      incoming.socket.destroy()
      link.onRefused()
      return
    }
    const token = new URL(incoming.url ?? '', target).searchParams.get('insert_deduplication_token')
    const { method, url: path, headers } = incoming
    const onward = request({ hostname, port, method, path, headers }, response => {
      response.on('end', () => token !== null && link.onInserted(token))
      if (token !== null && link.state === 'deaf') response.on('end', () => incoming.socket.destroy()).resume()
      else response.pipe(answer.writeHead(response.statusCode ?? 500, response.headers))
    })
    incoming.pipe(onward)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const own = (server.address() as AddressInfo).port
  const link: FaultyLink = {
    url: `http://${username}:${password}@127.0.0.1:${own}`,
    state: 'open',
    onInserted: () => undefined,
    onRefused: () => undefined,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return link
}
