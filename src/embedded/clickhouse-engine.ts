/**
 * Runs statements on chdb. Each has a connection of its own, so that its settings, parameters and database end with it;
 * opening one takes a tenth of a millisecond. A few run at the same time, off the event loop.
 */
import { Session } from 'chdb'
import { quoteText, type Statement } from './clickhouse-http.ts'
import type { InsertFiles } from './insert-files.ts'

/** The number of Node's threads for them. */
const CONCURRENT_MAX = 4
const SESSION_IDLE_MS = 60_000

export interface StatementResult {
  bytes: Uint8Array
  readRows: number
  readBytes: number
  elapsedS: number
}

export interface ClickHouseEngine {
  /** Runs one statement in turn. Rejects with the engine's exception. */
  run(statement: Statement): Promise<StatementResult>
  /** Runs one statement without a result immediately, ahead of waiting ones. */
  runNow(text: string): Promise<void>
  /** Resolves when running statements have ended and the data directory is closed. */
  close(): Promise<void>
}

export function createClickHouseEngine(dataPath: string, files: InsertFiles): ClickHouseEngine {
  const anchor = new Session(dataPath) // the tables stay open as long as a connection exists
  const admit = createGate(CONCURRENT_MAX)
  const sessions = createNamedSessions(dataPath)
  const underWay = new Set<Promise<unknown>>()

  const runWithin = (statement: Statement): Promise<StatementResult> => {
    if (statement.data === undefined) return runText(statement)
    return files.use(statement.text, statement.data, text => runText({ ...statement, text }))
  }

  const runText = async (statement: Statement) => {
    if (statement.sessionId) return sessions.use(statement.sessionId, session => execute(session, statement))
    const session = new Session(dataPath)
    try {
      return await execute(session, statement)
    } finally {
      session.close()
    }
  }

  function track<T>(running: Promise<T>): Promise<T> {
    const settled = running.catch(() => {}).finally(() => underWay.delete(settled))
    underWay.add(settled)
    return running
  }

  return {
    run: statement => track(admit(() => runWithin(statement))),
    async runNow(text) {
      await track(anchor.queryAsync(text))
    },
    async close() {
      await Promise.all(underWay)
      sessions.close()
      anchor.close()
    },
  }
}

async function execute(session: Session, statement: Statement): Promise<StatementResult> {
  const assignments = [
    ...statement.settings,
    ...statement.parameters,
    ...(statement.readOnly ? [['readonly', '2'] as const] : []),
  ]
  if (statement.database) await session.queryAsync(`USE ${quoteName(statement.database)}`)
  if (assignments.length > 0)
    await session.queryAsync(`SET ${assignments.map(([name, value]) => `${name} = ${quoteText(value)}`).join(', ')}`)
  const result = await session.queryAsync(statement.text, { format: statement.format }).catch(acceptNoRows)
  return result
    ? { bytes: result.bytes(), readRows: result.rowsRead, readBytes: result.bytesRead, elapsedS: result.elapsed }
    : NOTHING
}

const NOTHING: StatementResult = { bytes: new Uint8Array(), readRows: 0, readBytes: 0, elapsedS: 0 }

/** NO_DATA_TO_INSERT: over HTTP an insert without rows is a success. */
function acceptNoRows(error: { clickhouseCode?: number }): undefined {
  if (error.clickhouseCode !== 108) throw error
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

/** Runs `max` tasks at a time, the others in order of arrival. */
function createGate(max: number) {
  let free = max
  const waiting: Array<() => void> = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

/** Sessions that clients named; one statement per session at a time, closed when idle. */
function createNamedSessions(dataPath: string) {
  const open = new Map<string, { session: Session; tail: Promise<unknown>; idle: NodeJS.Timeout | undefined }>()
  const closeOne = (id: string) => {
    open.get(id)?.session.close()
    open.delete(id)
  }
  return {
    async use<T>(id: string, work: (session: Session) => Promise<T>): Promise<T> {
      const entry = open.get(id) ?? { session: new Session(dataPath), tail: Promise.resolve(), idle: undefined }
      open.set(id, entry)
      clearTimeout(entry.idle)
      const result = entry.tail.then(() => work(entry.session))
      const tail = result.catch(() => {})
      entry.tail = tail
      await tail
      if (entry.tail === tail) entry.idle = setTimeout(() => closeOne(id), SESSION_IDLE_MS).unref()
      return result
    },
    close() {
      for (const id of open.keys()) closeOne(id)
    },
  }
}
