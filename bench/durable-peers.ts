/**
 * Systems that run the same flow durably: DBOS on a PostgreSQL as the platform embeds one, and Restate's server. They are
 * no dependencies of the platform: npm installs them into the data of the run when their figure is taken.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseFreePorts } from '../src/embedded/free-ports.ts'
import { readChild } from '../src/embedded/part-directory.ts'
import { openEmbeddedPostgres } from '../src/embedded/postgres.ts'
import type { Child } from './children.ts'
import { createHttpClient, type HttpClient } from './platform-process.ts'
import { descendants } from './processes.ts'
import type { Testbed } from './testbed.ts'

export interface Peer {
  name: string
  client: HttpClient
  /** Paths of the two flows. */
  noop: string
  asking: string
  /** Of all of its processes now, by name. */
  pids(): Record<string, number>
  close(): Promise<void>
}

const INSTALL_MS = 300_000
const START_MS = 120_000
const POLL_MS = 100
const RESTATE = 'node_modules/@restatedev/restate-server-linux-x64/bin/restate-server'

/** The directory; a sentence where they cannot be installed. */
export function installPeers({ dataDir, say }: Testbed): { directory: string } | string {
  const directory = join(dataDir, 'peers')
  cpSync(fileURLToPath(new URL('peers/', import.meta.url)), directory, { recursive: true })
  say('npm installs DBOS and Restate')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  const installed = spawnSync('npm', args, { cwd: directory, encoding: 'utf8', timeout: INSTALL_MS })
  if (installed.status === 0) return { directory }
  return `DBOS and Restate are not installed: ${(installed.stderr || String(installed.error)).trim().slice(0, 200)}`
}

export async function startDbos(testbed: Testbed, directory: string, stubUrl: string): Promise<Peer> {
  const { children, say } = testbed
  const dataDir = join(directory, 'dbos')
  const logger = { info: say, warn: say }
  const postgres = await openEmbeddedPostgres({ dataDir, logger })
  const { user, password, host, port, database } = postgres
  const [own] = (await chooseFreePorts(1)) as [number]
  const env = {
    DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${database}`,
    ...{ PORT: String(own), STUB_URL: stubUrl },
  }
  const child = children.start({ file: join(directory, 'dbos.mjs'), env, cwd: directory })
  const peer = {
    ...{ name: 'DBOS', noop: '/noop', asking: '/asking' },
    client: createHttpClient(`http://127.0.0.1:${own}`, {}),
    pids() {
      const { pid } = readChild(join(dataDir, 'postgres'))!
      const sessions = descendants(pid).map(each => [`session ${each}`, each] as const)
      return { dbos: child.pid, postgres: pid, ...Object.fromEntries(sessions) }
    },
    async close() {
      await peer.client.close()
      await child.end()
      await postgres.close()
    },
  }
  await untilItAnswers(testbed, child, peer)
  return peer
}

export async function startRestate(testbed: Testbed, directory: string, stubUrl: string): Promise<Peer> {
  const ports = await chooseFreePorts(4)
  const [service, ingress, admin, node] = ports as [number, number, number, number]
  const env = { PORT: String(service), STUB_URL: stubUrl }
  const child = testbed.children.start({ file: join(directory, 'restate.mjs'), env, cwd: directory })
  const server = spawn(join(directory, RESTATE), ['--no-logo'], {
    cwd: directory,
    stdio: 'ignore',
    env: { ...process.env, ...settingsOf(directory, { ingress, admin, node }) },
  })
  const ended = new Promise(resolve => server.once('exit', resolve))
  const kill = () => void server.kill('SIGKILL')
  process.once('exit', kill)
  await register(testbed, { admin, service, hasEnded: () => server.exitCode !== null })
  const peer = {
    ...{ name: 'Restate', noop: '/flow/noop', asking: '/flow/asking' },
    client: createHttpClient(`http://127.0.0.1:${ingress}`, {}),
    pids: () => ({ sdk: child.pid, server: server.pid! }),
    async close() {
      await peer.client.close()
      // A clean stop takes it seconds, and its data go with the run.
      kill()
      await ended
      process.off('exit', kill)
      await child.end()
    },
  }
  await untilItAnswers(testbed, child, peer)
  return peer
}

const settingsOf = (directory: string, { ingress, admin, node }: { ingress: number; admin: number; node: number }) => ({
  RESTATE_BASE_DIR: join(directory, 'restate'),
  RESTATE_DISABLE_TELEMETRY: 'true',
  RESTATE_LISTEN_MODE: 'tcp',
  RESTATE_BIND_IP: '127.0.0.1',
  RESTATE_BIND_PORT: String(node),
  RESTATE_INGRESS__BIND_PORT: String(ingress),
  RESTATE_ADMIN__BIND_PORT: String(admin),
})

/** Tells the server of the service. */
async function register(
  { clock }: Testbed,
  { admin, service, hasEnded }: { admin: number; service: number; hasEnded(): boolean },
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + START_MS
  const body = JSON.stringify({ uri: `http://127.0.0.1:${service}` })
  const headers = { 'content-type': 'application/json' }
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, { method: 'POST', headers, body }).catch(
      () => undefined,
    )
    if (answer?.ok) return
    if (hasEnded() || clock.monotonicMs() > deadlineMs) throw new Error('Restate does not start')
    await clock.sleep(POLL_MS)
  }
}

async function untilItAnswers(
  { clock }: Testbed,
  child: Child,
  { name, client, noop }: Pick<Peer, 'name' | 'client' | 'noop'>,
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + START_MS
  for (;;) {
    const answer = await client.send('POST', noop, '{"orderId":"o","amount":1}').catch(() => undefined)
    if (answer?.status === 200) return
    if (!child.running() || clock.monotonicMs() > deadlineMs)
      throw new Error(`${name} does not answer: ${answer?.text.slice(0, 300)}\n${child.log().slice(-2_000)}`)
    await clock.sleep(POLL_MS)
  }
}
