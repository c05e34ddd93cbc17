/** Two platforms of all roles on one cluster, each with a data directory and a port of its own, as one of two machines would run it. */
import { randomBytes } from 'node:crypto'
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse.ts'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import { patient } from '../support/patience.ts'
import { type Answer, startPlatform, type TestPlatform } from '../support/platform.ts'
import { makeDataDirectory, silent } from '../support/run-directory.ts'
import type { Cluster, ShardRole } from './cluster.ts'
import type { Organization } from './emitting.ts'
import { until } from './until.ts'

export const SHARDS = 8
export const ROLES: readonly ShardRole[] = ['admit', 'deliver', 'record']
const SECRET_KEY = 'secret-of-the-cluster'.repeat(2)

export interface PlatformSlot {
  name: string
  base: string
  /** The process of now; a restarted slot has another one. */
  current(): TestPlatform
  /** `kill -9`. */
  kill(): Promise<void>
  stop(): Promise<void>
  /** Starts it again on its directory and port, and resolves when it is ready. */
  start(): Promise<void>
  /** Figures of `/metrics` whose name and labels match, added up; 0 where there is none. */
  metric(pattern: RegExp): Promise<number>
  /** Status and body of `/ready`; status 0 without an answer. */
  ready(): Promise<{ status: number; body: unknown }>
}

export interface Pair {
  first: PlatformSlot
  second: PlatformSlot
  slots: PlatformSlot[]
  bases(): string[]
  /** One more process of all roles; close it with `stop` or `kill`. */
  join(): Promise<PlatformSlot>
  /** Another that does not start by itself. */
  slot(name: string): Promise<PlatformSlot>
  organization(): Promise<Organization & { shard: number }>
  /** Organizations until each of these shards has one. */
  organizationsOf(shards: readonly number[]): Promise<Map<number, Organization>>
  call<T = Record<string, unknown>>(
    organization: Organization,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<T>>
  usageOf(organization: Organization): Promise<number>
  /** Resolves when every group has as many members as processes run, and these claim each shard once. */
  settled(): Promise<void>
  close(): Promise<void>
}

export async function startPair(cluster: Cluster): Promise<Pair> {
  const clickhouse = await startEmbeddedClickHouse({ dataDir: makeDataDirectory(), logger: silent })
  const env = {
    KAFKA_BROKERS: cluster.brokers.join(),
    KAFKA_USERNAME: cluster.username,
    KAFKA_PASSWORD: cluster.password,
    KAFKA_CLIENT_BOOTSTRAP: cluster.clientBrokers.join(),
    KAFKA_REPLICATION_FACTOR: '3',
    CLARION_SHARDS: String(SHARDS),
    CLARION_SECRET_KEY: SECRET_KEY,
    CLICKHOUSE_URL: clickhouse.url,
  }
  const slots: PlatformSlot[] = []
  const running = new Set<PlatformSlot>()
  const byShard = new Map<number, Organization>()

  async function makeSlot(name: string): Promise<PlatformSlot> {
    const [port] = (await chooseFreePorts(1)) as [number]
    const dataDir = makeDataDirectory()
    const base = `http://127.0.0.1:${port}`
    let current: TestPlatform | undefined
    const slot: PlatformSlot = {
      name,
      base,
      current() {
        if (!current) throw new Error(`${name} does not run`)
        return current
      },
      async kill() {
        running.delete(slot)
        await current?.kill()
        current = undefined
      },
      async stop() {
        running.delete(slot)
        await current?.stop()
        current = undefined
      },
      async start() {
        current = await startPlatform({ dataDir, port, env })
        running.add(slot)
      },
      async metric(pattern) {
        const text = await fetch(`${base}/metrics`, { signal: AbortSignal.timeout(3_000) }).then(answer => answer.text(), () => '') // biome-ignore format: one thought
        const lines = text.split('\n').filter(line => !line.startsWith('#') && pattern.test(line))
        return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
      },
      async ready() {
        try {
          const answer = await fetch(`${base}/ready`, { signal: AbortSignal.timeout(3_000) })
          return { status: answer.status, body: await answer.json() }
        } catch {
          return { status: 0, body: undefined }
        }
      },
    }
    return slot
  }

  async function join(): Promise<PlatformSlot> {
    const slot = await makeSlot(`joined-${randomBytes(2).toString('hex')}`)
    await slot.start()
    return slot
  }

  async function organization(): Promise<Organization & { shard: number }> {
    const { org, slug, apiKey } = await [...running][0]!.current().organization()
    return { id: org.id, slug, apiKey, shard: shardOf(org.id, SHARDS) }
  }

  const first = await makeSlot('first')
  const second = await makeSlot('second')
  slots.push(first, second)
  try {
    await first.start()
    await second.start()
  } catch (error) {
    await clickhouse.close()
    throw error
  }

  return {
    first,
    second,
    slots,
    bases: () => [...running].map(({ base }) => base),
    join,
    slot: makeSlot,
    organization,
    async organizationsOf(shards) {
      for (let tries = 0; shards.some(shard => !byShard.has(shard)); tries++) {
        if (tries > patient(100)) throw new Error(`no organization in shard ${shards}`)
        const { shard, ...made } = await organization()
        if (!byShard.has(shard)) byShard.set(shard, made)
      }
      return new Map(shards.map(shard => [shard, byShard.get(shard)!]))
    },
    call: ({ apiKey }, method, path, body) => [...running][0]!.current().call(apiKey, method, path, body),
    async usageOf(organization) {
      const path = `/api/v1/usage/summary?month=${new Date().toISOString().slice(0, 7)}`
      const { data } = await [...running][0]!
        .current()
        .call<{ meters: { emits: number } }>(organization.apiKey, 'GET', path)
      return data.meters.emits
    },
    async settled() {
      await until('each shard is claimed once, by a member of its group', async () => {
        for (const role of ROLES) {
          const { members } = await cluster.describeGroup(role).catch(() => ({ members: [] }))
          const claims = await Promise.all(
            [...running].map(slot => slot.metric(new RegExp(`^clarion_shards\\{[^}]*role="${role}"`))),
          )
          if (members.length !== running.size || claims.reduce((sum, each) => sum + each, 0) !== SHARDS) return false
        }
        const readies = await Promise.all([...running].map(slot => slot.ready()))
        return readies.every(({ status }) => status === 200)
      })
    },
    async close() {
      await Promise.allSettled([...running].map(slot => slot.kill()))
      await clickhouse.close()
    },
  }
}
