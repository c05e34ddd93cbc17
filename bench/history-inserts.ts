/**
 * How fast the history is written: audit records decoded, cut into blocks and inserted by the same code as in the role `record`, without Kafka. The
 * baseline is ClickHouse alone: the very same rows again, from its own tables into others like them (`INSERT … SELECT`, in blocks as large as it
 * likes, without HTTP and JSON).
 */

import { insertsOf } from '../processors/record/blocks.ts'
import { BOUNDS } from '../processors/record/index.ts'
import { createLane } from '../processors/record/lane.ts'
import { type AnalyticsClient, createAnalyticsClient } from '../src/analytics/client.ts'
import { migrate } from '../src/analytics/migrate.ts'
import type { LogRecord } from '../src/kafka/ports.ts'
import { createLogger } from '../src/logger.ts'
import { auditEmits } from '../topics/audit-emits.ts'
import { watchParts } from './cpu.ts'
import { recordsOf } from './history-records.ts'
import { median } from './rates.ts'
import { type Row, short, whole } from './table.ts'
import type { Testbed } from './testbed.ts'

/** Of `--records`. */
const SHARE = 4
/** Both are slow at first: so many audit rows are not counted. */
const WARM_UP = 8_000
/** As many shards write at the same time. */
const LANES = 4
const TABLES = ['payloads', 'emits']
const REQUEST_TIMEOUT_MS = 600_000
const MERGE_POLL_MS = 200
const MERGE_PATIENCE_MS = 60_000

const never = new AbortController().signal

export async function measureInserts(testbed: Testbed): Promise<Row[]> {
  const [written, copied] = [databaseOf(testbed, 'bench_written'), databaseOf(testbed, 'bench_copied')]
  await takeTurns(testbed, written, copied, WARM_UP)
  const verdicts = LANES * Math.ceil((testbed.options.records * SHARE) / LANES)
  const pairs: Turns[] = []
  for (let round = 0; round < testbed.options.rounds; round++)
    pairs.push(await takeTurns(testbed, written, copied, verdicts))
  for (const database of [written, copied]) {
    await database.command(`DROP DATABASE ${database.database}`)
    await database.close()
  }
  const [ours, theirs, bytes] = [
    median(pairs.map(p => p.ours)),
    median(pairs.map(p => p.theirs)),
    median(pairs.map(p => p.bytes)),
  ]
  const told = (rate: number) => `${whole(rate)} (${short((rate * bytes) / 1e6)} MB/s)`
  return [
    {
      figure: 'history written, audit rows with payload/s (bytes as columns, not compressed)',
      clarion: told(ours),
      baseline: `${told(theirs)} (ClickHouse, INSERT … SELECT)`,
      ratio: short(median(pairs.map(pair => pair.ours / pair.theirs))),
      goal: '–',
      holds: undefined,
    },
  ]
}

interface Turns {
  /** Audit rows a second: written by us, copied by ClickHouse. */
  ours: number
  theirs: number
  /** Of one audit row, in all columns. */
  bytes: number
}

async function takeTurns(
  testbed: Testbed,
  written: AnalyticsClient,
  copied: AnalyticsClient,
  verdicts: number,
): Promise<Turns> {
  for (const database of [written, copied]) {
    await database.command(`DROP DATABASE IF EXISTS ${database.database}`).catch(() => undefined) // there is none to drop
    await migrate(database)
  }
  const ours = verdicts / (await write(testbed, written, verdicts))
  await untilMerged(testbed, written)
  const bytes = await bytesOf(written)
  const theirs = verdicts / (await copy(testbed, written, copied, verdicts))
  return { ours, theirs, bytes: bytes / verdicts }
}

/** A database of its own, without other rows. */
function databaseOf({ clickhouseUrl: url, clock }: Testbed, database: string): AnalyticsClient {
  return createAnalyticsClient({
    url,
    database,
    clock,
    logger: createLogger('silent'),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  })
}

/** Seconds that it takes; the records are there before. */
async function write(testbed: Testbed, client: AnalyticsClient, verdicts: number): Promise<number> {
  const { clock } = testbed
  const lanes = Array.from({ length: LANES }, (_, lane) => recordsOf(lane, Math.floor(verdicts / LANES), clock.nowMs()))
  const cpu = watchParts(testbed.pids)
  const startedAtMs = clock.monotonicMs()
  const inserts = await Promise.all(lanes.map((records, lane) => writeLane(client, lane, records)))
  const seconds = (clock.monotonicMs() - startedAtMs) / 1_000
  const blocks = inserts.reduce((sum, each) => sum + each, 0)
  testbed.say(`${whole(verdicts)} audit rows in ${short(seconds)} s, ${blocks} inserts; ${cpu(verdicts, {})}`)
  return seconds
}

/** Block by block, as a shard does it whose input is full. Answers how many inserts it took. */
async function writeLane(client: AnalyticsClient, shard: number, records: LogRecord[]): Promise<number> {
  const lane = createLane(auditEmits.name, shard, BOUNDS, { pause: () => undefined, resume: () => undefined })
  lane.receive(records, records.length, undefined)
  let inserts = 0
  for (let block = lane.cut(); block; block = lane.cut()) {
    for (const insert of insertsOf(block)) {
      await client.insert(insert, never)
      inserts++
    }
    lane.finish()
  }
  return inserts
}

async function copy(
  { clock, pids, say }: Testbed,
  from: AnalyticsClient,
  to: AnalyticsClient,
  verdicts: number,
): Promise<number> {
  const cpu = watchParts(pids)
  const startedAtMs = clock.monotonicMs()
  for (const table of TABLES) await to.command(`INSERT INTO ${table} SELECT * FROM ${from.database}.${table}`)
  const seconds = (clock.monotonicMs() - startedAtMs) / 1_000
  const [counted] = await to.query<{ rows: number }>('SELECT count() AS rows FROM emits')
  if (counted?.rows !== verdicts) throw new Error(`of ${verdicts} audit rows ${counted?.rows} were written`)
  say(`ClickHouse copied them in ${short(seconds)} s; ${cpu(verdicts, {})}`)
  return seconds
}

async function bytesOf(client: AnalyticsClient): Promise<number> {
  const [found] = await client.query<{ bytes: number }>(
    'SELECT toUInt64(sum(data_uncompressed_bytes)) AS bytes FROM system.parts WHERE active AND database = currentDatabase()',
  )
  return found?.bytes ?? 0
}

/** Merges of what was written before would slow down what comes next. Gives up waiting after a minute. */
export async function untilMerged({ clock }: Testbed, client: AnalyticsClient): Promise<void> {
  const deadline = clock.monotonicMs() + MERGE_PATIENCE_MS
  for (let quiet = 0; quiet < 5 && clock.monotonicMs() < deadline; await clock.sleep(MERGE_POLL_MS)) {
    const [found] = await client.query<{ merges: number }>('SELECT count() AS merges FROM system.merges')
    quiet = found?.merges === 0 ? quiet + 1 : 0
  }
}
