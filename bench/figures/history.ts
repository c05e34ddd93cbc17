/**
 * The history in ClickHouse: how fast it is written, and how long questions about it take once there are 50 million audit rows, of which the organization that
 * asks has a tenth. The baseline of a question is the same one when there is a hundredth of the rows.
 */
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import { createReads } from '../../src/analytics/read/reads.ts'
import { createLogger } from '../../src/logger.ts'
import { createPlatformClient } from '../emit-all.ts'
import { measureInserts, untilMerged } from '../history-inserts.ts'
import { type Question, questionsOf, type Times, timesOf } from '../history-questions.ts'
import { fillHistory } from '../history-rows.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

/** With `--records` at its full number; as many fewer as the records are. */
const ROWS = 50_000_000
const FULL_RECORDS = 50_000
const BASELINE_SHARE = 0.01
const GOAL_P99_MS = 500
/** A day of rows is one statement. */
const REQUEST_TIMEOUT_MS = 600_000
const DATABASE = 'clarion'
const NAMES = Array.from({ length: 20 }, (_, n) => `shop.event_${n}`)

export async function measureHistory(testbed: Testbed): Promise<Row[]> {
  const written = await measureInserts(testbed)
  const rows = Math.round((ROWS * testbed.options.records) / FULL_RECORDS)
  const { clickhouseUrl: url, clock } = testbed
  const client = createAnalyticsClient({
    url,
    database: DATABASE,
    clock,
    logger: createLogger('silent'),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  })
  const platform = await testbed.platform('api')
  const [one, big] = [await createPlatformClient(testbed, platform), await createPlatformClient(testbed, platform)]
  const untilMs = clock.nowMs()
  const fill = async (count: number, first: number) => {
    const startedAtMs = clock.monotonicMs()
    const tell = (days: number) => {
      if (days % 10 === 0) testbed.say(`${whole(count)} audit rows: ${days} of 30 days are in`)
    }
    await fillHistory({ client, rows: count, first, untilMs, big: big.id, one: one.id, names: NAMES }, tell)
    const seconds = (clock.monotonicMs() - startedAtMs) / 1_000
    await untilMerged(testbed, client)
    testbed.say(`${whole(count)} audit rows made in ${short(seconds)} s; ${await describe(client)}`)
  }
  const ask = async () => {
    const questions = [...(await questionsOf(big.client, NAMES, untilMs)), operatorsQuestion(client, untilMs)]
    const times = new Map<string, { question: Question; times: Times }>()
    for (const question of questions) times.set(question.name, { question, times: await timesOf(testbed, question) })
    return times
  }
  const few = Math.round(rows * BASELINE_SHARE)
  await fill(few, 0)
  const before = await ask()
  await fill(rows - few, few + 1_000)
  const after = await ask()
  await platform.end()
  await client.close()
  const asked = [...after].map(([name, { question, times }]) =>
    rowOf(question, rows, times, before.get(name)!.times, few),
  )
  return [...written, ...asked]
}

/** The API has no call for it yet; the query is the one that it would make. */
function operatorsQuestion(client: ReturnType<typeof createAnalyticsClient>, untilMs: number): Question {
  const reads = createReads(client)
  const month = new Date(untilMs).toISOString().slice(0, 7)
  return { name: "all organizations' usage of the month", hasGoal: true, ask: () => reads.usageTotals(month) }
}

async function describe(client: ReturnType<typeof createAnalyticsClient>): Promise<string> {
  const tables = await client.query<{ table: string; rows: number; parts: number; mb: number }>(
    `SELECT table, sum(rows) AS rows, count() AS parts, round(sum(bytes_on_disk) / 1e6) AS mb FROM system.parts
     WHERE active AND database = currentDatabase() GROUP BY table HAVING rows > 1000 ORDER BY rows DESC`,
  )
  return tables
    .map(({ table, rows, parts, mb }) => `${table} ${whole(rows)} in ${parts} parts, ${whole(mb)} MB`)
    .join('; ')
}

function rowOf({ name, hasGoal }: Question, rows: number, now: Times, before: Times, few: number): Row {
  const told = ({ p50, p99 }: Times) => `${short(p50)} / ${short(p99)}`
  return {
    figure: `${whole(rows)} audit rows: ${name}, p50 / p99, ms`,
    clarion: told(now),
    baseline: `${told(before)} (${whole(few)} rows)`,
    ratio: `${short(now.p50 / before.p50)} / ${short(now.p99 / before.p99)}`,
    goal: hasGoal ? `p99 < ${GOAL_P99_MS}` : '–',
    holds: hasGoal ? now.p99 < GOAL_P99_MS : undefined,
  }
}
