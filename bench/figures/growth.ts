/**
 * What an event costs as things grow: organizations, registrations, webhooks, the payload, shards and processes, one after the other. The cost is
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
import type { Stand } from '../stand.ts'
import type { Row } from '../table.ts'

/** Organizations last: the thousands would cost all the others. */
export async function measureGrowth(stand: Stand): Promise<Row[]> {
  const processes = await processesSeries(stand)
  const payload = await payloadSeries(stand)
  const shards = await shardsSeries(stand)
  const registrations = await registrationsSeries(stand)
  const webhooks = await webhooksSeries(stand)
  const organizations = await organizationsSeries(stand)
  return [organizations, registrations, webhooks, ...payload, ...shards, processes].flatMap(rowsOf)
}
