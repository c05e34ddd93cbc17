/**
 * One statement on a foreign PostgreSQL, at an address that the egress guard has let pass. A connection serves one owner
 * and one state of its settings; it forgets what a statement has set, and is kept for half a minute for the next one. What
 * has happened there when the answer is lost, nobody knows: such a failure may be tried again.
 */
import { isIP } from 'node:net'
import type { Clock } from '../clock.ts'
import type { AddressGuard } from '../delivery/address-guard.ts'
import { AttemptError } from '../delivery/attempt-error.ts'
import { ClarionError } from '../model/codes.ts'
import type { ConnectionTls } from '../model/connections.ts'
import { checkQuery, type Queried, type Query, readQuery, statement, timeoutSql } from './query.ts'
import { codedFailure, isAway, isWrongPassword } from './store/failures.ts'
import { createPool } from './store/pool.ts'
import { type DatabaseLogin, openSession, type Session } from './store/session.ts'

export interface ForeignServer {
  host: string
  port: number
  database: string
  user: string
  password: string
  tls: ConnectionTls
  /** Its owner; others never get its connection. Undefined: the connection is used once. */
  owner?: string
}

export interface ForeignQuery extends Query {
  mode: 'read' | 'write'
  signal?: AbortSignal | undefined
}

export interface ForeignDatabases {
  /** Throws codes of SQL, `connection_failed` and `connection_refused`. */
  run(server: ForeignServer, query: ForeignQuery): Promise<Queried>
  close(): Promise<void>
}

const LIMITS = { sessionsMax: 32, sessionsOfLoginMax: 4, idleMs: 30_000, waitMs: 5_000 }

export function createForeignDatabases({
  guard,
  clock,
}: {
  guard: Pick<AddressGuard, 'addressesOf'>
  clock: Clock
}): ForeignDatabases {
  /** The settings themselves tell connections apart. */
  const pool = createPool({
    open: async settings => openSession(await loginOf(guard, JSON.parse(settings))),
    clock,
    limits: LIMITS,
  })

  async function once(server: ForeignServer, work: (session: Session) => Promise<Queried>): Promise<Queried> {
    const session = await openSession(await loginOf(guard, server))
    return work(session).finally(() => session.cut())
  }

  return {
    async run({ host, port, database, user, password, tls, owner }, query) {
      checkQuery(query)
      const server = { host, port, database, user, password, tls, ...(owner === undefined ? {} : { owner }) }
      const work = (session: Session) => performed(session, query)
      try {
        return await (owner === undefined ? once(server, work) : pool.use(JSON.stringify(server), work))
      } catch (error) {
        throw failureOf(error)
      }
    },
    close: () => pool.close(),
  }
}

/** After any failure the connection is cut: nobody knows what it still holds. */
async function performed(session: Session, query: ForeignQuery): Promise<Queried> {
  const cut = () => session.cut()
  query.signal?.addEventListener('abort', cut)
  try {
    return await (query.mode === 'read' ? readQuery(session, query) : writeQuery(session, query))
  } catch (error) {
    cut()
    throw error
  } finally {
    query.signal?.removeEventListener('abort', cut)
  }
}

async function writeQuery(session: Session, query: Query): Promise<Queried> {
  await session.runAll([['begin'], [timeoutSql(query.timeoutMs)]])
  const answer = await statement(session, query)
  const { command } = await session.run('commit')
  if (command !== 'COMMIT') throw new ClarionError('sql_failed', 'The transaction had failed.')
  // The answer stands: what fails now costs the connection alone.
  await session.run('discard all').catch(() => session.cut())
  return answer
}

/** The name is looked up once: what the guard has judged is what is connected to. */
async function loginOf(guard: Pick<AddressGuard, 'addressesOf'>, server: ForeignServer): Promise<DatabaseLogin> {
  const { host, port, database, user, password, tls } = server
  try {
    const [{ address } = { address: host }] = await guard.addressesOf(host, port, 'any')
    const servername = isIP(host) ? {} : { servername: host }
    const ssl = tls === 'disable' ? undefined : { rejectUnauthorized: tls === 'verify', ...servername }
    return { host: address, port, database, user, password, ssl }
  } catch (error) {
    if (!(error instanceof AttemptError)) throw error
    throw error.kind === 'blocked_address'
      ? new ClarionError('connection_refused', error.message)
      : new ClarionError('connection_failed', error.message)
  }
}

const TLS = /certificate|TLS|SSL|self-signed|ALTNAME/i

function failureOf(error: unknown): unknown {
  if (error instanceof ClarionError) return error
  const { message } = error as Error
  if (isWrongPassword(error)) return new ClarionError('connection_refused', `The server refuses the login: ${message}.`)
  if (TLS.test(message)) return new ClarionError('connection_refused', `TLS could not be agreed on: ${message}.`)
  if (isAway(error)) return new ClarionError('connection_failed', `The server cannot be reached: ${message}.`)
  const coded = codedFailure(error)
  return coded instanceof ClarionError
    ? coded
    : new ClarionError('connection_failed', `The server did not answer: ${message}.`)
}
