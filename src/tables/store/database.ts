/** The database of organizations' tables: reached when first needed, and again when it was away. */
import type { Clock } from '../../clock.ts'
import type { Owner } from '../../model/environments.ts'
import { isAway, isWrongPassword, unavailable } from './failures.ts'
import { forgetSteps, install } from './install.ts'
import { createPool, NotReached, type Pool, type PoolLimits } from './pool.ts'
import { type DatabaseLogin, openSession, type Session } from './session.ts'
import { createTenant, passwordOf, resetPassword, roleOf, tenantExists } from './tenants.ts'

export interface Database {
  /** As the organization; it is made first if there is none. Work is repeated only if nothing of it was sent. */
  asTenant<T>(tenant: Owner, work: (session: Session, role: string) => Promise<T>): Promise<T>
  /** As the owner of all schemas, for definitions. */
  asOwner<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Again when the server went away meanwhile: for work that changes nothing, or only once. */
  again<T>(work: () => Promise<T>): Promise<T>
  /** Whether there may be a table: without one the embedded server is not started to look for it. */
  isThere(): boolean
  /** Whether the organization has ever had a table. */
  has(tenant: Owner): Promise<boolean>
  create(tenant: Owner): Promise<void>
  /** Throws `tables_unavailable` where organizations' own SQL would see others' names. */
  allowSql(): Promise<void>
  /** Ends the statement under way of a session. */
  cancel(session: Session): Promise<void>
  readonly sessions: Pick<Pool, 'open' | 'waiting'>
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** The server's address and the login of its owner; starts it if need be. Rejects with a sentence for the caller. */
  connect(): Promise<DatabaseLogin>
  /** Whether there may be a table. */
  isThere(): boolean
  secretKey: string
  /** SQL is allowed although catalogs show names. */
  sharedCatalog: boolean
  clock: Clock
  limits?: Partial<PoolLimits>
}

const LIMITS: PoolLimits = { sessionsMax: 32, sessionsOfLoginMax: 4, idleMs: 30_000, waitMs: 10_000 }
/** A server that is starting is awaited for this long. */
const REACH_MS = 15_000
const REACH_PAUSE_MS = 100
/** Logins of the owner: definitions are rare. */
const OWNER = ''
const SQL_OFF =
  "The database shows every organization's table names, and its owner may not hide them: use a superuser in DATABASE_URL, or set TABLES_SHARED_CATALOG=allow."
const FORGET_EVERY_MS = 3_600_000

export function createDatabase(options: DatabaseOptions): Database {
  const { connect, isThere, secretKey, sharedCatalog, clock, limits } = options
  const known = new Set<string>()
  let reached: Promise<{ login: DatabaseLogin; hidesCatalog: boolean }> | undefined
  const pool = createPool({ open: openFor, clock, limits: { ...LIMITS, ...limits } })
  let closed = false
  let forgottenAtMs = Number.NEGATIVE_INFINITY

  function reach() {
    reached ??= reachServer().catch(error => {
      reached = undefined
      throw error
    })
    return reached
  }

  async function reachServer() {
    const deadlineMs = clock.monotonicMs() + REACH_MS
    for (;;) {
      try {
        const login = await connect()
        const session = await openSession(login)
        try {
          return { login, hidesCatalog: await install(session) }
        } finally {
          await session.close()
        }
      } catch (error) {
        if (!isAway(error) || closed || clock.monotonicMs() > deadlineMs)
          throw unavailable(`The tables cannot be reached: ${(error as Error).message}`, error)
        await clock.sleep(REACH_PAUSE_MS)
      }
    }
  }

  async function openFor(role: string): Promise<Session> {
    const { login } = await reach()
    if (role === OWNER) return openReached(login)
    const own = { ...login, user: role, password: passwordOf(secretKey, role) }
    return openReached(own).catch(async error => {
      if (!isWrongPassword(error)) throw error
      await asOwner(owner => resetPassword(owner, role, own.password))
      return openReached(own)
    })
  }

  async function openReached(login: DatabaseLogin): Promise<Session> {
    try {
      return await openSession(login)
    } catch (error) {
      if (!isAway(error)) throw error
      reached = undefined
      throw new NotReached((error as Error).message, { cause: error })
    }
  }

  async function use<T>(login: string, work: (session: Session) => Promise<T>): Promise<T> {
    const deadlineMs = clock.monotonicMs() + REACH_MS
    for (;;) {
      try {
        return await pool.use(login, session => whole(session, work))
      } catch (error) {
        if (!(error instanceof NotReached)) throw error
        if (closed || clock.monotonicMs() > deadlineMs)
          throw unavailable(`The tables cannot be reached: ${error.message}`, error)
        await clock.sleep(REACH_PAUSE_MS)
      }
    }
  }

  /** A session goes back as it came: without a transaction that its work left open. */
  async function whole<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await work(session)
    } catch (error) {
      if (isAway(error)) {
        reached = undefined
        session.cut()
      } else if (session.isOpen) await session.run('rollback').catch(() => session.cut())
      throw error
    }
  }

  async function again<T>(work: () => Promise<T>): Promise<T> {
    const deadlineMs = clock.monotonicMs() + REACH_MS
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!isAway(error) || closed || clock.monotonicMs() > deadlineMs) throw error
        await clock.sleep(REACH_PAUSE_MS)
      }
    }
  }

  const asOwner = <T>(work: (session: Session) => Promise<T>): Promise<T> => use(OWNER, work)

  async function has(tenant: Owner): Promise<boolean> {
    const role = roleOf(tenant)
    if (known.has(role)) return true
    const exists = await again(() => asOwner(owner => tenantExists(owner, role)))
    if (exists) known.add(role)
    return exists
  }

  async function create(tenant: Owner): Promise<void> {
    if (await has(tenant)) return
    const role = roleOf(tenant)
    const { database } = (await reach()).login
    await asOwner(owner => createTenant(owner, role, passwordOf(secretKey, role), database))
    known.add(role)
  }

  /** Now and then, after other work: an hour is short beside the days that answers are kept. */
  function forgetOldSteps(): void {
    if (clock.monotonicMs() - forgottenAtMs < FORGET_EVERY_MS) return
    forgottenAtMs = clock.monotonicMs()
    void asOwner(forgetSteps).catch(() => undefined)
  }

  return {
    isThere,
    asOwner,
    again,
    has,
    create,
    async asTenant(tenant, work) {
      await create(tenant)
      forgetOldSteps()
      const role = roleOf(tenant)
      return use(role, session => work(session, role))
    },
    async allowSql() {
      if (!(await reach()).hidesCatalog && !sharedCatalog) throw unavailable(SQL_OFF)
    },
    async cancel(session) {
      await asOwner(owner => owner.run('select pg_catalog.pg_cancel_backend($1)', [String(session.pid)]))
    },
    sessions: pool,
    async close() {
      closed = true
      await pool.close()
    },
  }
}
