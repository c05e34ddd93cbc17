/**
 * An application of one organization produces directly into its topic as fast as it can, with a credential of its own. How many of these are
 * admitted a second, beside the raw exactly-once pass-through under the same flood; and what an organization of the same shard that emits 20 times
 * a second over HTTP notices of it, beside the same platform while it is idle. In one process, and with `api` and `admit` apart and the history
 * written afterwards, which is how the figure of admission is taken.
 */

import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { PassThroughMessage, PassThroughSettings } from '../baselines/pass-through.ts'
import { watchParts } from '../cpu.ts'
import { startFlood } from '../flood.ts'
import { openLoop } from '../loops.ts'
import { EVENT_NAME } from '../order.ts'
import { type BenchOrganization, countShards, emitOrder, makeOrganization } from '../organizations.ts'
import { createTopics } from '../pass-through.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { median, percentile, type Sample } from '../rates.ts'
import { untilHistoryRests } from '../recorded.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { type Watch, watchAdmission } from '../watch-admission.ts'

/** One process first: it begins when all history is written, the other leaves some. */
const LAYOUTS = [
  { name: 'one process', processes: ['all'], slower: 5 },
  { name: '`api` and `admit`', processes: ['api', 'admit'], slower: 3 },
] as const
const RATE_PER_S = 20
/** Until the flood and its neighbour have reached their rates. */
const WARM_S = 3
const KEEPS = 0.5
const TRIES_MAX = 200
const POLL_MS = 50
const PATIENCE_MS = 240_000

interface Sides {
  flooding: BenchOrganization
  kafka: KafkaSettings
  neighbour: BenchOrganization
  watch: Watch
}

interface Taken {
  admitted: number
  baseline: number
  idleMs: number[]
  floodedMs: number[]
}

export async function measureFairness(testbed: Testbed): Promise<Row[]> {
  const sides = await makeSides(testbed)
  try {
    const rows: Row[] = []
    for (const { name, processes, slower } of LAYOUTS) {
      const taken: Taken[] = []
      for (let round = 0; round < testbed.options.rounds; round++)
        taken.push(await takeTurns(testbed, sides, processes))
      rows.push(...rowsOf(name, slower, taken))
    }
    return rows
  } finally {
    await sides.watch.close()
  }
}

async function takeTurns(testbed: Testbed, sides: Sides, processes: readonly string[]): Promise<Taken> {
  const baseline = await passThroughUnderFlood(testbed)
  const platforms: PlatformProcess[] = []
  for (const roles of processes) platforms.push(await testbed.platform(roles, `fairness-${roles}`))
  if (processes.includes('all')) await untilHistoryRests(testbed)
  await neighbourMs(testbed, sides, platforms[0]!, WARM_S)
  const idleMs = await neighbourMs(testbed, sides, platforms[0]!, testbed.options.seconds)
  const flooded = await underFlood(testbed, sides, platforms)
  for (const platform of platforms.reverse()) await platform.end()
  return { baseline, idleMs, ...flooded }
}

async function underFlood(
  testbed: Testbed,
  sides: Sides,
  platforms: PlatformProcess[],
): Promise<Pick<Taken, 'admitted' | 'floodedMs'>> {
  const { clock } = testbed
  const { watch, flooding, kafka } = sides
  const before = { judged: watch.judged(), accepted: watch.accepted() }
  const flood = await startFlood(testbed, { kafka, topic: flooding.topic, event: flooding.event })
  await neighbourMs(testbed, sides, platforms[0]!, WARM_S)
  const pids = Object.fromEntries(platforms.map(({ child }, index) => [`platform ${index + 1}`, child.pid]))
  const cpu = watchParts({ ...testbed.pids, ...pids })
  const from = { atMs: clock.monotonicMs(), total: watch.judged(), produced: flood.produced() }
  const floodedMs = await neighbourMs(testbed, sides, platforms[0]!, testbed.options.seconds)
  const seconds = (clock.monotonicMs() - from.atMs) / 1_000
  const judged = watch.judged() - from.total
  const producing = (flood.produced() - from.produced) / seconds
  testbed.say(`${whole(judged / seconds)} admitted of ${whole(producing)} produced a second; ${cpu(judged, {})}`)
  const produced = await flood.stop()
  const deadline = clock.monotonicMs() + PATIENCE_MS
  while (watch.judged() - before.judged < produced) {
    if (clock.monotonicMs() > deadline)
      throw new Error(`of ${produced} records ${watch.judged() - before.judged} were judged`)
    await clock.sleep(POLL_MS)
  }
  const accepted = watch.accepted() - before.accepted
  if (accepted !== produced) throw new Error(`of ${produced} records ${accepted} were accepted`)
  return { admitted: judged / seconds, floodedMs }
}

