/** The run's embedded PostgreSQL for organizations' tables, started by the first call that needs it; and one of the system's, if there is one. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createSystemClock } from '../../src/clock.ts'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import { readChild } from '../../src/embedded/part-directory.ts'
import { openEmbeddedPostgres, type PostgresConnection } from '../../src/embedded/postgres.ts'
import { createTableSteps } from '../../src/tables/steps.ts'
import { createDatabase } from '../../src/tables/store/database.ts'
import type { PoolLimits } from '../../src/tables/store/pool.ts'
import { type DatabaseLogin, openSession } from '../../src/tables/store/session.ts'
import { createTableParts, createTables } from '../../src/tables/tables.ts'
import { adopt, makeDataDirectory, onceAtATime, runDirectory, silent } from './run-directory.ts'

const clock = createSystemClock()
const SECRET_KEY = 'the secret of the tests'

export function testTables(connect: () => Promise<DatabaseLogin> = embeddedServer, limits: Partial<PoolLimits> = {}) {
  const database = createDatabase({
    ...{ connect, isThere: () => true, secretKey: SECRET_KEY, sharedCatalog: false, clock, limits },
  })
  const parts = createTableParts({ database, clock })
  return { database, tables: createTables(parts, clock), steps: createTableSteps(parts), close: () => database.close() }
}

/** One for all workers. */
export async function embeddedServer(): Promise<DatabaseLogin> {
  const dataDir = runDirectory()
  return onceAtATime('starting-postgres', async () => {
    const running = readChild<PostgresConnection>(join(dataDir, 'postgres'))
    return running?.connection ?? (await openEmbeddedPostgres({ dataDir, logger: silent }))
  })
}

/** Where Debian has the programs of its PostgreSQL. */
export const systemPrograms = (): string | undefined => {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const found = readdirSync(root).map(version => join(root, version, 'bin'))
  return found.filter(bin => existsSync(join(bin, 'postgres'))).at(-1)
}

/** A server that the platform does not start, as `DATABASE_URL` names one. */
export async function systemServer(): Promise<DatabaseLogin & { pid: number }> {
  const bin = systemPrograms()!
  const directory = makeDataDirectory()
  const data = join(directory, 'pg')
  const password = join(directory, 'password')
  writeFileSync(password, 'system')
  mkdirSync(data, { mode: 0o700 })
  const as = process.getuid?.() === 0 ? ['unshare', '--user', '--map-user=1000', '--map-group=1000'] : []
  const [init, ...given] = [
    ...as,
    join(bin, 'initdb'),
    '-D',
    data,
    '-U',
    'owner',
    '-A',
    'scram-sha-256',
    '--pwfile',
    password,
  ]
  const made = spawnSync(init!, given, { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  const [port] = (await chooseFreePorts(1)) as [number]
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
  const [program, ...rest] = [...as, join(bin, 'postgres'), '-D', data, ...settings.flatMap(each => ['-c', each])]
  const log = openSync(join(directory, 'log'), 'a')
  const child = spawn(program!, rest, { detached: true, stdio: ['ignore', log, log] })
  child.unref()
  adopt(child.pid!)
  const login = { host: '127.0.0.1', port, user: 'owner', password: 'system', database: 'postgres' }
  for (let tries = 0; tries < 200; tries++) {
    const session = await openSession(login).catch(() => undefined)
    if (session !== undefined) {
      await session.close()
      return { ...login, pid: child.pid! }
    }
    await pause(50)
  }
  throw new Error('the PostgreSQL of the system does not start')
}

/** The servers that hold tables: the one that a platform starts, and the system's where there is one. */
export const servers = [
  { server: 'the embedded PostgreSQL', url: async () => undefined },
  ...(systemPrograms() === undefined
    ? []
    : [
        {
          server: "the system's PostgreSQL",
          url: async () => {
            const { user, password, port } = await systemServer()
            return `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
          },
        },
      ]),
]
