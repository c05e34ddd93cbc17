/**
 * The PostgreSQL for installations without a server: it holds organizations' tables, and starts only when one is made or
 * used. Its lifecycle equals the broker's: it has a process group of its own, outlives a platform that is killed, the
 * next start ends it, and other processes of the installation join it.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { superviseChild, withKeptPorts } from './child-service.ts'
import { adviceFor } from './data-files.ts'
import { DirectoryInUse, endOrphan, holdDirectory, type ProgressLogger, readChild } from './part-directory.ts'
import { findPostgres, handOver, initializeDatabase, type PostgresProgram, spawnPostgres } from './postgres-program.ts'
import {
  isRecord,
  makeDirectory,
  pathExists,
  readStored,
  type StoredFile,
  syncDirectory,
  writePrivate,
} from './stored-files.ts'

const USER = 'platform'
/** Ends open sessions; SIGTERM would wait for them. */
const STOP_SIGNAL = 'SIGINT'
const OTHER_STARTS_MS = 20_000
const OTHER_STARTS_POLL_MS = 50
const SESSIONS_END_TRIES = 40
const SESSIONS_END_POLL_MS = 250

/** For memory of some 20 MB while idle. Tables hold what a workflow needs, not a warehouse. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  max_connections: 100,
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  temp_file_limit: '64MB',
  io_method: 'sync',
  jit: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  max_parallel_workers_per_gather: 0,
  autovacuum_max_workers: 1,
  max_logical_replication_workers: 0,
  // A failed statement is its caller's; it is neither an event of the server nor may its text be in a log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const

export interface PostgresConnection {
  host: string
  port: number
  user: string
  password: string
  database: string
}

export interface EmbeddedPostgres extends PostgresConnection {
  /** Another process runs it. */
  isJoined: boolean
  /** Ends it if this process started it (at most 30 s, then by force). */
  close(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  dataDir: string
  logger: ProgressLogger
  /** Called when the server ends although nothing closed it, with the reason in a sentence. */
  onExit?: (reason: string) => void
  stop?: AbortSignal
}

const directoryOf = (dataDir: string): string => join(dataDir, 'postgres')

/** Whether a database was made here: then it starts with the platform. */
export const hasEmbeddedPostgres = (dataDir: string): boolean => pathExists(join(directoryOf(dataDir), 'data'))

/**
 * Starts the PostgreSQL of this data directory, or joins the one that another process of the installation runs. Throws
 * `PostgresMissing` where none can run.
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = directoryOf(options.dataDir)
  const deadline = performance.now() + OTHER_STARTS_MS
  for (;;) {
    options.stop?.throwIfAborted()
    const held = await holdUnlessInUse(directory, options)
    if (held !== undefined) return start(options, directory, held)
    const running = readChild<PostgresConnection>(directory)
    if (running !== undefined) return { ...running.connection, isJoined: true, close: async () => undefined }
    if (performance.now() > deadline) throw new Error(`Another process holds ${directory} and starts no PostgreSQL`)
    await pause(OTHER_STARTS_POLL_MS)
  }
}

/** Ends a server that a killed platform left behind, where this one uses another database. */
export async function endLeftPostgres({ dataDir, logger }: EmbeddedPostgresOptions): Promise<void> {
  const directory = directoryOf(dataDir)
  if (!existsSync(join(directory, 'process.json'))) return
  const held = await holdUnlessInUse(directory, { logger })
  if (held === undefined) return
  await endOrphan(directory, 'a PostgreSQL server', logger, STOP_SIGNAL).finally(held.release)
}

async function holdUnlessInUse(directory: string, { logger }: Pick<EmbeddedPostgresOptions, 'logger'>) {
  try {
    return await holdDirectory(directory, logger, 0)
  } catch (error) {
    if (error instanceof DirectoryInUse) return undefined
    throw error
  }
}

async function start(
  options: EmbeddedPostgresOptions,
  directory: string,
  held: { release(): void },
): Promise<EmbeddedPostgres> {
  // The next caller may start it, in this process or another.
  const onExit = (reason: string) => {
    held.release()
    options.onExit?.(reason)
  }
  try {
    await endOrphan(directory, 'a PostgreSQL server', options.logger, STOP_SIGNAL)
    const program = findPostgres(directory)
    const password = await databaseIn(directory, program)
    const server = await onceSessionsHaveEnded(() =>
      withKeptPorts(directory, 1, ([port]) =>
        launch({ ...options, onExit }, { directory, program, password, port: port! }),
      ),
    )
    return { ...server, close: () => server.close().finally(held.release) }
  } catch (error) {
    held.release()
    throw error
  }
}

/** Sessions of a server that was killed notice it within a second or so, and end; until then no other one starts. */
async function onceSessionsHaveEnded<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === SESSIONS_END_TRIES || !/shared memory block/.test((error as Error).message)) throw error
      await pause(SESSIONS_END_POLL_MS)
    }
  }
}

export const postgresCredentials = (directory: string): StoredFile<{ password: string }> => ({
  path: join(directory, 'credentials.json'),
  advice: adviceFor('postgres/credentials.json'),
  holds: (value): value is { password: string } =>
    isRecord(value) && typeof value.password === 'string' && value.password !== '',
})

/** Makes the database beside its place, on first use. The password of its owner. */
async function databaseIn(directory: string, program: PostgresProgram): Promise<string> {
  const file = postgresCredentials(directory)
  const data = join(directory, 'data')
  const known = readStored(file)
  if (pathExists(data)) {
    if (known !== undefined) return known.password
    throw new Error(`${file.path} is missing, though there are tables in ${data}. ${file.advice}`)
  }
  const password = known?.password ?? randomBytes(24).toString('base64url')
  if (known === undefined) writePrivate(file.path, JSON.stringify({ password }))
  const forming = join(directory, 'forming')
  rmSync(forming, { recursive: true, force: true })
  makeDirectory(forming)
  const passwordFile = join(forming, 'password')
  writePrivate(passwordFile, password)
  for (const path of [forming, passwordFile]) handOver(program, path)
  await initializeDatabase(program, join(forming, 'data'), { user: USER, passwordFile })
  renameSync(join(forming, 'data'), data)
  syncDirectory(directory)
  rmSync(forming, { recursive: true, force: true })
  return password
}

interface Launch {
  directory: string
  program: PostgresProgram
  password: string
  port: number
}

async function launch(
  { onExit, logger, stop }: EmbeddedPostgresOptions,
  { directory, program, password, port }: Launch,
): Promise<EmbeddedPostgres> {
  const data = join(directory, 'data')
  const logPath = join(directory, 'server.log')
  const log = openSync(logPath, 'a', 0o600)
  const child = spawnPostgres(program, data, { ...SETTINGS, port }, log)
  closeSync(log)
  const connection = { host: '127.0.0.1', port, user: USER, password, database: 'postgres' }
  const { close } = await superviseChild(child, {
    what: 'The PostgreSQL server',
    directory,
    logPaths: [logPath],
    reads: { data, advice: adviceFor('postgres/data/') },
    connection,
    answers: async () => isReady(join(data, 'postmaster.pid'), child.pid),
    onExit,
    logger,
    stop,
    stopSignal: STOP_SIGNAL,
  })
  return { ...connection, isJoined: false, close }
}

/** PostgreSQL writes its pid first, and its state last. */
function isReady(path: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(path, 'utf8').split('\n')
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}
