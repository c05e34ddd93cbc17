/** One seed: platform, load, faults, quiet, proof. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { createChildren } from '../bench/children.ts'
import { findBrokenParts } from '../src/analytics/broken-parts.ts'
import { createAnalyticsClient } from '../src/analytics/client.ts'
import type { Clock } from '../src/clock.ts'
import { openWire } from '../src/kafka/protocol/wire.ts'
import { createLogPages } from '../src/kafka/read/log-pages.ts'
import { createAppender } from '../src/kafka/write/appender.ts'
import { createLogger } from '../src/logger.ts'
import { startBackends } from './backends.ts'
import { createChance } from './chance.ts'
import { createFindings, type Finding } from './findings.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { proveLeases } from './leases.ts'
import { type Load, startLoad } from './load.ts'
import type { FaultOptions } from './options.ts'
import { prove } from './proof.ts'
import { isWorkDone, proveWork } from './prove-work.ts'
import { untilQuiet } from './quiet.ts'
import { type Arrival, startReceivers } from './receivers.ts'
import { faultsOf, type Struck, strike } from './schedule.ts'
import { createTally } from './tally.ts'
import { startWork } from './work.ts'
import { createWorld, federate, type Member, type World } from './world.ts'

const SIZES = { record: 2, deliver: 2, admit: 2, run: 2, queue: 2, api: 2 }
/** Of runs and consumers, once the load has ended. */
const WORK_ENDS_WITHIN_MS = 180_000
/** `CLARION_SHARDS`, unless it is set. */
const SHARDS = 8
const MB = 1024 * 1024

export interface RunResult {
  seed: number
  minutes: number
  rate: number
  struck: Struck[]
  /** Why a kind of fault could not be struck. */
  leftOut: string | undefined
  findings: Finding[]
  /** Unexpected exits. */
  unexpected: string[]
  quietS: number
  load: Load['counts']
  /** Answers to callers and producers, by outcome; codes of rejections. */
  outcomes: Record<string, number>
  organizations: number
  /** Requests that receivers got, and how many of them for an attempt that they had got before. */
  requests: number
  repeatedRequests: number
  /** The counters of the processes. */
  counted: Record<string, number>
  megabytes: { harness: number; kafka: number; clickhouse: number }
}

export const held = ({ findings, unexpected }: Pick<RunResult, 'findings' | 'unexpected'>): boolean =>
  unexpected.length === 0 && findings.every(({ wrong }) => wrong === 0)

