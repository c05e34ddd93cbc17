/**
 * `npm run bench`: each figure beside its baseline in the same run, one table at the end. The table goes to standard output, everything else
 * to standard error.
 */
import { type Clock, createSystemClock, createSystemRandom } from '../src/clock.ts'
import { type Children, createChildren } from './children.ts'
import { watchOthers } from './cpu.ts'
import { measureAdmission } from './figures/admission.ts'
import { measureBatch } from './figures/batch.ts'
import { measureCatchUp } from './figures/catch-up.ts'
import { measureCompatibility } from './figures/compatibility.ts'
import { measureConsole } from './figures/console.ts'
import { measureCurve } from './figures/curve.ts'
import { measureDelivery } from './figures/delivery.ts'
import { measureDomain } from './figures/domain.ts'
import { measureDryRun } from './figures/dry-run.ts'
import { measureDurable } from './figures/durable.ts'
import { measureEmit } from './figures/emit.ts'
import { measureFairness } from './figures/fairness.ts'
import { measureFanOut } from './figures/fan-out.ts'
import { measureFederation } from './figures/federation.ts'
import { measureGrowth } from './figures/growth.ts'
import { measureHistory } from './figures/history.ts'
import { measureIsolation } from './figures/isolation.ts'
import { measureKeys } from './figures/keys.ts'
import { measureKits } from './figures/kits.ts'
import { measureNeighbours } from './figures/neighbours.ts'
import { measureOrganizations } from './figures/organizations.ts'
import { measureOverload } from './figures/overload.ts'
import { measurePath } from './figures/path.ts'
import { measurePush } from './figures/push.ts'
import { measureQueues } from './figures/queues.ts'
import { measureRoutes } from './figures/routes.ts'
import { measureRuns } from './figures/runs.ts'
import { measureSchemas } from './figures/schemas.ts'
import { measureStart } from './figures/start.ts'
import { measureStreams } from './figures/streams.ts'
import { measureWaiting } from './figures/waiting.ts'
import { describeMachine } from './machine.ts'
import { type BenchOptions, type FigureName, HELP, readOptions } from './options.ts'
import { type Row, table } from './table.ts'
import { type DataDirectory, makeDataDirectory, openTestbed, type Testbed } from './testbed.ts'

/** In the order of `FIGURES`: `start` and `organizations` stop the parts of the testbed, so they come last. */
const MEASURE: Record<FigureName, (testbed: Testbed) => Promise<Row[]>> = {
  admission: measureAdmission,
  fairness: measureFairness,
  federation: measureFederation,
  streams: measureStreams,
  emit: measureEmit,
  routes: measureRoutes,
  runs: measureRuns,
  domain: measureDomain,
  durable: measureDurable,
  waiting: measureWaiting,
  neighbours: measureNeighbours,
  batch: measureBatch,
  delivery: measureDelivery,
  'catch-up': measureCatchUp,
  'dry-run': measureDryRun,
  'fan-out': measureFanOut,
  push: measurePush,
  queues: measureQueues,
  overload: measureOverload,
  path: measurePath,
  curve: measureCurve,
  isolation: measureIsolation,
  history: measureHistory,
  schemas: measureSchemas,
  compatibility: measureCompatibility,
  console: measureConsole,
  growth: measureGrowth,
  keys: measureKeys,
  kits: measureKits,
  start: measureStart,
  organizations: measureOrganizations,
}
const QUIET_WATCH_MS = 2_000

const clock = createSystemClock()
const startedAtMs = clock.monotonicMs()
const say = (sentence: string) =>
  console.error(`${((clock.monotonicMs() - startedAtMs) / 1_000).toFixed(1).padStart(7)} s  ${sentence}`)

const options = optionsOrExit()
if (options) process.exit(await run(options))

/** Answers the exit code. Everything that was started is stopped in every case. */
async function run(options: BenchOptions): Promise<number> {
  const children = createChildren(clock)
  const data = makeDataDirectory()
  let opening: Promise<Testbed> | undefined
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= closeAll(children, opening, data)
    return closing
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void close().then(() => process.exit(130)))
  try {
    console.log(await surroundings(clock))
    opening = openTestbed({ dataDir: data.path, clock, random: createSystemRandom(), options, children, say })
    return await measureAll(await opening)
  } finally {
    await close()
  }
}

/** Answers 1 if a figure could not be taken. The table shows a figure that is below its goal. */
async function measureAll(testbed: Testbed): Promise<number> {
  const rows: Row[] = []
  let failed = 0
  for (const name of testbed.options.only) {
    say(`— ${name}`)
    const others = watchOthers(testbed.clock)
    try {
      const measured = await MEASURE[name](testbed)
      const cores = others()
      rows.push(...measured.map(row => ({ ...row, othersCores: cores })))
    } catch (error) {
      failed = 1
      say(`${name} could not be measured: ${(error as Error).stack}`)
      rows.push({ figure: name, clarion: 'not measured', baseline: '', ratio: '', goal: '', holds: undefined })
    }
    await testbed.children.close()
  }
  console.log(`\n${table(rows)}`)
  return failed
}

async function closeAll(children: Children, opening: Promise<Testbed> | undefined, data: DataDirectory): Promise<void> {
  await children.close()
  const testbed = await opening?.catch(() => undefined)
  await testbed?.stopParts()
  await data.remove()
}

/** The machine in one line, and how busy others keep it: figures of a busy machine are only worth their ratio. */
async function surroundings(clock: Clock): Promise<string> {
  const others = watchOthers(clock)
  await clock.sleep(QUIET_WATCH_MS)
  return `${describeMachine(clock)}; before the run others used ${others()?.toFixed(1) ?? 'unknown'} cores`
}

function optionsOrExit(): BenchOptions | undefined {
  try {
    const read = readOptions(process.argv.slice(2))
    if (!read) console.log(HELP)
    return read
  } catch (error) {
    console.error(`bench: ${(error as Error).message}; try --help`)
    process.exit(1)
  }
}
