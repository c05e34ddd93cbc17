/**
 * The operator's view when something fails: two processes of all roles on three brokers, emits over HTTP under keys, records of a foreign client
 * beside them. One strike after the other; of each the longest time without an accepted emit, for all organizations and for those whose partitions and
 * coordinators are elsewhere, and what was lost or doubled.
 */
import { writeFileSync } from 'node:fs'
import { createChildren } from '../bench/children.ts'
import type { Clock } from '../src/clock.ts'
import { shardOf } from '../src/kafka/shards.ts'
import type { Cluster } from '../test/cluster/cluster.ts'
import {
  type Emit,
  longestGapMs,
  type Organization,
  startEmitting,
  startProducing,
  type Verified,
  verify,
} from '../test/cluster/emitting.ts'
import { control } from '../topics/control.ts'
import { ELSEWHERE, RESTART_PAUSE_MS, SHARDS, STRIKES, type Stage, type Strike, VICTIM } from './acceptance-strikes.ts'
import { startBackends } from './backends.ts'
import { ADMIN_KEY, type Fleet, startFleet } from './fleet.ts'
import { leasesAgree } from './leases.ts'

const PRODUCED_PER_S = 10

export interface StrikeResult {
  strike: string
  /** Of all organizations, and of those led elsewhere (where that means something), seconds. */
  gapS: number
  elsewhereGapS: number | undefined
  /** From the moment when every partition had a leader again to the first accepted emit of the last organization, seconds. */
  afterLeadersS: number | undefined
  p50Ms: { before: number; after: number }
  p99Ms: { before: number; during: number }
  answers: Record<string, number>
  /** Every group has as many members as processes, and each shard is claimed once. */
  leasesAgree: boolean
  verified: Omit<Verified, 'lost' | 'doubled'> & { lost: number; doubled: number }
}

/** Runs the strikes of these names, all by default, and answers what was measured. `closing` gets what must be closed. */
export async function runAcceptance(deps: {
  only: readonly string[]
  ratePerS: number
  dataDir: string
  clock: Clock
  closing: Array<(keep: boolean) => Promise<unknown>>
  /** Written anew after each strike. */
  result: string | undefined
  say(sentence: string): void
}): Promise<StrikeResult[]> {
  const { clock, closing, dataDir, say } = deps
  const backends = await startBackends({ dataDir, minutes: 30, brokerCount: 3, clock, say })
  closing.push(keep => backends.close(keep))
  const cluster = backends.brokers.cluster!
  const { brokers, username, password } = cluster
  const env = () => ({
    KAFKA_BROKERS: brokers.join(),
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
    CLICKHOUSE_URL: backends.clickhouseUrl(),
    CLARION_TIME_SCALE: '1',
    ...backends.brokers.env,
  })
  const children = createChildren(clock)
  const fleet = await startFleet({
    children,
    clock,
    dataDir,
    sizes: { all: 2 },
    env,
    say,
    restartPauseMs: RESTART_PAUSE_MS,
  })
  closing.push(() => fleet.close())
  await fleet.ready()
  const { victims, elsewhere } = await found(fleet)
  const stage: Stage = { cluster, fleet, clock, victims, elsewhere }
  const results: StrikeResult[] = []
  for (const strike of STRIKES.filter(({ name }) => deps.only.length === 0 || deps.only.includes(name))) {
    say(`${strike.name} …`)
    const result = await measure(strike, stage, deps)
    results.push(result)
    say(rowOf(result).join(' | '))
    if (deps.result !== undefined) writeFileSync(deps.result, `${JSON.stringify(results, undefined, 2)}\n`)
  }
  return results
}

