/** A platform as its users run it, in a process of its own. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'

const ADMIN_KEY = `ck_admin_${'kafka'.repeat(8)}`
const READY_MS = 120_000
const STOP_MS = 45_000
const LOG_CHARACTERS = 4_000

export interface Organization {
  id: string
  slug: string
  apiKey: string
}

/** The answer to `POST /api/v1/kafka-credentials`. */
export interface Credential {
  username: string
  password: string
  bootstrapServers: string
  topics: { emits: string; events: string }
  groupPrefix: string
  transactionalIdPrefix: string
  clientProperties: Record<string, string>
  librdkafkaProperties: Record<string, string>
}

export interface RunningPlatform {
  base: string
  /** On the largest plan. */
  organization(): Promise<Organization>
  credential(of: Organization): Promise<Credential>
  /** `data` of the answer, and where the next page begins. Throws on an error. */
  call<T>(key: string, method: string, path: string, body?: unknown): Promise<{ data: T; nextCursor: string | null }>
  end(): Promise<void>
}

export async function startPlatform(dataDir: string): Promise<RunningPlatform> {
  mkdirSync(dataDir, { recursive: true })
  const [port] = (await chooseFreePorts(1)) as [number]
  const base = `http://127.0.0.1:${port}`
  const env = {
    ...process.env,
    PORT: String(port),
    CLARION_DATA_DIR: dataDir,
    CLARION_ADMIN_KEY: ADMIN_KEY,
    LOG_LEVEL: 'warn',
  }
  const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-LOG_CHARACTERS)
    })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  for (const deadline = performance.now() + READY_MS; !(await isReady(base)); await pause(100))
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`The platform did not start:\n${log}`)

  async function call<T>(key: string, method: string, path: string, body?: unknown) {
    const answer = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const said = (await answer.json()) as { data: T; meta?: { nextCursor?: string | null } }
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`)
    return { data: said.data, nextCursor: said.meta?.nextCursor ?? null }
  }

  return {
    base,
    call,
    async organization() {
      const slug = `org${randomBytes(5).toString('hex')}`
      const made = await call<{ organization: { id: string }; apiKey: string }>(
        ADMIN_KEY,
        'POST',
        '/api/v1/organizations',
        {
          name: slug,
          slug,
          plan: 'ENTERPRISE',
        },
      )
      return { id: made.data.organization.id, slug, apiKey: made.data.apiKey }
    },
    credential: async ({ apiKey }) =>
      (await call<Credential>(apiKey, 'POST', '/api/v1/kafka-credentials', { name: 'conformance', access: 'both' }))
        .data,
    async end() {
      child.kill('SIGTERM')
      await Promise.race([ended, pause(STOP_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL'))])
    },
  }
}

const isReady = (base: string): Promise<boolean> => fetch(`${base}/ready`).then(answer => answer.ok, () => false) // biome-ignore format: one thought
