/**
 * The port of the process. It is bound before anything else starts, so that a port conflict costs nothing; until the
 * platform serves, callers get 503 with `Retry-After`.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import { createStatus } from '../api/system/status.ts'
import type { Clock } from '../clock.ts'
import { whileStarting } from './while-starting.ts'

export interface Listener {
  /** The address as a URL that can be opened on this machine. */
  url: string
  /** The bound address, never a name. */
  bound: { host: string; port: number }
  /** Passes requests to this handler from now on, and upgrades to WebSockets to the other one. */
  serve(handler: RequestListener, upgrade?: Upgrade): void
  close(): Promise<void>
}

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Throws one sentence with the remedy when the port cannot be bound. */
export async function listen(deps: {
  host: string
  port: number
  clock: Clock
  /** The setting of the port, for the remedy; default `PORT`. */
  setting?: string
}): Promise<Listener> {
  let current: RequestListener = whileStarting(createStatus({ missing: [() => 'the platform is starting'] }))
  let upgrade: Upgrade | undefined
  const server = createServer(
    {
      ...{ keepAliveTimeout: 65_000, requestTimeout: 60_000, headersTimeout: 30_000 },
      // Every other protocol is declined: the request is answered as if it had not offered one.
      shouldUpgradeCallback: ({ headers }) => upgrade !== undefined && headers.upgrade?.toLowerCase() === 'websocket',
    },
    (request, response) => current(request, response),
  )
  server.on('upgrade', (request, socket, head) =>
    upgrade === undefined ? socket.destroy() : upgrade(request, socket, head),
  )
  server.on('clientError', refuseMalformed)
  await bind(server, deps)
  const { address, port } = server.address() as AddressInfo
  return {
    url: urlOf(deps.host, port),
    bound: { host: address, port },
    serve(handler, upgradeTo) {
      current = handler
      upgrade = upgradeTo
    },
    close: () => stop(server, deps.clock),
  }
}

function bind(
  server: Server,
  { port, host, setting = 'PORT' }: { port: number; host: string; setting?: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(remedyOf(error, { port, host, setting }), { cause: error })),
    )
    server.listen(port, host, 4_096, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

export function remedyOf(
  error: NodeJS.ErrnoException,
  { port, host, setting = 'PORT' }: { port: number; host: string; setting?: string },
): string {
  const elsewhere = `Set HOST to an address of this machine: ${[...addressesOfThisMachine()].join(', ')}, or 0.0.0.0 for all of IPv4.`
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken. Set ${setting} to another one, or to 0 for any that is free.`
    case 'EACCES':
      return `Port ${port} on ${host} may not be opened by this user. Set ${setting} to 1024 or more, and let a proxy in front of it take port ${port}.`
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
      return `${host} is no address of this machine. ${elsewhere}`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name ${host} has no address. ${elsewhere}`
    case 'EAFNOSUPPORT':
      return `This machine has no IPv6, and ${host} is such an address. ${elsewhere}`
    default:
      return `Port ${port} on ${host} cannot be opened (${error.code ?? error.message}). Set HOST and ${setting} to others.`
  }
}

function* addressesOfThisMachine(): Iterable<string> {
  for (const list of Object.values(networkInterfaces()))
    for (const { address, scopeid } of list ?? []) if (!scopeid) yield address
}

/** An unspecified address means every interface, loopback included. */
function urlOf(host: string, port: number): string {
  const opened = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${isIPv6(opened) ? `[${opened.replace('%', '%25')}]` : opened}:${port}`
}

/** Input that Node's parser rejects never becomes a request; the answer has the API's envelope nevertheless. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const message = `The request cannot be read as HTTP: ${error.message.replace(/^Parse Error: /, '')}`
  const body = JSON.stringify({ success: false, error: { code: 'validation_failed', message, retryable: false } })
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
  socket.end(head + body)
}

/** Longest time for open requests to finish before their connections are cut: longer than the wait for any verdict. */
const REQUESTS_END_WITHIN_MS = 8_000

/**
 * Open requests are answered; idle connections are closed at once. A client that stops sending in the middle of a body
 * does not delay the stop.
 */
function stop(server: Server, clock: Clock): Promise<void> {
  return new Promise(resolve => {
    const cut = clock.after(REQUESTS_END_WITHIN_MS, () => server.closeAllConnections())
    server.close(() => {
      cut.cancel()
      resolve()
    })
    server.closeIdleConnections()
  })
}
