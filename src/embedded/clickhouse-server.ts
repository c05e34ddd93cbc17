/**
 * The child program of the embedded ClickHouse: `clickhouse-server.ts <settings.json>`. It opens the data directory,
 * serves the part of ClickHouse's HTTP interface that the official client uses, and ends on SIGTERM once running
 * statements have ended.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createClickHouseEngine, type StatementResult } from './clickhouse-engine.ts'
import { type Credentials, httpStatusOf, parseStatement, readCredentials, StatementError } from './clickhouse-http.ts'
import { createDiskGuard, freeBytesAt } from './disk-guard.ts'
import { openInsertFiles } from './insert-files.ts'
import { lowerPriority } from './priority.ts'

const INSERT = /^\s*insert\b/i
const BODY_BYTES_MAX = 64 * 1024 * 1024

interface ServerSettings extends Credentials {
  port: number
  dataPath: string
}

const settings = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as ServerSettings
lowerPriority() // before the engine starts its threads
const dataPath = resolve(settings.dataPath)
const files = openInsertFiles(dirname(dataPath))
const engine = createClickHouseEngine(dataPath, files)
const disk = createDiskGuard({ freeBytes: () => freeBytesAt(dataPath), run: text => engine.runNow(text) })
await disk.check()

/** The limit of ClickHouse's own server for a URL, which contains the parameters of a query. */
const ADDRESS_BYTES_MAX = 1024 * 1024

const server = createServer({ maxHeaderSize: ADDRESS_BYTES_MAX }, (request, response) => {
  answer(request, response).catch(error => refuse(request, response, error))
})
server.requestTimeout = 0
server.keepAliveTimeout = 65_000
server.listen(settings.port, '127.0.0.1')

/** A terminal's Ctrl-C is for the platform, which closes this process once it has drained. */
process.on('SIGINT', () => {})
process.once('SIGTERM', () => {
  disk.stop()
  server.close()
  server.closeIdleConnections()
  engine.close().then(() => {
    files.close()
    process.exit(0)
  })
})

async function answer(request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (url.pathname === '/ping') return void response.end('Ok.\n')
  authenticate(readCredentials(request.headers, url.searchParams))
  const call = {
    parameters: url.searchParams,
    body: await readBody(request),
    readOnly: request.method === 'GET' || request.method === 'HEAD',
    formatHeader: request.headers['x-clickhouse-format'],
  }
  const statement = parseStatement(call, files.fits)
  if (INSERT.test(statement.text) && disk.isLow())
    throw new StatementError(
      243,
      'NOT_ENOUGH_SPACE',
      'The disk is nearly full: nothing is inserted until there is room again',
    )
  const result = await engine.run(statement)
  response.setHeader('content-type', 'text/plain; charset=UTF-8')
  response.setHeader('x-clickhouse-query-id', statement.queryId)
  response.setHeader('x-clickhouse-format', statement.format)
  response.setHeader('x-clickhouse-summary', JSON.stringify(summary(result)))
  response.end(result.bytes)
}

function summary({ readRows, readBytes, elapsedS }: StatementResult) {
  return { read_rows: String(readRows), read_bytes: String(readBytes), elapsed_ns: String(Math.round(elapsedS * 1e9)) }
}

function authenticate(given: Credentials) {
  const digest = ({ username, password }: Credentials) =>
    createHash('sha256').update(`${username}\n${password}`).digest()
  if (timingSafeEqual(digest(given), digest(settings))) return
  throw new StatementError(
    516,
    'AUTHENTICATION_FAILED',
    `${given.username}: Authentication failed: password is incorrect, or there is no user with such name`,
  )
}

async function readBody(request: IncomingMessage): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > BODY_BYTES_MAX)
      throw new StatementError(223, 'QUERY_IS_TOO_LARGE', `The body is larger than ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return request.headers['content-encoding'] === 'gzip'
    ? [gunzipSync(Buffer.concat(chunks), { maxOutputLength: BODY_BYTES_MAX })]
    : chunks
}

/** The exception in ClickHouse's wording: the client parses code and type from the text. */
function refuse(request: IncomingMessage, response: ServerResponse, error: unknown) {
  const { code, message } = StatementError.from(error)
  if (response.headersSent) return void response.destroy()
  response.statusCode = httpStatusOf(code)
  response.setHeader('content-type', 'text/plain; charset=UTF-8')
  response.setHeader('x-clickhouse-exception-code', String(code))
  if (!request.complete) response.setHeader('connection', 'close') // the rest of its body stays unread
  response.end(`${message}\n`)
}
