/** How much of what was admitted `record` has written into ClickHouse. */
import { createAnalyticsClient } from '../src/analytics/client.ts'
import { createReads } from '../src/analytics/reads.ts'
import { createLogger } from '../src/observability/logger.ts'
import type { BenchOrganization } from './organizations.ts'
import type { Stand } from './stand.ts'
import { watchAdmission } from './watch-admission.ts'

const DATABASE = 'clarion'
const POLL_MS = 1_000
const PATIENCE_MS = 300_000

export async function countRecorded(stand: Stand, organizations: BenchOrganization[]): Promise<number> {
  const analytics = createAnalyticsClient({
    url: stand.clickhouseUrl,
    database: DATABASE,
    clock: stand.clock,
    logger: createLogger('silent'),
  })
  const reads = createReads(analytics)
  const month = new Date(stand.clock.nowMs()).toISOString().slice(0, 7)
  const counts = await Promise.all(organizations.map(({ id }) => reads.countsForAudit(id, 'live', month)))
  await analytics.close()
  return counts.reduce((sum, { acceptedRows }) => sum + acceptedRows, 0)
}

/** Waits until `record` is not behind, so that what comes next is not measured together with old work. */
export async function untilRecorded(stand: Stand, organizations: BenchOrganization[], rows: number): Promise<void> {
  const deadline = stand.clock.monotonicMs() + PATIENCE_MS
  let told = false
  for (;;) {
    const count = await countRecorded(stand, organizations)
    if (count >= rows) return
    if (stand.clock.monotonicMs() > deadline) throw new Error(`record has written ${count} of ${rows} rows after ${PATIENCE_MS / 1_000} s`)
    if (!told) stand.say(`waiting until record has written ${rows - count} rows`)
    told = true
    await stand.clock.sleep(POLL_MS)
  }
}

/** The same for what was admitted until now, when nobody emits. */
export async function untilIdle(stand: Stand, organizations: BenchOrganization[]): Promise<void> {
  const watch = await watchAdmission(stand, organizations)
  const accepted = watch.accepted()
  await watch.close()
  await untilRecorded(stand, organizations, accepted)
}