/** One organization in each of six shards; three for the broker that is struck, three for the others. */
async function found(fleet: Fleet): Promise<{ victims: Organization[]; elsewhere: Organization[] }> {
  const byShard = new Map<number, Organization>()
  for (let made = 0; byShard.size < 6; made++) {
    const body = { name: `accepted-${made}`, plan: 'ENTERPRISE', ownerEmail: 'acceptance@example.com' }
    const { organization, apiKey } = (await post(fleet.slots[0]!.base, ADMIN_KEY, '/api/v1/organizations', body)) as {
      organization: { id: string; slug: string }
      apiKey: string
    }
    const shard = shardOf(organization.id, SHARDS)
    if (!byShard.has(shard)) byShard.set(shard, { id: organization.id, slug: organization.slug, apiKey })
  }
  const all = [...byShard.values()]
  return { victims: all.slice(0, 3), elsewhere: all.slice(3) }
}

async function post(base: string, key: string, path: string, body: object): Promise<unknown> {
  const answer = await fetch(base + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { data } = (await answer.json()) as { data?: unknown }
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status}`)
  return data
}

/** The victim leads what its organizations depend on and nothing of the others, the coordinator of the group included. */
async function place({ cluster, victims, elsewhere }: Stage): Promise<void> {
  for (const { id } of victims) await cluster.placeShard('admit', shardOf(id, SHARDS), VICTIM, [id])
  for (const [at, { id }] of elsewhere.entries())
    await cluster.placeShard('admit', shardOf(id, SHARDS), ELSEWHERE[at % 2]!, [id])
  await cluster.moveLeader(control.name, 0, ELSEWHERE[0]!)
  await cluster.moveCoordinator('group', 'admit', ELSEWHERE[0]!)
}

const STEADY_MS = 20_000

async function measure(
  strike: Strike,
  stage: Stage,
  { ratePerS, clock }: { ratePerS: number; clock: Clock },
): Promise<StrikeResult> {
  const { cluster, fleet, victims, elsewhere } = stage
  const organizations = [...victims, ...elsewhere]
  await cluster.healed()
  await place(stage)
  await strike.prepare?.(stage)
  await fleet.ready()
  const emitting = startEmitting({ bases: () => fleet.slots.map(({ base }) => base), organizations, ratePerS })
  const producing = await startProducing({ cluster, organizations, ratePerS: PRODUCED_PER_S })
  await clock.sleep(STEADY_MS)
  const struckAtMs = performance.now()
  const watching = watchLeaders(cluster)
  await strike.run(stage)
  const repairedAtMs = performance.now()
  // A lone broker's metadata shows leaders that are long gone: none counts before the brokers are back.
  const leadersAtMs = Math.max(repairedAtMs, await watching.stop())
  await cluster.healed()
  await clock.sleep(strike.afterMs ?? 15_000)
  const endedAtMs = performance.now()
  await Promise.all([emitting.stop(), producing.stop()])
  const agree = await leasesAgree(stage, SHARDS)
  const emits = [...emitting.emits, ...producing.emits]
  const { lost, doubled, ...rest } = await verify({
    kafka: kafkaOf(cluster),
    cluster,
    organizations,
    emits,
    usageOf: each => usageOf(fleet, each),
  })
  const ids = (list: Organization[]) => new Set(list.map(({ id }) => id))
  const gap = (list: Organization[]) => longestGapMs(emits, ids(list), struckAtMs, endedAtMs) / 1_000
  const latencies = (list: Organization[], fromMs: number, toMs: number) => latenciesOf(emits, ids(list), fromMs, toMs)
  const others = strike.hasElsewhere ? elsewhere : organizations
  return {
    strike: strike.name,
    gapS: Math.max(...organizations.map(each => gap([each]))),
    elsewhereGapS: strike.hasElsewhere ? Math.max(...elsewhere.map(each => gap([each]))) : undefined,
    afterLeadersS: strike.countsFromLeaders ? firstAfter(emits, organizations, leadersAtMs) : undefined,
    p50Ms: {
      before: quantile(latencies(organizations, struckAtMs - STEADY_MS / 2, struckAtMs), 0.5),
      after: quantile(latencies(organizations, endedAtMs - 10_000, endedAtMs), 0.5),
    },
    p99Ms: {
      before: quantile(latencies(others, struckAtMs - STEADY_MS / 2, struckAtMs), 0.99),
      during: quantile(latencies(others, struckAtMs, repairedAtMs), 0.99),
    },
    answers: Object.fromEntries(emitting.answers),
    leasesAgree: agree,
    verified: { ...rest, lost: lost.length, doubled: doubled.length },
  }
}

const kafkaOf = ({ brokers, username, password }: Cluster) => ({ brokers, username, password, clientId: 'acceptance' })

/** When every partition had a leader that serves, the last time that one had none before. */
function watchLeaders(cluster: Cluster): { stop(): Promise<number> } {
  let isStopped = false
  let sinceMs = performance.now()
  const loop = watch()
  async function watch(): Promise<void> {
    while (!isStopped || sinceMs === Number.POSITIVE_INFINITY) {
      const state = await cluster.describe('all').catch(() => undefined)
      const isLed =
        state?.topics.every(({ partitions }) => partitions.every(({ leader }) => state.brokers.includes(leader))) ??
        false
      if (!isLed) sinceMs = Number.POSITIVE_INFINITY
      else if (sinceMs === Number.POSITIVE_INFINITY) sinceMs = performance.now()
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  return {
    async stop() {
      isStopped = true
      await loop
      return sinceMs
    },
  }
}

function firstAfter(emits: readonly Emit[], organizations: readonly Organization[], fromMs: number): number {
  const firsts = organizations.map(({ id }) => {
    const times = emits
      .filter(each => each.organization.id === id && (each.acceptedAtMs ?? 0) > fromMs)
      .map(each => each.acceptedAtMs!)
    return (Math.min(...times) - fromMs) / 1_000
  })
  return Math.max(...firsts)
}

function latenciesOf(emits: readonly Emit[], ids: ReadonlySet<string>, fromMs: number, toMs: number): number[] {
  return emits
    .filter(
      each =>
        each.acceptedAtMs !== undefined &&
        ids.has(each.organization.id) &&
        each.sentAtMs >= fromMs &&
        each.sentAtMs < toMs,
    )
    .map(({ acceptedAtMs, sentAtMs }) => acceptedAtMs! - sentAtMs)
    .sort((a, b) => a - b)
}

const quantile = (sorted: readonly number[], share: number): number =>
  Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN)

async function usageOf(fleet: Fleet, { apiKey }: Organization): Promise<number> {
  const url = `${fleet.slots[0]!.base}/api/v1/usage/summary?month=${new Date().toISOString().slice(0, 7)}`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } })
  const { data } = (await answer.json()) as { data: { meters: { emits: number } } }
  return data.meters.emits
}

const HEADING = ['strike', 'gap, s', 'led elsewhere, s', 'after leaders, s', 'p50 before, after, ms', 'p99 before, during, ms', 'lost', 'doubled', 'miscounted', 'leases agree', 'answers'] // biome-ignore format: one line

function rowOf({
  strike,
  gapS,
  elsewhereGapS,
  afterLeadersS,
  p50Ms,
  p99Ms,
  verified,
  leasesAgree,
  answers,
}: StrikeResult): string[] {
  const seconds = (value: number | undefined) => (value === undefined ? '' : value.toFixed(1))
  return [
    strike,
    seconds(gapS),
    seconds(elsewhereGapS),
    seconds(afterLeadersS),
    `${p50Ms.before}, ${p50Ms.after}`,
    `${p99Ms.before}, ${p99Ms.during}`,
    String(verified.lost),
    String(verified.doubled + verified.broken.length),
    String(verified.miscounted.length),
    leasesAgree ? 'yes' : '**no**',
    Object.entries(answers).map(([status, times]) => `${status}: ${times}`).join(', '), // biome-ignore format: one thought
  ]
}

export const acceptanceTable = (results: readonly StrikeResult[]): string =>
  [HEADING, HEADING.map(() => '---'), ...results.map(rowOf)].map(cells => `| ${cells.join(' | ')} |`).join('\n')
