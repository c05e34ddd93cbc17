/** One event for 1, 10 and 100 webhooks: deliveries a second of the whole platform, beside the raw loop. */
import { createPlatformClient } from '../emit-all.ts'
import { steadyRate } from '../rates.ts'
import { openReceiver, rawRate } from '../receiving.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const FAN_OUTS = [1, 10, 100]
const IN_FLIGHT = 100

export async function measureFanOut(testbed: Testbed): Promise<Row[]> {
  const rows: Row[] = []
  const deliveries = testbed.options.records
  const baseline = await rawRate(testbed, deliveries)
  for (const fanOut of FAN_OUTS) {
    const receiver = await openReceiver(testbed)
    const platform = await testbed.platform('all')
    const organization = await createPlatformClient(testbed, platform)
    const settings = { maxInFlight: IN_FLIGHT }
    for (let n = 0; n < fanOut; n++) await organization.webhook(`http://127.0.0.1:${receiver.port}/hook-${n}`, settings)
    const events = Math.ceil(deliveries / fanOut)
    await Promise.all([organization.emitGeneric(events), receiver.until(events * fanOut)])
    const rate = steadyRate(receiver.samples, events * fanOut)
    await platform.end()
    await receiver.child.end()
    rows.push({
      figure: `emitted in batches, fan-out ${fanOut}, deliveries/s`,
      clarion: whole(rate),
      baseline: `${whole(baseline)} (sign and POST, undici)`,
      ratio: short(rate / baseline),
      goal: '–',
      holds: undefined,
    })
  }
  return rows
}
