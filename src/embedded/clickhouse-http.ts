/**
 * ClickHouse's HTTP interface, as far as its official client uses it: the parameters of a request, and the status of an
 * exception. https://clickhouse.com/docs/interfaces/http
 */
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface Credentials {
  username: string
  password: string
}

/** One statement with all parameters of its request. */
export interface Statement {
  text: string
  /** Only for an insert whose query is a parameter: its body, in the query's format. */
  data: Buffer[] | undefined
  queryId: string
  database: string | undefined
  /** Output format where the query names none. */
  format: string
  settings: Array<[name: string, value: string]>
  /** Values of `{name:Type}` placeholders, in ClickHouse's escaped text form. */
  parameters: Array<[name: string, value: string]>
  readOnly: boolean
  /** Statements with the same session share temporary tables and SET. */
  sessionId: string | undefined
}

export interface StatementRequest {
  parameters: URLSearchParams
  body: Buffer[]
  readOnly: boolean
  formatHeader: string | string[] | undefined
}

/** Parameters that are not settings of the engine, or that concern transport features of a full server. */
const NOT_SETTINGS = new Set(
  `query query_id database default_format user password quota_key role session_id session_timeout session_check compress decompress
  buffer_size wait_end_of_query send_progress_in_http_headers http_headers_progress_interval_ms http_response_buffer_size
  enable_http_compression http_zlib_compression_level`.split(/\s+/),
)
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const MULTI_CHECK_CHARS_MAX = 1_000_000

/** `takesData`: whether the body of such a query is data; otherwise it is the end of the query. */
export function parseStatement(
  { parameters, body, readOnly, formatHeader }: StatementRequest,
  takesData: (query: string) => boolean,
): Statement {
  const query = parameters.get('query') ?? ''
  const data = query && body.length > 0 && takesData(query) ? body : undefined
  const textOfBody = data ? '' : Buffer.concat(body).toString('utf8')
  const text = query && textOfBody ? `${query}\n${textOfBody}` : query || textOfBody
  if (!text.trim()) throw new StatementError(62, 'SYNTAX_ERROR', 'Empty query')
  if (holdsSeveral(query || text))
    throw new StatementError(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)')
  const names = [...parameters].filter(([name]) => NAME.test(name))
  return {
    text,
    data,
    queryId: parameters.get('query_id') ?? randomUUID(),
    database: parameters.get('database') ?? undefined,
    format: parameters.get('default_format') ?? [formatHeader].flat()[0] ?? 'TabSeparated',
    settings: names.filter(([name]) => !NOT_SETTINGS.has(name) && !name.startsWith('param_')),
    parameters: names.filter(([name]) => name.startsWith('param_')),
    readOnly,
    sessionId: parameters.get('session_id') ?? undefined,
  }
}

/**
 * A server refuses several statements in one request. The engine would run them, but they are refused here too, so that
 * a migration cannot work on the embedded server alone.
 */
function holdsSeveral(query: string): boolean {
  const quoted = /'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\//g
  return query.length <= MULTI_CHECK_CHARS_MAX && /;\s*\S/.test(query.replace(quoted, ' '))
}

/** A string literal of ClickHouse's SQL. */
export function quoteText(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** From basic authentication, ClickHouse's own headers, or parameters, in this order. */
export function readCredentials(headers: IncomingHttpHeaders, parameters: URLSearchParams): Credentials {
  const basic = headers.authorization?.match(/^Basic (.+)$/i)?.[1]
  if (basic) {
    const text = Buffer.from(basic, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    return { username: text.slice(0, colon), password: text.slice(colon + 1) }
  }
  const header = (name: string) => [headers[name]].flat()[0]
  return {
    username: header('x-clickhouse-user') ?? parameters.get('user') ?? 'default',
    password: header('x-clickhouse-key') ?? parameters.get('password') ?? '',
  }
}

/** An exception with ClickHouse's numeric code and its name. */
export class StatementError extends Error {
  readonly code: number

  constructor(code: number, type: string, message: string) {
    super(`Code: ${code}. DB::Exception: ${message}. (${type})`)
    this.code = code
  }

  /** The engine's own exceptions contain their code; any other error is a bug (1002, UNKNOWN_EXCEPTION). */
  static from(error: unknown): { code: number; message: string } {
    if (error instanceof StatementError) return error
    const { message, clickhouseCode } = error as { message?: string; clickhouseCode?: number }
    if (clickhouseCode !== undefined) return { code: clickhouseCode, message: message ?? '' }
    return new StatementError(1002, 'UNKNOWN_EXCEPTION', message ?? String(error))
  }
}

/** The mapping of ClickHouse's own server. */
const STATUS_BY_CODE: ReadonlyArray<[status: number, codes: number[]]> = [
  [401, [194]],
  [403, [192, 193, 516, 164, 497]],
  [400, [6, 26, 27, 38, 41, 43, 53, 62, 72, 117, 130, 280, 441, 456, 457, 469]],
  [404, [46, 47, 50, 56, 60, 63, 73, 81, 115]],
  [408, [159]],
  [413, [223]],
  [501, [48]],
  [503, [202, 209, 439]],
]

export function httpStatusOf(code: number): number {
  return STATUS_BY_CODE.find(([, codes]) => codes.includes(code))?.[0] ?? 500
}