/** The time of each of the neighbour's emits until its verdict. */
async function neighbourMs(
  testbed: Testbed,
  { neighbour }: Sides,
  api: PlatformProcess,
  seconds: number,
): Promise<number[]> {
  const client = api.client(neighbour.apiKey)
  const { latenciesMs, failures } = await openLoop(testbed.clock, RATE_PER_S, seconds, n =>
    emitOrder(client, neighbour, n),
  )
  if (failures.length > 0)
    throw new Error(`${failures.length} of the neighbour's emits went wrong; the first: ${failures[0]}`)
  const figures = [0.5, 0.95, 0.99, 1].map(share => short(percentile(latenciesMs, share))).join(' / ')
  testbed.say(`the neighbour's emits: p50 / p95 / p99 / max ${figures} ms`)
  return latenciesMs
}

let floods = 0

/** Records a second, of one partition into another, while that is being flooded. */
async function passThroughUnderFlood(testbed: Testbed): Promise<number> {
  const { kafka, clock, options } = testbed
  const name = `bench.flood-${++floods}`
  const [from, to] = [`${name}.in`, `${name}.out`]
  await createTopics(testbed, [from, to], 1)
  const child = testbed.children.start({ file: new URL('../baselines/pass-through.ts', import.meta.url), ipc: true })
  const samples: Sample[] = []
  child.process.on('message', message => samples.push(message as PassThroughMessage))
  const flood = await startFlood(testbed, { kafka, topic: from, event: EVENT_NAME })
  child.process.send({
    kafka,
    from,
    to,
    partitions: 1,
    records: Number.MAX_SAFE_INTEGER,
    group: name,
  } satisfies PassThroughSettings)
  await clock.sleep(WARM_S * 1_000)
  const begun = samples.at(-1)
  await clock.sleep(options.seconds * 1_000)
  const ended = samples.at(-1)
  await flood.stop()
  await child.end()
  if (!begun || !ended || ended.total <= begun.total) throw new Error(`the pass-through did nothing:\n${child.log()}`)
  const rate = ((ended.total - begun.total) * 1_000) / (ended.atMs - begun.atMs)
  testbed.say(`raw pass-through under a flood: ${whole(rate)} records/s`)
  return rate
}

/** Two organizations of one shard, and a credential of the one that floods. */
async function makeSides(testbed: Testbed): Promise<Sides> {
  const api = await testbed.platform('api')
  const flooding = await makeOrganization(api, testbed)
  const shards = await countShards(testbed)
  let neighbour = await makeOrganization(api, testbed)
  for (let tries = 1; shardOf(neighbour.id, shards) !== shardOf(flooding.id, shards); tries++) {
    if (tries > TRIES_MAX) throw new Error(`no second organization of the same shard was found in ${TRIES_MAX} tries`)
    neighbour = await makeOrganization(api, testbed)
  }
  const asked = JSON.stringify({ name: 'the flood', access: 'produce' })
  const { status, text } = await api.client(flooding.apiKey).send('POST', '/api/v1/kafka-credentials', asked)
  if (status !== 201) throw new Error(`a credential was not made: ${status} ${text.slice(0, 300)}`)
  const { username, password, bootstrapServers } = (JSON.parse(text) as { data: Record<string, string> }).data
  await api.end()
  const kafka = { brokers: bootstrapServers!.split(','), username, password, clientId: 'flood' } as KafkaSettings
  return { flooding, kafka, neighbour, watch: await watchAdmission(testbed, [flooding]) }
}

/** Latencies of all rounds together: a percentile of a few seconds says little. */
function rowsOf(layout: string, slower: number, taken: Taken[]): Row[] {
  const keeps = median(taken.map(({ admitted, baseline }) => admitted / baseline))
  const [idle, flooded] = [taken.flatMap(each => each.idleMs), taken.flatMap(each => each.floodedMs)] // biome-ignore format: one thought
  const [before, now] = [percentile(idle, 0.99), percentile(flooded, 0.99)]
  return [
    {
      figure: `admitted of one organization's flood, ${layout}, emits/s`,
      clarion: whole(median(taken.map(each => each.admitted))),
      baseline: `${whole(median(taken.map(each => each.baseline)))} (pass-through, same flood)`,
      ratio: short(keeps),
      goal: `≥ ${KEEPS}`,
      holds: keeps >= KEEPS,
    },
    {
      figure: `a neighbour's emit meanwhile at ${RATE_PER_S}/s, ${layout}, p99, ms`,
      clarion: short(now),
      baseline: `${short(before)} (idle)`,
      ratio: short(now / before),
      goal: `≤ ${slower} ×`,
      holds: now <= slower * before,
    },
  ]
}
