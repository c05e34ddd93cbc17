/**
 * The database of organizations' tables: the embedded PostgreSQL, which starts when it is first needed, or a server.
 * Nothing else waits for it, `/ready` included.
 */
import { isLoopback } from '../delivery/addresses.ts'
import {
  type EmbeddedPostgres,
  endLeftPostgres,
  hasEmbeddedPostgres,
  openEmbeddedPostgres,
} from '../embedded/postgres.ts'
import { createTableSteps, type TableSteps } from '../tables/steps.ts'
import { createDatabase, type Database } from '../tables/store/database.ts'
import type { DatabaseLogin } from '../tables/store/session.ts'
import { createTableParts, createTables, type Tables } from '../tables/tables.ts'
import type { Closing, Parts } from './parts.ts'

const PORT_DEFAULT = 5432
const OFF = 'Tables are switched off in this installation (DATABASE_URL=off).'
const NEEDS_SERVER = 'An installation with KAFKA_BROKERS needs a PostgreSQL server for tables: set DATABASE_URL.'

export type OpenTables = { tables: Tables; steps: TableSteps; database: Database }

type Needs = Pick<Parts, 'config' | 'clock' | 'logger' | 'progress' | 'backends' | 'metrics' | 'closing'>

const opened = new WeakMap<Closing, OpenTables>()

/** One for all roles of a process. */
export function openTables(parts: Needs): OpenTables {
  const known = opened.get(parts.closing) ?? open(parts)
  opened.set(parts.closing, known)
  return known
}

function open(parts: Needs): OpenTables {
  const { config, clock, backends, closing } = parts
  const server = serverOf(parts)
  const database = createDatabase({
    connect: server.connect,
    isThere: server.isThere,
    secretKey: backends.secretKey,
    sharedCatalog: config.tablesSharedCatalog === 'allow',
    clock,
  })
  const tableParts = createTableParts({ database, clock })
  parts.metrics.tables.sessions(() => ({ open: database.sessions.open, waiting: database.sessions.waiting }))
  closing.push(async () => {
    await database.close()
    await server.close()
  })
  const steps = createTableSteps(tableParts, parts.metrics.tables)
  return { tables: createTables(tableParts, clock), steps, database }
}

/** Processes that share a cluster may be on several machines: each of them would have tables of its own. */
function serverOf(parts: Needs): Server {
  const { databaseUrl, kafkaBrokers } = parts.config
  if (databaseUrl === 'off') return none(OFF, parts)
  if (databaseUrl !== undefined) return given(databaseUrl, parts)
  return kafkaBrokers.length > 0 ? none(NEEDS_SERVER, parts) : embedded(parts)
}

interface Server {
  connect(): Promise<DatabaseLogin>
  /** Whether there may be a table. */
  isThere(): boolean
  close(): Promise<void>
}

function embedded({ config: { dataDir }, progress, logger, backends }: Needs): Server {
  const stop = new AbortController()
  let running: Promise<EmbeddedPostgres> | undefined

  function start(): Promise<EmbeddedPostgres> {
    const forget = () => {
      if (running === starting) running = undefined
    }
    const onExit = (reason: string) => {
      forget()
      progress.warn(`${reason}; the next call that needs tables starts it again`)
    }
    const starting = openEmbeddedPostgres({ dataDir, logger: progress, onExit, stop: stop.signal })
    // Another process of the installation may end the server that this one has joined: then it is looked up again.
    starting.then(joined => (joined.isJoined ? forget() : block(backends, joined)), forget)
    return starting
  }

  if (hasEmbeddedPostgres(dataDir)) {
    running = start()
    running.catch(error => logger.warn({ error: String(error) }, 'the tables cannot be reached'))
  }
  return {
    connect: () => (running ??= start()),
    isThere: () => running !== undefined || hasEmbeddedPostgres(dataDir),
    async close() {
      stop.abort(new Error('the platform stops'))
      await running?.then(each => each.close()).catch(() => undefined)
    },
  }
}

function none(reason: string, parts: Needs): Server {
  endLeft(parts)
  return { connect: () => Promise.reject(new Error(reason)), isThere: () => false, close: async () => undefined }
}

function given(url: string, parts: Needs): Server {
  endLeft(parts)
  const login = loginOf(url)
  block(parts.backends, login)
  return { connect: async () => login, isThere: () => true, close: async () => undefined }
}

function endLeft({ config: { dataDir }, progress, logger }: Needs): void {
  endLeftPostgres({ dataDir, logger: progress }).catch(error =>
    logger.warn({ error: String(error) }, 'a PostgreSQL of an earlier run could not be ended'),
  )
}

/** Webhooks do not reach it. */
function block({ addresses }: Parts['backends'], { host, port }: { host: string; port: number }): void {
  if (!addresses.some(each => each.host === host && each.port === port)) addresses.push({ host, port })
}

function loginOf(url: string): DatabaseLogin {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const user = decodeURIComponent(username)
  return {
    host,
    port: Number(port) || PORT_DEFAULT,
    user,
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || user,
    ssl: tlsOf(searchParams.get('sslmode'), host),
  }
}

/** As libpq has the modes; without one, TLS is a must outside loopback. */
function tlsOf(mode: string | null, host: string): DatabaseLogin['ssl'] {
  if (mode === 'disable') return undefined
  if (mode === 'verify-full' || mode === 'verify-ca') return { rejectUnauthorized: true }
  return mode === null && isLoopback(host) ? undefined : { rejectUnauthorized: false }
}
