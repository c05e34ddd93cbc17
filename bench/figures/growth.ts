/**
 * The cost of an event as things grow: organizations, registrations, webhooks, the payload, shards and processes, one after the other. The cost is
 * the CPU of all parts of the platform for 1,000 emits; the baseline of each point is the first of its series in the same run. The knee is the last
 * point before that cost rises beyond 1.5 times that of the first.
 */
import { organizationsSeries } from '../growth/organizations.ts'
import { payloadSeries } from '../growth/payload.ts'
import { processesSeries } from '../growth/processes.ts'
import { registrationsSeries } from '../growth/registrations.ts'
import { rowsOf } from '../growth/series.ts'
import { shardsSeries } from '../growth/shards.ts'
import { webhooksSeries } from '../growth/webhooks.ts'
import type { Row } from '../table.ts'
import type { Testbed } from '../testbed.ts'

/** On a broker and a ClickHouse of its own: thousands of organizations would cost the figures that come after. For the same reason they are last. */
export async function measureGrowth(testbed: Testbed): Promise<Row[]> {
  const own = await testbed.another('growth', {})
  try {
    const processes = await processesSeries(own)
    const payload = await payloadSeries(own)
    const shards = await shardsSeries(own)
    const registrations = await registrationsSeries(own)
    const webhooks = await webhooksSeries(own)
    const organizations = await organizationsSeries(own)
    return [organizations, registrations, webhooks, ...payload, ...shards, processes].flatMap(rowsOf)
  } finally {
    await testbed.children.close()
    await own.stopParts()
  }
}
