/** A record processor over ClickHouse behind a link that fails, and logs in memory: made anew for each test of the file that imports this. */
import { afterEach, beforeEach } from '@jest/globals'
import { createRecord, type RecordDeps } from '../../../processors/record/index.ts'
import { type AnalyticsClient, createAnalyticsClient } from '../../../src/analytics/client.ts'
import { migrate } from '../../../src/analytics/migrate.ts'
import { createSystemClock } from '../../../src/clock.ts'
import { createLogger } from '../../../src/logger.ts'
import { testClickHouse } from '../../support/clickhouse.ts'
import { createLogs, type Life, type Logs, live } from './driver.ts'
import { createFaultyLink, type FaultyLink } from './faulty-link.ts'

export const bounds = { blockRowsMax: 100, blockBytesMax: 1_000_000, bufferBytesMax: 2_000_000 }
export const pacing = { busyFactor: 0, loadFactor: 0, shortestMs: 0, longestMs: 0 }

export let link: FaultyLink
export let analytics: AnalyticsClient
export let logs: Logs
let lives: Life[]
export let tokens: string[]

beforeEach(async () => {
  const { url, database } = await testClickHouse()
  link = await createFaultyLink(url)
  const retryMs = { first: 1, longest: 5 }
  analytics = createAnalyticsClient({
    url: link.url,
    database,
    clock: createSystemClock(),
    logger: createLogger('silent'),
    retryMs,
  })
  await migrate(analytics)
  logs = createLogs()
  lives = []
  tokens = []
  link.onInserted = token => tokens.push(token)
})

afterEach(async () => {
  for (const life of lives) life.crash()
  await analytics.close()
  await link.close()
})

export async function begin(changes: Partial<RecordDeps> = {}, inputsMax?: number): Promise<Life> {
  const life = await live(
    createRecord({ analytics, clock: createSystemClock(), bounds, pacing, ...changes }),
    logs,
    inputsMax,
  )
  lives.push(life)
  return life
}

/** Everything in `topic` up to its `records`-th record is in ClickHouse, and the lane knows it. */
export const settled = (topic: string, records: number) => logs.until(() => isSettled(topic, records))
export function isSettled(topic: string, records: number): boolean {
  const state = logs.state(topic)
  return state?.through === null && state.from === records * 2 - 1
}

export const inserted = () => new Promise<string>(resolve => (link.onInserted = token => resolve(token)))

/** Figures that are counted by rows; stored bytes differ. */
export async function usage(): Promise<Record<string, number>> {
  const rows = await analytics.query<{ meter: string; count: number }>(
    "SELECT meter, toUInt64(sum(count)) AS count FROM usage_by_hour WHERE meter != 'stored_bytes' GROUP BY meter",
  )
  return Object.fromEntries(rows.map(({ meter, count }) => [meter, count]))
}
