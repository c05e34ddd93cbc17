/**
 * Registered events that organizations produce straight into their topics, no webhook: how many a second are judged, beside the raw exactly-once
 * pass-through. Once with `admit` alone, once while `record` writes their history.
 */
import type { BenchOrganization } from '../organizations.ts'
import { organizationsOf } from '../organizations.ts'
import { passThroughRate } from '../pass-through.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { produceOrders } from '../produce-orders.ts'
import { median, steadyRate } from '../rates.ts'
import { countRecorded, untilRecorded } from '../recorded.ts'
import type { Stand } from '../stand.ts'
import { type Row, short, whole } from '../table.ts'
import { type Watch, watchAdmission } from '../watch-admission.ts'

const GOAL = 0.5

interface Pair {
  clarion: number
  baseline: number
}

export async function measureAdmission(stand: Stand): Promise<Row[]> {
  const organizations = await organizationsOf(stand)
  const watch = await watchAdmission(stand, organizations)
  try {
    const alone = await takeTurns(stand, () => admissionRate(stand, organizations, watch))
    const backlog = watch.accepted()
    const record = await stand.platform('record')
    const startedAtMs = stand.clock.monotonicMs()
    await untilRecorded(stand, organizations, backlog)
    const rowsPerS = backlog / ((stand.clock.monotonicMs() - startedAtMs) / 1_000)
    const recorded = await takeTurns(stand, () => recordedRate(stand, organizations, watch))
    await record.end()
    const rows = [rowOf('admission from Kafka, emits/s', alone), rowOf('the same while `record` writes', recorded)]
    return [...rows, recordRow(rowsPerS, median(alone.map(pair => pair.clarion)))]
  } finally {
    await watch.close()
  }
}

/** Baseline and platform after each other, so that both meet the same machine. */
async function takeTurns(stand: Stand, measure: () => Promise<number>): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let round = 0; round < stand.options.rounds; round++) {
    const baseline = await passThroughRate(stand)
    pairs.push({ baseline, clarion: await measure() })
  }
  return pairs
}

/** Fills the ingress first and then starts `admit`, so that it never waits for a producer. */
async function admissionRate(stand: Stand, organizations: BenchOrganization[], watch: Watch, whenJudged = async () => {}): Promise<number> {
  const { records } = stand.options
  await produceOrders(stand, organizations.map(({ topic, event }) => ({ topic, partition: 0, event })), records) // biome-ignore format: one thought
  const count = organizations.length * records
  const accepted = watch.accepted()
  const following = watch.follow(count)
  const admit = await stand.platform('admit')
  const samples = await orEnded(following, admit)
  await whenJudged()
  await admit.end()
  if (watch.accepted() - accepted !== count) throw new Error(`of ${count} emits ${watch.accepted() - accepted} were accepted`)
  const rate = steadyRate(samples, count)
  stand.say(`admission: ${whole(rate)} emits/s`)
  return rate
}

async function recordedRate(stand: Stand, organizations: BenchOrganization[], watch: Watch): Promise<number> {
  const rate = await admissionRate(stand, organizations, watch, async () => {
    const rows = await countRecorded(stand, organizations)
    stand.say(`record is ${whole(watch.accepted() - rows)} rows behind`)
  })
  await untilRecorded(stand, organizations, watch.accepted())
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
