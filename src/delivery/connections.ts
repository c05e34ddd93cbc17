/**
 * Kept-alive connections to receivers. Each attempt has a connection to itself, so that its time limit can destroy the
 * connection without affecting others, and so that it is known whether the connection was new. Idle connections are
 * kept per origin, the most recently used first, and bounded over all origins: with many receivers the longest idle one
 * is closed. A maximum age makes sure that a changed DNS name is noticed.
 */
import { Client } from 'undici'
import type { Clock } from '../clock.ts'
import { type AnswerFilter, filterAnswers } from './answer-filter.ts'
import type { Connect } from './connect.ts'

const IDLE_MAX = 1024
const AGE_MS_MAX = 60_000
/** Shorter than the usual timeout of servers (5 s), so that they rarely close a connection at the moment of its use. */
const KEEP_ALIVE_MS = 4000
const KEEP_ALIVE_HINT_MS_MAX = 60_000
const RESPONSE_HEADER_BYTES_MAX = 16 * 1024

/** The destination of an attempt, computed once per URL. */
export interface Target {
  url: URL
  /** The path in the request line. */
  path: string
  /** A route of the platform that the guard allows unchecked. */
  trusted: boolean
  /** Attempts with the same key may share connections: one origin, one trust. */
  key: string
}

export interface Connection {
  readonly key: string
  readonly client: Client
  /** Completed exchanges after which it was kept. */
  uses: number
  /** Milliseconds for connecting, name and TLS included; null unless it happened during the current exchange. */
  connectMs: number | null
  /** Parts of it; null likewise. */
  dnsMs: number | null
  tlsMs: number | null
  /** The address of the receiver; null before it is connected. */
  remoteAddress: string | null
  /** Monotonic time at which it was established, name resolved; null before. */
  connectedAtMs: number | null
  /** Filter of the current socket; undefined before there is one. */
  answers: AnswerFilter | undefined
  /** Cancels a connect under way. */
  cancelConnect: () => void
}

export interface Connections {
  /** An idle connection to the target, or a new one; `fresh`: always a new one. */
  take(target: Target, fresh: boolean): Connection
  /** Keeps a connection after a clean exchange. */
  give(connection: Connection): void
  /** Closes it at once, with any exchange on it. */
  drop(connection: Connection): void
  /** Open connections, in use and idle. */
  count(): { open: number; idle: number }
  close(): void
}

export interface ConnectionsOptions {
  connect: Connect
  clock: Clock
  /** Most idle connections, over all receivers. */
  idleMax?: number
  /** No exchange begins on a connection that is older. */
  ageMsMax?: number
  /** Of one answer, headers and framing included; 512 KB by default. */
  answerBytesMax?: number
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { connect, clock, idleMax = IDLE_MAX, ageMsMax = AGE_MS_MAX } = options
  const open = new Set<Connection>()
  /** Longest idle first. */
  const idle = new Set<Connection>()
  const idleByKey = new Map<string, Connection[]>()

  function create(target: Target): Connection {
    const client = new Client(target.url.origin, {
      connect: (_options, callback) => {
        const startedMs = clock.monotonicMs()
        connection.cancelConnect = connect(target.url, target.trusted, (error, socket, { dnsMs, tlsMs }) => {
          connection.dnsMs = dnsMs
          connection.tlsMs = tlsMs
          if (error) return callback(error, null)
          connection.connectedAtMs = startedMs
          connection.connectMs = clock.monotonicMs() - startedMs
          connection.remoteAddress = socket!.remoteAddress ?? null
          connection.answers = filterAnswers(socket!, options.answerBytesMax)
          callback(null, socket!)
        })
      },
      // The attempt's own time limit covers everything; undici's timers would only add cost.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_HINT_MS_MAX,
      maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
    })
    const connection: Connection = {
      key: target.key,
      client,
      uses: 0,
      connectMs: null,
      ...{ dnsMs: null, tlsMs: null, remoteAddress: null },
      connectedAtMs: null,
      answers: undefined,
      cancelConnect: () => undefined,
    }
    client.on('disconnect', () => {
      if (idle.has(connection)) drop(connection)
    })
    open.add(connection)
    return connection
  }

  function drop(connection: Connection): void {
    open.delete(connection)
    forget(connection)
    connection.cancelConnect()
    connection.client.destroy().catch(() => undefined)
  }

  /** The most recently used one that is young enough; older ones are closed. */
  function idleOf(key: string): Connection | undefined {
    let kept = idleByKey.get(key)?.at(-1)
    while (kept !== undefined && isTooOld(kept)) {
      drop(kept)
      kept = idleByKey.get(key)?.at(-1)
    }
    return kept
  }

  function isTooOld({ connectedAtMs }: Connection): boolean {
    return connectedAtMs !== null && clock.monotonicMs() - connectedAtMs >= ageMsMax
  }

  function forget(connection: Connection): void {
    if (!idle.delete(connection)) return
    const siblings = idleByKey.get(connection.key)!
    if (siblings.at(-1) === connection) siblings.pop()
    else siblings.splice(siblings.lastIndexOf(connection), 1)
    if (siblings.length === 0) idleByKey.delete(connection.key)
  }

  return {
    drop,
    take(target, fresh) {
      const kept = fresh ? undefined : idleOf(target.key)
      if (kept === undefined) return create(target)
      forget(kept)
      Object.assign(kept, { connectMs: null, dnsMs: null, tlsMs: null })
      return kept
    },
    give(connection) {
      if (!open.has(connection)) return
      if (isTooOld(connection)) return drop(connection)
      connection.uses += 1
      connection.answers?.rest()
      idle.add(connection)
      const siblings = idleByKey.get(connection.key)
      if (siblings) siblings.push(connection)
      else idleByKey.set(connection.key, [connection])
      if (idle.size > idleMax) drop(idle.values().next().value!)
    },
    count: () => ({ open: open.size, idle: idle.size }),
    close() {
      for (const connection of open) drop(connection)
    },
  }
}
