/**
 * A server in front of the run's ClickHouse that hands everything on, and answers chosen queries as a ClickHouse in trouble would, or what is
 * in between. Only queries are chosen; inserts and commands pass unless `insertsToo`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { PATIENT_SERVER } from './patient-server.ts'

const CLICKHOUSE = { 'x-clickhouse-query-id': 'q', 'x-clickhouse-format': 'JSONEachRow' }
const PAGE = '<html><body><h1>502 Bad Gateway</h1></body></html>'

type Misbehave = (response: ServerResponse, rows: Buffer) => void

/** By name, what a query is answered with instead of its rows. */
export const FAULTS = {
  'is reset': response => void response.destroy(),
  'is reset in the middle of the answer': (response, rows) => {
    response
      .writeHead(200, CLICKHOUSE)
      .write(`${rows.subarray(0, Math.ceil(rows.length / 2))}{"a":`, () => response.destroy())
  },
  'is cut off': (response, rows) =>
    void response.writeHead(200, CLICKHOUSE).end(`${rows.subarray(0, rows.length - 2)}{"a":1`),
  'is no JSON': response => void response.writeHead(200, CLICKHOUSE).end('Ok.\n'),
  'is no row': response => void response.writeHead(200, CLICKHOUSE).end('[1]\nnull\n'),
  'is a page of a proxy, with 200': response => void response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE),
  'is a page of a proxy, with 502': response => void response.writeHead(502, { 'content-type': 'text/html' }).end(PAGE),
  'is the JSON of something else': response => void response.writeHead(200).end('{"status":"ok"}\n'),
  'is empty, and not of ClickHouse': response => void response.writeHead(200).end(),
  'is an exception': response =>
    void response
      .writeHead(500, { ...CLICKHOUSE, 'x-clickhouse-exception-code': '241' })
      .end('Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n'),
  'is an exception in the middle of the answer': (response, rows) =>
    void response
      .writeHead(200, CLICKHOUSE)
      .end(`${rows}Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n`),
  'never comes': () => undefined,
  'never ends': (response, rows) => void response.writeHead(200, CLICKHOUSE).write(rows.length > 0 ? rows : '{"a":'),
} satisfies Record<string, Misbehave>

export type Fault = keyof typeof FAULTS

/** The fault of a query; undefined: it passes. May wait. */
export type Decide = (query: { sql: string; nth: number }) => Fault | undefined | Promise<Fault | undefined>

export interface FaultyClickHouse {
  url: string
  /** From the next request on; `nth` counts from 0 again. */
  decide(decide: Decide, insertsToo?: boolean): void
  close(): Promise<void>
}

export async function openFaultyClickHouse(target: string): Promise<FaultyClickHouse> {
  const { origin, username, password } = new URL(target)
  let [decide, nth, insertsToo]: [Decide, number, boolean] = [() => undefined, 0, false]

  const server = createServer({ ...PATIENT_SERVER, maxHeaderSize: 1024 * 1024 }, async (request, response) => {
    const body = await bodyOf(request)
    const isQuery = insertsToo || !new URL(request.url!, origin).searchParams.has('query')
    const fault = isQuery ? await decide({ sql: body.toString(), nth: nth++ }) : undefined
    const { headers: { authorization = '' } = {}, method = 'POST' } = request
    const answer = await fetch(origin + request.url, {
      method,
      headers: { authorization },
      ...(body.length > 0 ? { body } : {}),
    })
    const rows = Buffer.from(await answer.arrayBuffer())
    const handOn: Misbehave = () => {
      const named = [...answer.headers].filter(([name]) => name.startsWith('x-clickhouse-'))
      response.writeHead(answer.status, Object.fromEntries(named)).end(rows)
    }
    ;(fault === undefined ? handOn : FAULTS[fault])(response, rows)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${username}:${password}@127.0.0.1:${port}`,
    decide: (next, inserts = false) => {
      ;[decide, nth, insertsToo] = [next, 0, inserts]
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Long enough for simultaneous queries to arrive, and for an answer to be read before the next one. */
const TOGETHER_MS = 30

export type Order = 'first' | 'last' | 'together'

/**
 * Which of the queries of one call fail, and when: the one of this place before any other is answered, after all the others, or all of them
 * at once. `seen` counts the queries, `failed` those that failed.
 */
export function failing(
  fault: Fault,
  order: Order,
  place: number,
): { decide: Decide; seen(): number; failed(): number } {
  let [seen, failed] = [0, 0]
  return {
    seen: () => seen,
    failed: () => failed,
    async decide({ nth }) {
      seen++
      const fails = order === 'together' || nth === place
      if (fails) failed++
      if ((order === 'first' && !fails) || (order === 'last' && fails)) await pause(TOGETHER_MS)
      return fails ? fault : undefined
    },
  }
}
