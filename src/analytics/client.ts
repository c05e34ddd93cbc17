/**
 * ClickHouse over HTTP, embedded or a server of its own: queries with a bound on their time, and inserts that are repeated until they are
 * in. Each has connections of its own, so that queries that hang keep no insert waiting.
 *
 * An answer is ClickHouse's only if it says so in its headers: a proxy in between may answer with a page of its own, and with 200.
 *
 * An insert names its block with a token, and ClickHouse drops a block whose token it has seen. So the same insert may be sent any number
 * of times: whatever went wrong with it, lost answers included, the cure is to send it again.
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
  /**
   * Rows of a SELECT. Times come as ISO 8601. Throws ClarionError `service_unavailable` unless ClickHouse answers in time, to the end and with
   * rows; only a statement that ClickHouse finds wrong is a `ClickHouseError`. `timeoutMs`: less than the client's, for what is not worth more.
   */
  query<Row>(sql: string, parameters?: Record<string, unknown>, timeoutMs?: number): Promise<Row[]>
  /** One statement without an answer. Errors as `query`. */
  command(sql: string, parameters?: Record<string, unknown>): Promise<void>
  /** The same for a definition, which reaches every replica. */
  define(sql: string): Promise<void>
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
  /** The name of ClickHouse's own cluster, whose replicas all hold the tables; absent: one server. */
  cluster?: string | undefined
  clock: Clock
  logger: Logger
  /** Longest time for one request, ms; for a query also the wait for a connection. */
  requestTimeoutMs?: number
  /** Most queries that are under way or wait for a connection; one more is refused at once. */
  queriesMax?: number
  /** First and longest wait before an insert is repeated, ms. */
  retryMs?: { first: number; longest: number }
}

const INSERT_SETTINGS = {
  deduplicate_blocks_in_dependent_materialized_views: 1,
  async_insert: 0,
  // One request is one block: never parsed, and so never written, in pieces.
  input_format_parallel_parsing: 0,
} as const

const CONNECTIONS_MAX = 16
const QUERIES_MAX = 256

/** Exceptions that say that a statement is wrong, which no repetition mends. Everything else may pass. */
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
  // `record` does not write again what has been acknowledged, so a majority of the replicas must have it.
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

  /** Tells a ClickHouse that cannot answer now (the caller may come again) from one that finds the statement wrong (our fault). */
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

/** One object a line, the last line whole too. Throws for anything else: what is cut off must not pass for a shorter list. */
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

/** Waits for `work`, but no longer than until the signal. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
