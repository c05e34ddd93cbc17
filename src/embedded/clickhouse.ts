/**
 * The ClickHouse for installations without a server: the engine as a library (chdb) in a child process, behind a small
 * HTTP server on loopback that the official client cannot distinguish from a real one. Its lifecycle equals the
 * broker's: it outlives a platform that is killed, the next start ends it, and other processes of the installation join
 * it.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { superviseChild, withKeptPorts } from './child-service.ts'
import { adviceFor } from './data-files.ts'
import { endOrphan, holdDirectory, type ProgressLogger, readChild } from './part-directory.ts'
import { isRecord, readStored, type StoredFile, writePrivate } from './stored-files.ts'

const USER = 'platform'

export interface ClickHouseConnection {
  /** Contains user and password, as `CLICKHOUSE_URL` does. */
  url: string
}

export interface EmbeddedClickHouse extends ClickHouseConnection {
  pid: number
  /** Ends running statements, closes the tables and releases the directory (at most 30 s, then by force). */
  close(): Promise<void>
}

export interface EmbeddedClickHouseOptions {
  dataDir: string
  logger: ProgressLogger
  /** Called when the server ends although nothing closed it, with the reason in a sentence. */
  onExit?: (reason: string) => void
  /** Cancels a start that is under way. */
  stop?: AbortSignal
}

/** Starts the ClickHouse of this data directory. Waits for a platform that still drains there. */
export async function startEmbeddedClickHouse(options: EmbeddedClickHouseOptions): Promise<EmbeddedClickHouse> {
  const directory = join(options.dataDir, 'clickhouse')
  const held = await holdDirectory(directory, options.logger, undefined, options.stop)
  try {
    await endOrphan(directory, 'a ClickHouse server', options.logger)
    const password = loadOrCreatePassword(directory)
    const server = await withKeptPorts(directory, 1, ([port]) => launch(options, directory, port!, password))
    return { ...server, close: () => server.close().finally(held.release) }
  } catch (error) {
    held.release()
    throw error
  }
}

/** The connection to the ClickHouse of another process of this installation. Throws if none is running. */
export function joinEmbeddedClickHouse({ dataDir }: { dataDir: string }): ClickHouseConnection {
  const child = readChild<ClickHouseConnection>(join(dataDir, 'clickhouse'))
  if (!child)
    throw new Error(
      `No ClickHouse is running in ${dataDir} to join: start the platform there first, or set CLICKHOUSE_URL.`,
    )
  return child.connection
}

async function launch(
  options: EmbeddedClickHouseOptions,
  directory: string,
  port: number,
  password: string,
): Promise<EmbeddedClickHouse> {
  const logPath = join(directory, 'server.log')
  const connection: ClickHouseConnection = { url: `http://${USER}:${password}@127.0.0.1:${port}` }
  const settingsPath = join(directory, 'server.json')
  const data = join(directory, 'data')
  writePrivate(settingsPath, JSON.stringify({ port, username: USER, password, dataPath: data }))
  const program = fileURLToPath(new URL('clickhouse-server.ts', import.meta.url))
  const log = openSync(logPath, 'a', 0o600)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, settingsPath], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  const { pid, close } = await superviseChild(child, {
    what: 'The ClickHouse server',
    directory,
    logPaths: [logPath],
    reads: { data, advice: adviceFor('clickhouse/data/') },
    connection,
    answers: () => answersPing(port),
    onExit: options.onExit,
    logger: options.logger,
    stop: options.stop,
  })
  return { ...connection, pid, close }
}

export const clickHouseCredentials = (directory: string): StoredFile<{ password: string }> => ({
  path: join(directory, 'credentials.json'),
  advice: adviceFor('clickhouse/credentials.json'),
  holds: (value): value is { password: string } =>
    isRecord(value) && typeof value.password === 'string' && value.password !== '',
})

function loadOrCreatePassword(directory: string): string {
  const file = clickHouseCredentials(directory)
  const known = readStored(file)
  if (known) return known.password
  const password = randomBytes(24).toString('base64url')
  writePrivate(file.path, JSON.stringify({ password }))
  return password
}

/** Records that the tables exist: from then on a start does not replace missing ones by empty ones. */
export const tablesFile = (dataDir: string): StoredFile<{ database: string }> => ({
  path: join(dataDir, 'clickhouse', 'tables.json'),
  advice: adviceFor('clickhouse/tables.json'),
  holds: (value): value is { database: string } => isRecord(value) && typeof value.database === 'string',
})

function answersPing(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const request = get({ host: '127.0.0.1', port, path: '/ping', timeout: 2_000, agent: false }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}
