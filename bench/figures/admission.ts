/**
 * Registered events that organizations produce directly into their topics, no webhook: how many a second are judged, beside the raw exactly-once
 * pass-through. Once with `admit` alone, once while `record` writes their history.
 */
import { watchParts } from '../cpu.ts'
import { type BenchOrganization, organizationsOf } from '../organizations.ts'
import { passThroughRate } from '../pass-through.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { produceOrders } from '../produce-orders.ts'
import { median, steadyRate } from '../rates.ts'
import { countRecorded, untilRecorded } from '../recorded.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { type Watch, watchAdmission } from '../watch-admission.ts'

const GOAL = 0.5

interface Pair {
  clarion: number
  baseline: number
}

interface Ingress {
  testbed: Testbed
  organizations: BenchOrganization[]
  watch: Watch
}

export async function measureAdmission(testbed: Testbed): Promise<Row[]> {
  const organizations = await organizationsOf(testbed)
  const watch = await watchAdmission(testbed, organizations)
  const ingress = { testbed, organizations, watch }
  try {
    const alone = await takeTurns(testbed, () => admissionRate(ingress))
    const { record, rowsPerS } = await startRecord(testbed, watch.accepted())
    const recorded = await takeTurns(testbed, () => admissionRate(ingress, record))
    await record.end()
    const rows = [rowOf('admission from Kafka, emits/s', alone), rowOf('the same while `record` writes', recorded)]
    return [...rows, recordRow(rowsPerS, median(alone.map(pair => pair.clarion)))]
  } finally {
    await watch.close()
  }
}

/** For another figure that compares the same. */
export async function admissionRateOf(testbed: Testbed): Promise<{ rate(): Promise<number>; close(): Promise<void> }> {
  const organizations = await organizationsOf(testbed)
  const watch = await watchAdmission(testbed, organizations)
  return { rate: () => admissionRate({ testbed, organizations, watch }), close: () => watch.close() }
}

/** A process that has written the backlog, and how fast it did. */
async function startRecord(testbed: Testbed, backlog: number): Promise<{ record: PlatformProcess; rowsPerS: number }> {
  const startedAtMs = testbed.clock.monotonicMs()
  const cpu = watchParts(testbed.pids)
  const record = await testbed.platform('record')
  await untilRecorded(testbed, backlog)
  const rowsPerS = backlog / ((testbed.clock.monotonicMs() - startedAtMs) / 1_000)
  testbed.say(`record: ${whole(rowsPerS)} rows/s; ${cpu(backlog, { record: record.child.pid })}`)
  return { record, rowsPerS }
}

/** Baseline and platform after each other, so that both meet the same machine. */
async function takeTurns(testbed: Testbed, measure: () => Promise<number>): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    const baseline = await passThroughRate(testbed)
    pairs.push({ baseline, clarion: await measure() })
  }
  return pairs
}

/** Fills the ingress first and then starts `admit`, so that it never waits for a producer. */
async function admissionRate({ testbed, organizations, watch }: Ingress, record?: PlatformProcess): Promise<number> {
  const { records } = testbed.options
  const targets = organizations.map(({ topic, event }) => ({ topic, partition: 0, event }))
  await produceOrders(testbed, targets, records)
  const count = organizations.length * records
  const accepted = watch.accepted()
  const following = watch.follow(count)
  following.catch(() => undefined) // it is awaited when `admit` is there
  const cpu = watchParts({ ...testbed.pids, ...(record ? { record: record.child.pid } : {}) })
  const admit = await testbed.platform('admit')
  const rate = steadyRate(await orEnded(following, admit), count)
  if (watch.accepted() - accepted !== count)
    throw new Error(`of ${count} emits ${watch.accepted() - accepted} were accepted`)
  if (record) {
    testbed.say(`record is ${whole(watch.accepted() - (await countRecorded(testbed)))} rows behind`)
    await untilRecorded(testbed, watch.accepted())
  }
  testbed.say(`admission: ${whole(rate)} emits/s; ${cpu(count, { admit: admit.child.pid })}`)
  await admit.end()
  return rate
}

async function orEnded<T>(work: Promise<T>, { child }: PlatformProcess): Promise<T> {
  const ended = child.exited.then(code => {
    throw new Error(`the process ended with ${code}:\n${child.log()}`)
  })
  ended.catch(() => undefined)
  return Promise.race([work, ended])
}

function rowOf(figure: string, pairs: Pair[]): Row {
  const ratio = median(pairs.map(({ clarion, baseline }) => clarion / baseline))
  return {
    figure,
    clarion: whole(median(pairs.map(pair => pair.clarion))),
    baseline: whole(median(pairs.map(pair => pair.baseline))),
    ratio: short(ratio),
    goal: `≥ ${GOAL}`,
    holds: ratio >= GOAL,
  }
}

/** How fast a backlog of history is written when nothing else is done: what admission can keep up for ever. */
function recordRow(rowsPerS: number, admission: number): Row {
  return {
    figure: '`record` alone, history rows/s',
    clarion: whole(rowsPerS),
    baseline: `${whole(admission)} (admission)`,
    ratio: short(rowsPerS / admission),
    goal: '–',
    holds: undefined,
  }
}
