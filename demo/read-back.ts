/** The platform's records, read back through its API: rows of emits and deliveries come from ClickHouse, which lags a little. */
import type { Clock } from '../src/clock.ts'
import type { Client } from './client.ts'
import type { DemoWebhook } from './organization.ts'

export interface EmitRow {
  name: string
  verdict: 'accepted' | 'duplicate' | 'rejected' | 'failed'
  code: string | null
}

export interface DeliveryRow {
  status: string
  attempts: number
  lastError: string | null
  lastErrorKind: string | null
}

export interface ReadBack {
  emits: EmitRow[]
  /** Of all the demo's webhooks. */
  deliveries: DeliveryRow[]
  /** By name, of this month: the organization was made for this demo. */
  meters: Record<string, number>
}

const LAG_MS = 20_000
const POLL_MS = 500

/** Reads until `complete` is content, or long enough: then what is there. */
export async function readBack(
  { client, clock }: { client: Client; clock: Clock },
  webhooks: readonly DemoWebhook[],
  complete: (found: ReadBack) => boolean,
): Promise<ReadBack> {
  const deadlineMs = clock.monotonicMs() + LAG_MS
  for (;;) {
    const found = await read(client, webhooks)
    if (complete(found) || clock.monotonicMs() >= deadlineMs) return found
    await clock.sleep(POLL_MS)
  }
}

async function read(client: Client, webhooks: readonly DemoWebhook[]): Promise<ReadBack> {
  const emits = await client.list<EmitRow>('/api/v1/events/custom/emits')
  const deliveries: DeliveryRow[] = []
  for (const { id } of webhooks)
    deliveries.push(...(await client.list<DeliveryRow>(`/api/v1/webhooks/${id}/deliveries`)))
  const { meters } = await client.ask<{ meters: Record<string, number> }>('GET', '/api/v1/usage/summary')
  return { emits, deliveries, meters }
}
