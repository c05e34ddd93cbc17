/** Opens one connection: the guard's addresses, TCP to one of them, TLS. An error names the step that failed. */
import type { LookupAddress } from 'node:dns'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '../clock.ts'
import { type AddressGuard, portOf } from './address-guard.ts'
import { AttemptError } from './attempt-error.ts'

const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_PROBE_MS = 60_000
const TLS_SESSIONS_MAX = 1000
const TLS_SESSION_MS_MAX = 60 * 60 * 1000

export interface ConnectOptions {
  guard: AddressGuard
  clock: Clock
  /** Certificate authorities (PEM) in place of the usual ones; none by default. */
  ca?: string[]
}

export type Connected = (error: Error | null, socket: Socket | null, steps: ConnectSteps) => void

/** How long the steps of connecting took; null: the step was not needed, or not reached. */
export interface ConnectSteps {
  dnsMs: number | null
  tlsMs: number | null
}

/**
 * Connects to the origin of `url` and calls back once, with an `AttemptError` or a socket ready for HTTP/1.1. `trusted`
 * skips the guard. The returned function cancels: no callback follows.
 */
export type Connect = (url: URL, trusted: boolean, callback: Connected) => () => void

export function createConnect({ guard, clock, ca }: ConnectOptions): Connect {
  /**
   * TLS sessions by host and port, so that a receiver's next connection needs no full handshake. A resumed session
   * yields the next session and no certificate, so each entry carries the time of the handshake that verified the
   * certificate last.
   */
  const sessions = new Map<string, { session: Buffer; verifiedAtMs: number }>()

  function openSocket(url: URL, addresses: LookupAddress[] | undefined, established: () => void): Socket {
    const hostname = bareHost(url)
    const common = {
      host: hostname,
      port: portOf(url),
      ...(addresses && { lookup: pinned(addresses) }),
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    }
    if (url.protocol === 'http:') return connectTcp(common, established)
    const nowMs = clock.monotonicMs()
    const known = sessions.get(url.host)
    const resumable = known && nowMs - known.verifiedAtMs < TLS_SESSION_MS_MAX ? known : undefined
    const socket = connectTls(
      {
        ...common,
        ALPNProtocols: ['http/1.1'],
        ...(ca && { ca }),
        ...(resumable && { session: resumable.session }),
        ...(!isIP(hostname) && { servername: hostname }),
      },
      established,
    )
    return socket.on('session', session => {
      const verifiedAtMs = resumable && socket.isSessionReused() ? resumable.verifiedAtMs : nowMs
      sessions.delete(url.host)
      if (sessions.size >= TLS_SESSIONS_MAX) sessions.delete(sessions.keys().next().value!)
      sessions.set(url.host, { session, verifiedAtMs })
    })
  }

  return (url, trusted, callback) => {
    let socket: Socket | undefined
    let tcpStands = false
    let settled = false
    const startedMs = clock.monotonicMs()
    let tcpAtMs: number | undefined
    const steps: ConnectSteps = { dnsMs: null, tlsMs: null }
    const settle = (error: Error | null) => {
      if (settled) return
      settled = true
      timer.cancel()
      if (error) socket?.destroy()
      else if (tcpAtMs !== undefined && url.protocol === 'https:') steps.tlsMs = clock.monotonicMs() - tcpAtMs
      callback(error, error ? null : socket!, steps)
    }
    const timer = clock.after(CONNECT_TIMEOUT_MS, () =>
      settle(new AttemptError('timeout', `No connection within ${CONNECT_TIMEOUT_MS / 1000} s.`)),
    )
    const resolved = trusted ? Promise.resolve(undefined) : guard.addressesOf(bareHost(url), portOf(url))
    resolved.then(addresses => {
      if (settled) return
      if (!trusted && isIP(bareHost(url)) === 0) steps.dnsMs = clock.monotonicMs() - startedMs
      socket = openSocket(url, addresses, () => settle(null)).setNoDelay(true)
      socket.once('connect', () => {
        tcpStands = true
        tcpAtMs = clock.monotonicMs()
      })
      // Kept for the socket's life: an error of an abandoned socket must not end the process.
      socket.on('error', error => settle(connectFailure(error, tcpStands)))
    }, settle)
    return () => {
      settled = true
      timer.cancel()
      socket?.destroy()
    }
  }
}

/** A TLS socket emits `connect` when TCP is established: any later failure belongs to the handshake. */
function connectFailure(error: NodeJS.ErrnoException & { reason?: unknown }, tcpStands: boolean): AttemptError {
  const code = error.code ?? error.message
  if (!tcpStands) return new AttemptError('connect', `Could not connect (${code}).`, { cause: error })
  // OpenSSL's messages contain names of its source files, Node's continue with advice for the operator: neither helps
  // the receiver's owner.
  const what = typeof error.reason === 'string' ? error.reason : error.message.split(/[;\n]/)[0]
  return new AttemptError('tls', `The TLS handshake failed: ${what} (${code}).`, { cause: error })
}

/** Always returns the checked addresses: a second look-up could find another address. A literal is never looked up. */
function pinned(addresses: LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all) callback(null, addresses)
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  }
}

/** Host name without the brackets of IPv6 and without the trailing dot, which certificates do not contain. */
function bareHost(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname.replace(/\.$/, '')
}
