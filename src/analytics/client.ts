/**
 * ClickHouse over HTTP, embedded or a server of its own: queries with a time limit, and inserts that are retried until
 * they succeed. Each has connections of its own, so that hanging queries do not block inserts.
 *
 * An answer counts as ClickHouse's only if its headers say so: a proxy in between may answer with a page of its own,
 * and with 200.
 *
 * An insert names its block with a token, and ClickHouse drops a block whose token it has seen. So an insert may be
 * sent any number of times, and every error, lost answers included, is handled by sending it again.
 */
import { Readable } from 'node:stream'
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { ClarionError } from '../model/codes.ts'
import { onCluster } from './replicated.ts'

/** Rows of one table and one table partition. The same token must always come with the same rows. */
export interface InsertBlock {
  table: string
  /** ClickHouse's name for the format of the body. */
  format: 'RowBinaryWithNamesAndTypes' | 'JSONEachRow'
  /** In any number of pieces. */
  body: Buffer[]
  /** Number of rows. */
  rows: number
  token: string
}

export interface AnalyticsClient {
  readonly database: string
  /**
   * Rows of a SELECT. Times are ISO 8601. Throws ClarionError `service_unavailable` unless ClickHouse answers in time,
   * completely and with rows; `ClickHouseError` only for a wrong statement. `timeoutMs`: less than the client's, for
   * queries that are not worth a longer wait.
   */
  query<Row>(sql: string, parameters?: Record<string, unknown>, timeoutMs?: number): Promise<Row[]>
  /** One statement without an answer. Errors as `query`. */
  command(sql: string, parameters?: Record<string, unknown>): Promise<void>
  /** The same for a definition, which runs on every replica. */
  define(sql: string): Promise<void>
  /** Creates the database if it is missing; the only call that works without it. */
  createDatabase(): Promise<void>
  /**
   * Resolves when the block is inserted, exactly once, however often it was sent. Rejects only when `signal` is
   * aborted.
   */
  insert(block: InsertBlock, signal: AbortSignal): Promise<void>
  /** Whether ClickHouse answers. Never rejects. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

export interface AnalyticsOptions {
  /** `http://user:password@host:port`. */
  url: string
  database: string
  /** The name of ClickHouse's cluster whose replicas all have the tables; absent: one server. */
  cluster?: string | undefined
  clock: Clock
  logger: Logger
  /** Longest time for one request, ms; for a query including the wait for a connection. */
  requestTimeoutMs?: number
  /** Most queries that run or wait for a connection; one more is refused at once. */
  queriesMax?: number
  /** First and longest wait before a retry of an insert, ms. */
  retryMs?: { first: number; longest: number }
}

const INSERT_SETTINGS = {
  deduplicate_blocks_in_dependent_materialized_views: 1,
  async_insert: 0,
  // One request is one block: parsing in parallel could split it into several.
  input_format_parallel_parsing: 0,
} as const

const CONNECTIONS_MAX = 16
const QUERIES_MAX = 256

/** Exceptions for a wrong statement, which no retry cures. All others may be transient. */
const WRONG_STATEMENT =
  /^(SYNTAX_ERROR|BAD_ARGUMENTS|TYPE_MISMATCH|NO_COMMON_TYPE|NOT_AN_AGGREGATE|UNKNOWN_(IDENTIFIER|FUNCTION|SETTING|TYPE)|ILLEGAL_\w+|CANNOT_(PARSE|CONVERT)_\w+|\w*QUERY_PARAMETER|NUMBER_OF_ARGUMENTS_DOESNT_MATCH)$/

