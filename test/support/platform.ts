/**
 * A whole platform for a test: `src/main.ts` in a process group of its own, with its own data directory and port, as somebody would run it who
 * allows webhooks to loopback. Processes that a test forgets to stop end with the run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import { containersOf, testsUseContainers } from './containers.ts'
import { patient } from './patience.ts'
import { adopt, makeDataDirectory, onceAtATime, runDirectory } from './run-directory.ts'

const ADMIN_KEY = `ck_admin_${'platform'.repeat(5)}`
const SECRET_KEY = 'secret-of-the-tests'.repeat(2)
/** Of a test's platform, unless it says another number: each of the usual eight costs every start some 0.4 s of CPU. */
export const SHARDS = 2
const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']
const PROGRAM = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const READY_MS = patient(90_000)
const STOP_MS = patient(45_000)
const LOG_CHARS_MAX = 50_000

export interface Answer<T> {
  status: number
  /** The whole body: parsed if it is JSON, text otherwise. */
  body: unknown
  /** `data` of a success. */
  data: T
  /** `error.code` of a failure. */
  code: string | undefined
  headers: Headers
}

export type Call = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer<T>>

export interface TestOrganization {
  org: { id: string; slug: string; plan: string; [field: string]: unknown }
  slug: string
  apiKey: string
  /** Calls with the organization's key. */
  call: Call
}

export interface TestPlatform {
  base: string
  adminKey: string
  dataDir: string
  pid: number
  /** Its output so far (the last 50,000 characters). */
  log(): string
  /** One call; never throws on a status. A string body is sent as it is. */
  call<T = Record<string, unknown>>(
    key: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>
  /** A new organization on this plan (ENTERPRISE by default). */
  organization(plan?: string): Promise<TestOrganization>
  /** Signals the whole group, as a terminal does; answers the exit code. The data directory stays for another start. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
  /** `kill -9` of the whole group. Broker and ClickHouse are in groups of their own and stay behind, as they would. */
  kill(): Promise<void>
}

export interface PlatformOptions {
  env?: Record<string, string>
  /** Of an earlier platform, to start again or to join it. */
  dataDir?: string
  /** A free one by default. */
  port?: number
  /** `CLARION_ROLES`; all by default. */
  roles?: string
}

/** Starts a platform and resolves when it is ready. Throws with the end of its log otherwise. */
export async function startPlatform(options: PlatformOptions = {}): Promise<TestPlatform> {
  const dataDir = options.dataDir ?? makeDataDirectory()
  const port = options.port ?? ((await chooseFreePorts(1)) as [number])[0]
  const env = { ...process.env, ...(await settings(dataDir, port, options.roles)), ...options.env }
  const child = spawn(process.execPath, [...FLAGS, PROGRAM], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const log = keepLog(child)
  letGo(child)
  const exited = new Promise<number | string>(resolve =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? '')),
  )
  adopt(child.pid!)
  const base = `http://127.0.0.1:${port}`
  await untilReady(base, child, log)
  const call: TestPlatform['call'] = (key, method, path, body, headers) =>
    request(base, key, method, path, body, headers)
  return {
    base,
    adminKey: ADMIN_KEY,
    dataDir,
    pid: child.pid!,
    log,
    call,
    organization: plan => createOrganization(call, plan),
    async stop(signal = 'SIGTERM') {
      signalGroup(child, signal)
      const code = await Promise.race([exited, pause(STOP_MS, undefined, { ref: false }).then(() => undefined)])
      if (code !== undefined) return code
      signalGroup(child, 'SIGKILL')
      throw new Error(`The platform did not stop within ${STOP_MS / 1000} s of ${signal}:\n${log().slice(-4_000)}`)
    },
    async kill() {
      signalGroup(child, 'SIGKILL')
      await exited
    },
  }
}

/**
 * The run's platform, for files that neither stop it nor want settings of their own: the first one that asks starts it, and it ends with the run. Tests
 * have organizations of their own in it. An address that sends thirty unknown keys is limited for all of them.
 */
export async function sharedPlatform(): Promise<TestPlatform> {
  const facts = await onceAtATime('starting-platform', async () => {
    const file = join(runDirectory(), 'platform.json')
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as SharedFacts
    const made = await startShared()
    writeFileSync(file, JSON.stringify(made))
    return made
  })
  const { base } = facts
  const call: TestPlatform['call'] = (key, method, path, body, headers) =>
    request(base, key, method, path, body, headers)
  const belongsToAll = () =>
    Promise.reject(new Error('this platform belongs to other files, too: start one with startPlatform'))
  return {
    ...{ ...facts, adminKey: ADMIN_KEY, call, organization: plan => createOrganization(call, plan) },
    log: () => readFileSync(logOf(facts.dataDir), 'utf8').slice(-LOG_CHARS_MAX),
    ...{ stop: belongsToAll, kill: belongsToAll },
  }
}

