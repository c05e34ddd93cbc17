/**
 * One attempt: one signed POST, and everything that can come of it as a value. A receiver costs at most the time limit, 64 KB of body
 * and 12 KB of memory, whatever it does.
 */
import type { ErrorKind } from '../../topics/audit-attempts.ts'
import type { Clock } from '../clock.ts'
import type { AddressGuard } from './address-guard.ts'
import { createConnect } from './connect.ts'
import { createConnections, type Target } from './connections.ts'
import { type Exchange, exchange } from './exchange.ts'

const TARGETS_MAX = 20_000

export interface AttemptRequest {
  url: string
  body: Buffer
  headers: Record<string, string>
  /** For everything together: name, connection, TLS, request, headers and body of the answer. A body after 2xx has two seconds of it. */
  timeoutMs: number
}

export interface AttemptResult {
  /** Status of the answer, or null if none came. */
  status: number | null
  /** Null: the receiver took the delivery (2xx). */
  errorKind: ErrorKind | null
  /** What went wrong, as a sentence. */
  error: string | null
  /** Of the answer, names in lower case, the first 8 KB. */
  headers: Record<string, string>
  /** The first 4 KB of the answer's body. */
  body: Buffer
  startedAtMs: number
  durationMs: number
  /** Until the connection stood; null when a kept connection was used or none came to be. */
  connectMs: number | null
  /** Until status and headers of the answer were there. */
  firstByteMs: number | null
}

export interface Sender {
  /** Never rejects, and resolves within `timeoutMs`. */
  send(request: AttemptRequest): Promise<AttemptResult>
  /** Cuts off what is under way. */
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
 * What an answer means: 2xx is success as soon as its headers are there, whatever becomes of its body (the receiver has the event; sending
 * it again would only double it). 3xx is never followed. Any other answer has to end within the time limit. Interim answers (1xx) are
 * skipped. A kept connection that the receiver closes before answering is replaced once, within the same attempt.
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

  /** The target of a URL, or why it is refused. */
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
        outcome = { status: null, errorKind: 'blocked_address', error: target, headers: {}, body: Buffer.alloc(0), connectMs: null, firstByteMs: null, stale: false } // biome-ignore format: one value
      } else {
        outcome = await exchange({ connections, clock, target, request, startedMs, fresh: false })
        if (outcome.stale && !closed)
          outcome = await exchange({ connections, clock, target, request, startedMs, fresh: true })
      }
      // What is our own may change (the api's port is known only once it listens): do not remember a refusal.
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
