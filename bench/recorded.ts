/** How much of what was admitted `record` has written into ClickHouse. */
import { createAnalyticsClient } from '../src/analytics/client.ts'
import { createLogger } from '../src/logger.ts'
import type { BenchOrganization } from './organizations.ts'
import type { Testbed } from './testbed.ts'
import { watchAdmission } from './watch-admission.ts'

const DATABASE = 'clarion'
const POLL_MS = 250
const PATIENCE_MS = 300_000
/** Longer than `record` ever waits before it writes. */
const REST_MS = 4_000

/** Rows of `emits` of all organizations: ClickHouse counts them from the table's parts without reading them, so the query costs nothing. */
export async function countRecorded({ clickhouseUrl: url, clock }: Testbed): Promise<number> {
  const analytics = createAnalyticsClient({ url, database: DATABASE, clock, logger: createLogger('silent') })
  const [counted] = await analytics.query<{ rows: string }>('SELECT count() AS rows FROM emits')
  await analytics.close()
  return Number(counted?.rows)
}

/** Waits until `record` has written all of `rows`, so that what comes next is not measured together with old work. */
export async function untilRecorded(testbed: Testbed, rows: number): Promise<void> {
  const deadline = testbed.clock.monotonicMs() + PATIENCE_MS
  let told = false
  for (;;) {
    const count = await countRecorded(testbed)
    if (count >= rows) return
    if (testbed.clock.monotonicMs() > deadline)
      throw new Error(`record has written ${count} of ${rows} rows after ${PATIENCE_MS / 1_000} s`)
    if (!told) testbed.say(`waiting until record has written ${rows - count} rows`)
    told = true
    await testbed.clock.sleep(POLL_MS)
  }
}

/** Waits until nothing more is written for any organization. */
export async function untilHistoryRests(testbed: Testbed): Promise<void> {
  const deadline = testbed.clock.monotonicMs() + PATIENCE_MS
  let before = await countRecorded(testbed)
  for (;;) {
    await testbed.clock.sleep(REST_MS)
    const count = await countRecorded(testbed)
    if (count === before) return
    if (testbed.clock.monotonicMs() > deadline) throw new Error(`record still writes after ${PATIENCE_MS / 1_000} s`)
    before = count
  }
}

/** The same for emits admitted until now, after the load. */
export async function untilIdle(testbed: Testbed, organizations: BenchOrganization[]): Promise<void> {
  const watch = await watchAdmission(testbed, organizations)
  const accepted = watch.accepted()
  await watch.close()
  await untilRecorded(testbed, accepted)
}
