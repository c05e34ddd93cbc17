/**
 * One attempt: one signed POST, with every possible result as a value. A receiver costs at most the time limit, 64 KB
 * of body and 12 KB of memory, whatever it does.
 */
import type { ErrorKind } from '../../topics/audit-attempts.ts'
import type { Clock } from '../clock.ts'
import type { OpenedSink } from '../model/sinks.ts'
import type { AddressGuard } from './address-guard.ts'
import { createConnect } from './connect.ts'
import { createConnections, type Target } from './connections.ts'
import { type Exchange, exchange } from './exchange.ts'

const TARGETS_MAX = 20_000

export interface AttemptRequest {
  url: string
  body: Buffer
  headers: Record<string, string>
  /**
   * One limit for name, connection, TLS, request, headers and body of the answer. A body after 2xx gets two seconds of
   * it.
   */
  timeoutMs: number
  /** Whether the result has `bodyHash`. */
  hashesAnswer?: boolean
  /** It is a record for a sink, instead of a request. */
  sink?: AddressedSink
}

export interface AddressedSink {
  sink: OpenedSink
  key: string | null
}

export interface AttemptResult {
  /** Status of the answer, or null if none came. */
  status: number | null
  /** Null: the receiver accepted the delivery (2xx). */
  errorKind: ErrorKind | null
  /** The error, as a sentence. */
  error: string | null
  /** Headers of the answer, names in lower case, the first 8 KB. */
  headers: Record<string, string>
  /** The first 4 KB of the answer's body. */
  body: Buffer
  startedAtMs: number
  durationMs: number
  /** Until the connection was established; null when a kept connection was used or none was established. */
  connectMs: number | null
  /** Parts of it: looking up the name, and TLS; null also where there was none. */
  dnsMs: number | null
  tlsMs: number | null
  /** The address that was connected to, now or when the kept connection was made. */
  remoteAddress: string | null
  /** Until status and headers of the answer had arrived. */
  firstByteMs: number | null
  /** SHA-256 of the first 64 KB of the answer's body, where it was asked for. */
  bodyHash?: string
  /** The receiver will never take it: no retry follows. */
  isFinal?: boolean
}

export interface Sender {
  /** Never rejects, and resolves within `timeoutMs`. */
  send(request: AttemptRequest): Promise<AttemptResult>
  /** Aborts everything under way. */
  close(): void
}

export interface SenderOptions {
  guard: AddressGuard
  clock: Clock
  /** Certificate authorities (PEM) in place of the usual ones. */
  ca?: string[]
  /** Most idle connections kept, over all receivers; 1,024 by default. */
  idleMax?: number
  /** How old a connection may be when an attempt begins on it; a minute by default. */
  connectionAgeMsMax?: number
}

/**
 * The meaning of an answer: 2xx is success as soon as its headers arrive, whatever happens to its body (the receiver
 * has the event; a retry would only duplicate it). Redirects (3xx) are never followed. Any other answer has to end
 * within the time limit. Interim answers (1xx) are skipped. A kept connection that the receiver closes before answering
 * is replaced once, within the same attempt.
 */
export function createSender({ guard, clock, ca, idleMax, connectionAgeMsMax: ageMsMax }: SenderOptions): Sender {
  const connect = createConnect({ guard, clock, ...(ca && { ca }) })
  const connections = createConnections({
    connect,
    clock,
    ...(idleMax !== undefined && { idleMax }),
    ...(ageMsMax !== undefined && { ageMsMax }),
  })
  const targets = new Map<string, Target>()
  let closed = false

  /** The target of a URL, or the reason why it is refused. */
  function targetOf(text: string): Target | string {
    const known = targets.get(text)
    if (known !== undefined) return known
    const error = guard.checkUrl(text)
    if (error) return error.message
    const target = parseTarget(new URL(text), guard)
    if (targets.size >= TARGETS_MAX) targets.delete(targets.keys().next().value!)
    targets.set(text, target)
    return target
  }

  return {
    async send(request) {
      const startedAtMs = clock.nowMs()
      const startedMs = clock.monotonicMs()
      const target = targetOf(request.url)
      let outcome: Exchange
      if (typeof target === 'string') {
        outcome = { status: null, errorKind: 'blocked_address', error: target, headers: {}, body: Buffer.alloc(0), connectMs: null, dnsMs: null, tlsMs: null, remoteAddress: null, firstByteMs: null, stale: false } // biome-ignore format: one value
      } else {
        outcome = await exchange({ connections, clock, target, request, startedMs, fresh: false })
        if (outcome.stale && !closed)
          outcome = await exchange({ connections, clock, target, request, startedMs, fresh: true })
      }
      // The platform's own addresses may change (the api's port is known only once it listens): a refusal is not
      // cached.
      if (outcome.errorKind === 'blocked_address') targets.delete(request.url)
      const { stale: _, ...answer } = outcome
      return { ...answer, startedAtMs, durationMs: Math.round(clock.monotonicMs() - startedMs) }
    },
    close() {
      closed = true
      connections.close()
    },
  }
}

function parseTarget(url: URL, guard: AddressGuard): Target {
  const trusted = guard.isOwnAllowed(url)
  return { url, path: url.pathname + url.search, trusted, key: trusted ? `own ${url.origin}` : url.origin }
}
