/**
 * One connection to PostgreSQL. Every statement goes by the extended protocol, which takes one statement only: with the
 * simple protocol `commit; insert …` would pass as one text. Values come back as PostgreSQL writes them.
 */
import pg from 'pg'

export interface DatabaseLogin {
  host: string
  port: number
  user: string
  password: string
  database: string
  /** Undefined: no TLS. */
  ssl?: boolean | { rejectUnauthorized: boolean; servername?: string } | undefined
}

export type Value = string | null

export interface Result {
  columns: Array<{ name: string; typeId: number }>
  rows: Value[][]
  /** Rows that the statement returned or changed. */
  rowCount: number
  /** `SELECT`, `UPDATE`, `COMMIT`, … */
  command: string
}

export interface Session {
  readonly pid: number
  /** Whether its socket is still open. */
  readonly isOpen: boolean
  /** `bytesMax`: the connection is cut when the answer is larger. */
  run(text: string, values?: readonly Value[], bytesMax?: number): Promise<Result>
  /** Statements that are sent at once; each fails alone. Rejects with the first failure, once all have ended. */
  runAll(texts: ReadonlyArray<[text: string, values?: readonly Value[]]>): Promise<Result[]>
  /** Whether a transaction is open and has not failed. */
  isInTransaction(): boolean
  /** Cuts the connection without waiting; statements under way reject. */
  cut(): void
  close(): Promise<void>
}

/** The answer of a statement was larger than its bound, and the connection is cut. */
export class ResultTooLarge extends Error {}

const CONNECT_MS = 5_000
const AS_TEXT = { getTypeParser: () => (text: string) => text }

/** Parts of a client that its types do not declare. */
interface Inner {
  connection: { stream: { on(event: 'data', on: (chunk: Buffer) => void): void; destroy(): void } }
  processID: number
  getTransactionStatus(): string | null
}

export async function openSession(login: DatabaseLogin): Promise<Session> {
  const client = new pg.Client({
    ...login,
    ssl: login.ssl ?? false,
    application_name: 'clarion',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: AS_TEXT as never,
    pipeline: true,
  } as pg.ClientConfig)
  let isOpen = true
  client.on('error', () => {
    isOpen = false // whoever waits for a statement gets the error; an idle connection is not used again
  })
  client.on('end', () => {
    isOpen = false
  })
  await client.connect()
  const inner = client as unknown as Inner
  const bound = { bytes: 0, max: Number.POSITIVE_INFINITY, wasPassed: false }
  inner.connection.stream.on('data', chunk => {
    bound.bytes += chunk.length
    if (bound.bytes <= bound.max || bound.wasPassed) return
    bound.wasPassed = true
    inner.connection.stream.destroy()
  })

  const send = async (text: string, values: readonly Value[] = []): Promise<Result> => {
    const answer = await client.query({ text, values: [...values], rowMode: 'array', queryMode: 'extended' } as never)
    const { fields, rows, rowCount, command } = answer as unknown as pg.QueryArrayResult
    const columns = fields.map(({ name, dataTypeID: typeId }) => ({ name, typeId }))
    return { columns, rows: rows as Value[][], rowCount: rowCount ?? 0, command }
  }

  return {
    pid: inner.processID,
    get isOpen() {
      return isOpen
    },
    async run(text, values, bytesMax = Number.POSITIVE_INFINITY) {
      bound.bytes = 0
      bound.max = bytesMax
      try {
        return await send(text, values)
      } catch (error) {
        if (bound.wasPassed) throw new ResultTooLarge(`The answer is larger than ${bytesMax} bytes`)
        throw error
      } finally {
        bound.max = Number.POSITIVE_INFINITY
      }
    },
    async runAll(texts) {
      const all = await Promise.allSettled(texts.map(([text, values]) => send(text, values)))
      return all.map(each => {
        if (each.status === 'rejected') throw each.reason
        return each.value
      })
    },
    isInTransaction: () => inner.getTransactionStatus() === 'T',
    cut() {
      isOpen = false
      inner.connection.stream.destroy()
    },
    async close() {
      isOpen = false
      await client.end().catch(() => undefined)
    },
  }
}