type SharedFacts = Pick<TestPlatform, 'base' | 'dataDir' | 'pid'>

const logOf = (dataDir: string) => join(dataDir, 'platform.log')

/** Writes into a file: the worker that starts it ends before the run does. */
async function startShared(): Promise<SharedFacts> {
  const dataDir = makeDataDirectory()
  const [port] = (await chooseFreePorts(1)) as [number]
  const output = openSync(logOf(dataDir), 'a')
  const env = { ...process.env, ...(await settings(dataDir, port, undefined)) }
  const child = spawn(process.execPath, [...FLAGS, PROGRAM], { env, detached: true, stdio: ['ignore', output, output] })
  closeSync(output)
  child.unref()
  adopt(child.pid!)
  const base = `http://127.0.0.1:${port}`
  await untilReady(base, child, () => readFileSync(logOf(dataDir), 'utf8'))
  return { base, dataDir, pid: child.pid! }
}

async function settings(dataDir: string, port: number, roles: string | undefined): Promise<Record<string, string>> {
  return {
    PORT: String(port),
    CLARION_DATA_DIR: dataDir,
    CLARION_ADMIN_KEY: ADMIN_KEY,
    LOG_LEVEL: 'warn',
    CLARION_BROKER_PROFILE: 'test',
    CLARION_BROKER_HEAP_MB: '256',
    CLARION_SHARDS: String(SHARDS),
    // Nearly every test on a platform waits for its history.
    HISTORY_PAUSE_MS: '200',
    EGRESS_ALLOW: '127.0.0.0/8',
    EGRESS_ALLOW_HTTP: 'true',
    ...(roles ? { CLARION_ROLES: roles } : {}),
    ...(testsUseContainers() ? await containerSettings(dataDir) : {}),
  }
}

async function containerSettings(dataDir: string): Promise<Record<string, string>> {
  const { kafka, clickhouse } = await containersOf(dataDir)
  return {
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_USERNAME: kafka.username,
    KAFKA_PASSWORD: kafka.password,
    CLICKHOUSE_URL: clickhouse.url,
    CLARION_SECRET_KEY: SECRET_KEY,
  }
}

async function untilReady(base: string, child: ChildProcess, log: () => string) {
  const deadline = performance.now() + READY_MS
  while (
    !(await fetch(`${base}/ready`).then(
      answer => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The platform ended while starting:\n${log().slice(-4_000)}`)
    if (performance.now() > deadline) {
      signalGroup(child, 'SIGKILL')
      throw new Error(`The platform was not ready within ${READY_MS / 1000} s:\n${log().slice(-4_000)}`)
    }
    await pause(50)
  }
}

async function request<T>(
  base: string,
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const answer = await fetch(base + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const parsed = parseJson(text) as { data?: T; error?: { code?: string } } | string
  const fields = typeof parsed === 'object' && parsed !== null ? parsed : {}
  return {
    status: answer.status,
    body: parsed,
    data: fields.data as T,
    code: fields.error?.code,
    headers: answer.headers,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function createOrganization(call: TestPlatform['call'], plan = 'ENTERPRISE'): Promise<TestOrganization> {
  const slug = `org${randomBytes(5).toString('hex')}`
  const made = await call<{ organization: TestOrganization['org']; apiKey: string }>(
    ADMIN_KEY,
    'POST',
    '/api/v1/organizations',
    {
      name: slug,
      slug,
      plan,
      ownerEmail: `${slug}@example.test`,
    },
  )
  if (made.status !== 201) throw new Error(`The organization was not made: ${made.status} ${JSON.stringify(made.body)}`)
  const { organization: org, apiKey } = made.data
  return { org, slug, apiKey, call: (method, path, body, headers) => call(apiKey, method, path, body, headers) }
}

function keepLog(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-LOG_CHARS_MAX)
    })
  }
  return () => text
}

/** A platform that a failed test leaves behind keeps no worker alive: it ends with the run. */
function letGo(child: ChildProcess) {
  child.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref()
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals) {
  try {
    process.kill(-child.pid!, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