/** `closing` gets what must be closed, in the order in which it was opened; each gets whether to keep its files. */
export async function runSeed(deps: {
  options: FaultOptions
  dataDir: string
  clock: Clock
  closing: Array<(keep: boolean) => Promise<unknown>>
  say(sentence: string): void
}): Promise<RunResult> {
  const { options, dataDir, clock, closing, say } = deps
  const { seed, minutes, rate, everyS, without } = options
  const chance = createChance(seed)
  const children = createChildren(clock)
  say(`seed ${seed}: ${minutes} min, ${rate} calls/s, a strike every ${everyS} s`)
  const backends = await startBackends({ dataDir, minutes, brokerCount: options.brokers, clock, say })
  closing.push(keep => backends.close(keep))
  if (backends.diskCannotFill) say(`disk-full is LEFT OUT: ${backends.diskCannotFill}`)
  const receivers = await startReceivers({ clock, chance: chance.fork('receivers').next })
  closing.push(() => receivers.close())
  const { brokers, username, password } = backends.brokers.connection()
  const kafka = { brokers, username, password, clientId: 'faults' }
  const env = () => ({
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
    CLICKHOUSE_URL: backends.clickhouseUrl(),
    DATABASE_URL: backends.postgres.url(),
    ...backends.brokers.env,
  })
  const fleet = await startFleet({ children, clock, dataDir, sizes: SIZES, env, say })
  closing.push(keep => closeFleet(fleet, keep))
  await fleet.ready()
  const world = createWorld({ fleet, receivers, pick: chance.fork('pick').pick, sleep: ms => clock.sleep(ms) })
  const { owner, peer } = await found(world)

  const logger = createLogger('silent')
  const appender = createAppender({ kafka, clock, logger, persistMs: 20_000 })
  closing.push(() => appender.close())
  const work = await startWork({ world, clock, chance: chance.fork('work') })
  closing.push(() => work.close())
  const load = startLoad({ world, appender, clock, chance: chance.fork('load'), ratePerS: rate })
  const tally = createTally(fleet)
  const faults = faultsOf({ fleet, backends, receivers, world, clock, chance: chance.fork('targets') })
  const chosen = faults.filter(fault => !without.includes(fault.kind))
  const timing = { clock, everyS, seconds: minutes * 60, twos: !without.includes('two') }
  const struck = await strike({ faults: chosen, chance: chance.fork('faults'), ...timing, say, after: tally.read })
  say('the load ends; waiting until all is quiet')
  await Promise.all([load.stop(), work.stop()])
  const analytics = createAnalyticsClient({ url: backends.clickhouseUrl(), database: 'clarion', clock, logger })
  closing.push(() => analytics.close())
  await work.drain(() => isWorkDone({ world, work, analytics }), WORK_ENDS_WITHIN_MS)
  const quietS = await untilQuiet({ fleet, analytics, clock, say })
  // Rows that it had acknowledged and has lost by itself (docs/operations.md, "A full disk"): the proof then says what is missing.
  for (const { table, parts, names } of await findBrokenParts(analytics))
    say(`ClickHouse has set ${parts} broken of ${table} aside: ${names}`)
  await tally.read()
  const wire = await openWire(kafka, logger)
  closing.push(() => wire.close())
  const { arrivals } = receivers
  const findings = await prove({
    world,
    load,
    arrivals,
    analytics,
    pages: createLogPages({ wire, clock }),
    owner,
    peer,
  })
  const ofWork = createFindings()
  await proveWork(ofWork, { world, work, analytics })
  findings.push(...ofWork.list())
  const leases = createFindings()
  if (backends.brokers.cluster !== undefined)
    await proveLeases(leases, { cluster: backends.brokers.cluster, fleet }, SHARDS)
  findings.push(...leases.list())
  return {
    ...{
      seed,
      minutes,
      rate,
      struck,
      leftOut: backends.diskCannotFill,
      findings,
      unexpected: fleet.unexpected,
      quietS,
    },
    load: load.counts,
    outcomes: outcomesOf(load),
    organizations: new Set(world.members.map(({ id }) => id)).size,
    requests: arrivals.length,
    repeatedRequests: arrivals.length - attemptsOf(arrivals),
    counted: tally.sums(),
    megabytes: {
      harness: Math.round(process.memoryUsage.rss() / MB),
      kafka: megabytesOf(join(dataDir, 'kafka')),
      clickhouse: megabytesOf(join(dataDir, 'clickhouse')),
    },
  }
}

/** The organizations before the first emit: each plan, each manner of receivers, both environments, and two that federate. */
async function found(world: World): Promise<{ owner: Member; peer: Member }> {
  const owner = await world.join('ENTERPRISE', [
    { manner: 'good' },
    { manner: 'slow' },
    { manner: 'dying' },
    { manner: 'flaky', ordering: 'block' },
    { manner: 'hanging' },
  ])
  const peer = await world.join('ENTERPRISE', [{ manner: 'good' }])
  await world.join('PRO', [{ manner: 'flaky' }, { manner: 'dying', ordering: 'block' }, { manner: 'hanging' }])
  await world.join('FREE', [{ manner: 'good' }])
  await world.joinTest(owner)
  await federate(world, owner, peer)
  world.founded()
  return { owner, peer }
}

function outcomesOf({ acknowledged }: Load): Record<string, number> {
  const outcomes: Record<string, number> = {}
  for (const { emitId, outcome, code } of acknowledged) {
    const what = code ?? (emitId === undefined && outcome === 'pending' ? 'acknowledged by Kafka' : outcome)
    outcomes[what] = (outcomes[what] ?? 0) + 1
  }
  return outcomes
}

const attemptsOf = (arrivals: Arrival[]): number =>
  new Set(arrivals.map(({ deliveryId, attempt }) => `${deliveryId}/${attempt}`)).size

async function closeFleet(fleet: Fleet, keep: boolean): Promise<void> {
  await fleet.close()
  if (keep) fleet.keepLogs()
}

/** 0 where it is unknown. */
function megabytesOf(directory: string): number {
  try {
    return Number.parseInt(
      execFileSync('du', ['-sm', directory], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      10,
    )
  } catch {
    return 0
  }
}
