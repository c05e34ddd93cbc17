/** `npm run faults`: load, faults by a seed, quiet, proof. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChildren } from '../bench/children.ts'
import { createAnalyticsClient } from '../src/analytics/client.ts'
import { createSystemClock, createSystemRandom } from '../src/clock.ts'
import { createAppender } from '../src/kafka/appender.ts'
import { createLogPages } from '../src/kafka/log-pages.ts'
import { openWire } from '../src/kafka/wire.ts'
import { createLogger } from '../src/observability/logger.ts'
import { startBackends } from './backends.ts'
import { createChance } from './chance.ts'
import { startFleet } from './fleet.ts'
import { startLoad } from './load.ts'
import { type FaultOptions, HELP, readOptions } from './options.ts'
import { prove } from './proof.ts'
import { untilQuiet } from './quiet.ts'
import { startReceivers } from './receivers.ts'
import { report } from './report.ts'
import { faultsOf, strike } from './schedule.ts'
import { createWorld, federate } from './world.ts'

const SIZES = { record: 1, deliver: 2, admit: 2, api: 2 }
const clock = createSystemClock()

main().then(
  code => process.exit(code),
  error => {
    console.error(`faults: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  },
)

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), createSystemRandom().bytes(4).readUInt32BE() % 1_000_000 || 1)
  if (options === undefined) {
    console.log(HELP)
    return 0
  }
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'clarion-faults-'))
  const children = createChildren(clock)
  const closing: Array<() => Promise<unknown>> = []
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close().then(() => process.exit(130)))
  let closed: Promise<void> | undefined
  const close = () => (closed ??= closeAll(closing))
  try {
    return await run(options, dataDir, children, closing)
  } finally {
    await close()
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function closeAll(closing: Array<() => Promise<unknown>>): Promise<void> {
  for (const each of closing.splice(0).reverse()) await each().catch(error => say(`a part did not stop cleanly: ${error}`))
}

async function run(
  options: FaultOptions,
  dataDir: string,
  children: ReturnType<typeof createChildren>,
  closing: Array<() => Promise<unknown>>,
): Promise<number> {
  const chance = createChance(options.seed)
  say(`seed ${options.seed}: ${options.minutes} min, ${options.rate} calls/s, a fault every ${options.everyS} s`)
  const backends = await startBackends({ dataDir, clock, say })
  closing.push(() => backends.close())
  if (backends.diskCannotFill) say(`disk-full is LEFT OUT: ${backends.diskCannotFill}`)
  const receivers = await startReceivers({ clock, chance: chance.fork('receivers').next })
  closing.push(() => receivers.close())
  const { brokers, username, password } = backends.kafka()
  const kafka = { brokers, username, password, clientId: 'faults' }
  const env = () => ({
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
    CLICKHOUSE_URL: backends.clickhouseUrl(),
  })
  const fleet = await startFleet({ children, clock, dataDir, sizes: SIZES, env, say })
  closing.push(() => fleet.close())
  await fleet.ready()

  const pick = chance.fork('pick').pick
  const world = createWorld({ fleet, receivers, pick, sleep: ms => clock.sleep(ms) })
  const owner = await world.join('ENTERPRISE', [
    { manner: 'good' },
    { manner: 'slow' },
    { manner: 'dying' },
    { manner: 'flaky', ordering: 'block' },
  ])
  const peer = await world.join('ENTERPRISE', [{ manner: 'good' }])
  await world.join('PRO', [{ manner: 'flaky' }, { manner: 'dying', ordering: 'block' }])
  await world.join('FREE', [{ manner: 'good' }])
  await federate(world, owner, peer)

  const logger = createLogger('silent')
  const appender = createAppender({ kafka, clock, logger, persistMs: 20_000 })
  closing.push(() => appender.close())
  const load = startLoad({ world, appender, clock, chance: chance.fork('load'), ratePerS: options.rate })
  const faults = faultsOf({ fleet, backends, receivers, world, clock }).filter(fault => !options.without.includes(fault.kind))
  const struck = await strike({ faults, chance: chance.fork('faults'), clock, everyS: options.everyS, seconds: options.minutes * 60, say })
  say('the load ends; waiting until all is quiet')
  await load.stop()
  const analytics = createAnalyticsClient({ url: backends.clickhouseUrl(), database: 'clarion', clock, logger })
  closing.push(() => analytics.close())
  const quietS = await untilQuiet({ fleet, analytics, clock, say })
  const wire = await openWire(kafka, logger)
  closing.push(() => wire.close())
  const findings = await prove({ world, load, arrivals: receivers.arrivals, analytics, pages: createLogPages({ wire, clock }) })
  return report({ options, struck, findings, load, arrivals: receivers.arrivals.length, quietS, unexpected: fleet.unexpected })
}

function say(sentence: string): void {
  console.error(`${(clock.monotonicMs() / 1000).toFixed(1).padStart(7)}  ${sentence}`)
}
