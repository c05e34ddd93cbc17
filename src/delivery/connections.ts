/**
 * Kept-alive connections to receivers. An attempt has a connection to itself, so that its time limit can destroy it without touching
 * anything else, and so that it is known whether the connection was new. Idle ones are kept per origin, the most recently used first,
 * and bounded over all origins: with many receivers the longest idle connection makes room.
 */
import { Client } from 'undici'
import type { Clock } from '../clock.ts'
import type { Connect } from './connect.ts'

const IDLE_MAX = 1024
/** Shorter than what servers commonly wait (5 s), so that they rarely close a connection that is just being used. */
const KEEP_ALIVE_MS = 4000
const KEEP_ALIVE_HINT_MS_MAX = 60_000
const RESPONSE_HEADER_BYTES_MAX = 16 * 1024

/** Where an attempt goes, worked out once per URL. */
export interface Target {
  url: URL
  /** What stands in the request line. */
  path: string
  /** A route of our own that the guard lets pass unchecked. */
  trusted: boolean
  /** Attempts of one key may share connections: one origin, one trust. */
  key: string
}

export interface Connection {
  readonly key: string
  readonly client: Client
  /** Exchanges that it has been kept after. */
  uses: number
  /** Milliseconds that connecting took, name and TLS included; null unless it happened during the present exchange. */
  connectMs: number | null
  /** Gives up a connecting under way. */
  cancelConnect: () => void
}

export interface Connections {
  /** An idle connection to the target or a new one; `fresh`: a new one in any case. */
  take(target: Target, fresh: boolean): Connection
  /** After a clean exchange: kept for the next. */
  give(connection: Connection): void
  /** Closes it at once, with whatever goes on in it. */
  drop(connection: Connection): void
  /** Open connections, in use and idle. */
  count(): { open: number; idle: number }
  close(): void
}

export function createConnections(options: { connect: Connect; clock: Clock; idleMax?: number }): Connections {
  const { connect, clock, idleMax = IDLE_MAX } = options
  const open = new Set<Connection>()
  /** Longest idle first. */
  const idle = new Set<Connection>()
  const idleByKey = new Map<string, Connection[]>()

  function create(target: Target): Connection {
    const client = new Client(target.url.origin, {
      connect: (_options, callback) => {
        const startedMs = clock.monotonicMs()
        connection.cancelConnect = connect(target.url, target.trusted, (error, socket) => {
          connection.connectMs = error ? null : clock.monotonicMs() - startedMs
          if (error) callback(error, null)
          else callback(null, socket!)
        })
      },
      // The attempt's own time limit covers everything; undici's timers would only cost.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_HINT_MS_MAX,
      maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
    })
    const connection: Connection = { key: target.key, client, uses: 0, connectMs: null, cancelConnect: () => undefined }
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

  function forget(connection: Connection): void {
    if (!idle.delete(connection)) return
    const siblings = idleByKey.get(connection.key)!
    siblings.splice(siblings.lastIndexOf(connection), 1)
    if (siblings.length === 0) idleByKey.delete(connection.key)
  }

  return {
    drop,
    take(target, fresh) {
      const kept = fresh ? undefined : idleByKey.get(target.key)?.at(-1)
      if (!kept) return create(target)
      forget(kept)
      kept.connectMs = null
      return kept
    },
    give(connection) {
      if (!open.has(connection)) return
      connection.uses += 1
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
