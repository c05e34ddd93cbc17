/** One process of the platform: `src/main.ts` with some roles, as an operator runs it. */
import { Pool } from 'undici'
import type { Clock } from '../src/clock.ts'
import { chooseFreePorts } from '../src/embedded/free-ports.ts'
import { SETTINGS } from '../src/settings/config.ts'
import type { Child, Children } from './children.ts'

const ADMIN_KEY = `ck_admin_${'bench'.repeat(8)}`
const SECRET_KEY = 'secret-of-the-bench'.repeat(2)
const READY_MS = 120_000
const READY_POLL_MS = 20
/** A constant arrival needs as many connections as the rate times the answer time; this is plenty. */
const CONNECTIONS = 128

export interface HttpAnswer {
  status: number
  text: string
}

export interface HttpClient {
  /** Never throws on a status. */
  send(method: 'GET' | 'POST' | 'PATCH', path: string, body?: string): Promise<HttpAnswer>
  close(): Promise<void>
}

export interface PlatformProcess {
  base: string
  child: Child
  adminKey: string
  /** From its start until `/ready` said yes. */
  readyMs: number
  client(key: string): HttpClient
  end(): Promise<void>
}

export async function startPlatform(deps: {
  children: Children
  clock: Clock
  dataDir: string
  roles: string
  /** For the name of its CPU profile. */
  name: string
  env: Record<string, string>
  profileDir: string | undefined
}): Promise<PlatformProcess> {
  const { clock, children, dataDir, roles, profileDir } = deps
  const [port] = (await chooseFreePorts(1)) as [number]
  const base = `http://127.0.0.1:${port}`
  // Settings of the surrounding environment do not count; an empty one is the default. Where Kafka's program is cached is no matter of the bench.
  const defaults = Object.fromEntries(
    SETTINGS.filter(({ name }) => name !== 'CLARION_CACHE_DIR').map(({ name }) => [name, '']),
  )
  const env = {
    ...defaults,
    PORT: String(port),
    CLARION_DATA_DIR: dataDir,
    CLARION_ROLES: roles,
    CLARION_ADMIN_KEY: ADMIN_KEY,
    CLARION_SECRET_KEY: SECRET_KEY,
    EGRESS_ALLOW: '127.0.0.0/8',
    EGRESS_ALLOW_HTTP: 'true',
    LOG_LEVEL: 'warn',
    ...deps.env,
  }
  const nodeFlags = profileDir
    ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`, `--cpu-prof-name=${deps.name}-${port}.cpuprofile`]
    : []
  const startedAtMs = clock.monotonicMs()
  const child = children.start({ file: new URL('../src/main.ts', import.meta.url), env, nodeFlags })
  await untilReady(base, child, clock)
  const clients: HttpClient[] = []
  return {
    base,
    child,
    adminKey: ADMIN_KEY,
    readyMs: clock.monotonicMs() - startedAtMs,
    client(key) {
      const client = createHttpClient(base, { authorization: `Bearer ${key}` })
      clients.push(client)
      return client
    },
    async end() {
      await Promise.all(clients.splice(0).map(client => client.close()))
      await child.end()
    },
  }
}

async function untilReady(base: string, child: Child, clock: Clock): Promise<void> {
  const deadline = clock.monotonicMs() + READY_MS
  const isReady = () => fetch(`${base}/ready`).then(answer => answer.ok, () => false) // biome-ignore format: one thought
  while (!(await isReady())) {
    if (!child.running()) throw new Error(`the platform ended while starting:\n${child.log().slice(-4_000)}`)
    if (clock.monotonicMs() > deadline)
      throw new Error(`the platform was not ready in ${READY_MS / 1000} s:\n${child.log().slice(-4_000)}`)
    await clock.sleep(READY_POLL_MS)
  }
}

export function createHttpClient(base: string, headers: Record<string, string>): HttpClient {
  const pool = new Pool(base, { connections: CONNECTIONS, pipelining: 1 })
  return {
    async send(method, path, body) {
      const answer = await pool.request({
        method,
        path,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body ?? null,
      })
      return { status: answer.statusCode, text: await answer.body.text() }
    },
    close: () => pool.close(),
  }
}
