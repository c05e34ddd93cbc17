/**
 * ClickHouse over HTTP, embedded or a server of its own: questions with a bound on their time, and inserts that are repeated until they
 * are in.
 *
 * An insert names its block with a token, and ClickHouse drops a block whose token it has seen. So the same insert may be sent any number
 * of times: whatever went wrong with it, lost answers included, the cure is to send it again.
 */
import { Readable } from 'node:stream'
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Clock } from '../clock.ts'
import { ClarionError } from '../codes.ts'
import type { Logger } from '../observability/logger.ts'

/** Rows of one table and one table partition. The same token must always come with the same rows. */
export interface InsertBlock {
  table: string
  /** ClickHouse's name of what the body is in. */
  format: 'RowBinaryWithNamesAndTypes' | 'JSONEachRow'
  /** In any number of pieces. */
  body: Buffer[]
  /** How many there are in it. */
  rows: number
  token: string
}

export interface AnalyticsClient {
  readonly database: string
  /** Rows of a SELECT. Times come as ISO 8601. Throws ClarionError `service_unavailable` when ClickHouse cannot be reached or takes too long. */
  query<Row>(sql: string, parameters?: Record<string, unknown>): Promise<Row[]>
  /** One statement without an answer. Errors as `query`. */
  command(sql: string, parameters?: Record<string, unknown>): Promise<void>
  /** Makes the database if it is missing; the only call that works before there is one. */
  createDatabase(): Promise<void>
  /** Resolves when the block is in, once, however often that takes. Rejects only when `signal` is aborted. */
  insert(block: InsertBlock, signal: AbortSignal): Promise<void>
  /** Whether ClickHouse answers. Never rejects. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

export interface AnalyticsOptions {
  /** `http://user:password@host:port`. */
  url: string
  database: string
  clock: Clock
  logger: Logger
  /** Longest time for one request, ms. */
  requestTimeoutMs?: number
  /** First and longest wait before an insert is repeated, ms. */
  retryMs?: { first: number; longest: number }
}

const INSERT_SETTINGS = {
  deduplicate_blocks_in_dependent_materialized_views: 1,
  async_insert: 0,
  // One request is one block: never parsed, and so never written, in pieces.
  input_format_parallel_parsing: 0,
} as const

export function createAnalyticsClient(options: AnalyticsOptions): AnalyticsClient {
  const { url, database, clock, logger } = options
  const requestTimeoutMs = options.requestTimeoutMs ?? 30_000
  const retryMs = options.retryMs ?? { first: 100, longest: 10_000 }
  const connect = (name: string) =>
    createClient({
      url,
      database: name,
      request_timeout: requestTimeoutMs,
      max_open_connections: 16,
      clickhouse_settings: {
        max_execution_time: Math.ceil(requestTimeoutMs / 1000),
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
      },
      log: { level: ClickHouseLogLevel.OFF },
    })
  const client = connect(database)

  async function sendUntilTaken(block: InsertBlock, signal: AbortSignal): Promise<void> {
    for (let waitMs = retryMs.first; ; waitMs = Math.min(waitMs * 2, retryMs.longest)) {
      signal.throwIfAborted()
      try {
        const { stream } = await client.exec({
          query: `INSERT INTO ${block.table} FORMAT ${block.format}`,
          values: Readable.from(block.body, { objectMode: false }),
          clickhouse_settings: { ...INSERT_SETTINGS, insert_deduplication_token: block.token },
          abort_signal: signal,
        })
        for await (const _ of stream); // its connection is free again once the answer has been read
        return
      } catch (error) {
        signal.throwIfAborted()
        logger.warn(
          { table: block.table, token: block.token, waitMs, error: String(error) },
          'an insert into ClickHouse failed and will be repeated',
        )
        await untilAborted(clock.sleep(waitMs), signal)
      }
    }
  }

  return {
    database,
    query: (sql, parameters = {}) =>
      answered(async () => {
        const result = await client.query({ query: sql, query_params: parameters, format: 'JSONEachRow' })
        return result.json()
      }),
    command: (sql, parameters = {}) =>
      answered(async () => {
        await client.command({ query: sql, query_params: parameters })
      }),
    createDatabase: () =>
      answered(async () => {
        const server = connect('default')
        try {
          await server.command({ query: 'CREATE DATABASE IF NOT EXISTS {name:Identifier}', query_params: { name: database } })
        } finally {
          await server.close()
        }
      }),
    insert: sendUntilTaken,
    ping: async () => (await client.ping()).success,
    close: () => client.close(),
  }
}

/** Tells a ClickHouse that is away or too slow (the caller may come again) from one that refuses what we asked (our fault). */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    const refused = cause instanceof ClickHouseError && cause.type !== 'TIMEOUT_EXCEEDED'
    if (refused) throw cause
    throw new ClarionError('service_unavailable', 'The history cannot be read now.', { retryAfterS: 5, cause })
  }
}

/** Waits for `work`, but no longer than until the signal. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