export function createAnalyticsClient(options: AnalyticsOptions): AnalyticsClient {
  const { url, database, clock, logger } = options
  const requestTimeoutMs = options.requestTimeoutMs ?? 30_000
  const queriesMax = options.queriesMax ?? QUERIES_MAX
  const definition = (sql: string) => (options.cluster === undefined ? sql : onCluster(sql, options.cluster))
  const retryMs = options.retryMs ?? { first: 100, longest: 10_000 }
  const connect = (name: string) =>
    createClient({
      url,
      database: name,
      request_timeout: requestTimeoutMs,
      max_open_connections: CONNECTIONS_MAX,
      clickhouse_settings: {
        max_execution_time: Math.ceil(requestTimeoutMs / 1000),
        date_time_output_format: 'iso',
        output_format_json_quote_64bit_integers: 0,
      },
      log: { level: ClickHouseLogLevel.OFF },
    })
  // `record` never rewrites acknowledged rows, so a majority of the replicas must have them.
  const quorum = options.cluster === undefined ? {} : { insert_quorum: 'auto' }
  const queries = connect(database)
  const inserts = connect(database)
  let queriesNow = 0

  async function rowsOf<Row>(sql: string, parameters: Record<string, unknown>, timeoutMs: number): Promise<Row[]> {
    if (queriesNow >= queriesMax) throw new Error(`${queriesNow} queries are under way`)
    const deadline = new AbortController()
    const timer = clock.after(timeoutMs, () => deadline.abort())
    queriesNow++
    try {
      const query = {
        query: sql,
        query_params: parameters,
        format: 'JSONEachRow',
        abort_signal: deadline.signal,
      } as const
      const result = await queries.query(query)
      deadline.signal.onabort = () => result.close()
      const text = await result.text() // its connection is free again once the answer has been read
      checkIsClickHouse(result.response_headers)
      return parseRows<Row>(text)
    } finally {
      queriesNow--
      timer.cancel()
    }
  }

  /**
   * Separates a ClickHouse that cannot answer now (the caller may retry) from one that rejects the statement (a bug).
   */
  async function answered<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      if (cause instanceof ClickHouseError) {
        if (WRONG_STATEMENT.test(cause.type ?? '')) throw cause
        logger.warn({ type: cause.type, error: cause.message }, 'ClickHouse could not answer')
      }
      throw new ClarionError('service_unavailable', 'The history cannot be read now.', {
        retryAfterS: RETRY_AFTER_S,
        cause,
      })
    }
  }

  async function sendUntilTaken(block: InsertBlock, signal: AbortSignal): Promise<void> {
    for (let waitMs = retryMs.first; ; waitMs = Math.min(waitMs * 2, retryMs.longest)) {
      signal.throwIfAborted()
      try {
        const { stream, response_headers } = await inserts.exec({
          query: `INSERT INTO ${block.table} FORMAT ${block.format}`,
          values: Readable.from(block.body, { objectMode: false }),
          clickhouse_settings: { ...INSERT_SETTINGS, ...quorum, insert_deduplication_token: block.token },
          abort_signal: signal,
        })
        let answerBytes = 0
        for await (const chunk of stream) answerBytes += (chunk as Buffer).length // its connection is free again once the answer has been read
        checkIsClickHouse(response_headers)
        if (answerBytes > 0)
          throw new Error(`an insert was answered with ${answerBytes} bytes, which ClickHouse does not do`)
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

  const command = (sql: string, parameters: Record<string, unknown> = {}) =>
    answered(async () => {
      await inserts.command({ query: sql, query_params: parameters })
    })

  return {
    database,
    query: (sql, parameters = {}, timeoutMs = requestTimeoutMs) =>
      answered(() => rowsOf(sql, parameters, Math.min(timeoutMs, requestTimeoutMs))),
    command,
    define: sql => command(definition(sql)),
    createDatabase: () =>
      answered(async () => {
        const server = connect('default')
        try {
          const query = definition('CREATE DATABASE IF NOT EXISTS {name:Identifier}')
          await server.command({ query, query_params: { name: database } })
        } finally {
          await server.close()
        }
      }),
    insert: sendUntilTaken,
    ping: async () => (await queries.ping()).success,
    close: async () => {
      await Promise.all([queries.close(), inserts.close()])
    },
  }
}

const RETRY_AFTER_S = 5

function checkIsClickHouse(headers: Record<string, unknown>): void {
  if (Object.keys(headers).some(name => name.toLowerCase().startsWith('x-clickhouse-'))) return
  throw new Error('the answer has none of the headers of ClickHouse (x-clickhouse-…), so something else has answered')
}

/**
 * One object per line, the last line complete. Throws for anything else: a truncated answer must not pass for a shorter
 * list.
 */
function parseRows<Row>(text: string): Row[] {
  if (text === '') return []
  if (!text.endsWith('\n')) throw new Error('the answer is cut off')
  const rows: unknown[] = text
    .slice(0, -1)
    .split('\n')
    .map(line => JSON.parse(line))
  if (rows.every(row => typeof row === 'object' && row !== null && !Array.isArray(row))) return rows as Row[]
  throw new Error('the answer holds something else than rows')
}

/** Waits for `work`, but at most until the signal. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
