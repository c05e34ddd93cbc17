/**
 * All queries to ClickHouse. Each names one organization and environment and sees nothing else (except `usageTotals`,
 * which is the operator's). Rejects with ClarionError `service_unavailable` while ClickHouse is away.
 *
 * Answers lag by the delay of `record`, normally under a second.
 */
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { type Attempt, type Delivery, pendingDelivery } from './delivery.ts'
import { createDeliveryReads } from './delivery-reads.ts'
import { createDeliverySearch } from './delivery-search.ts'
import { createEmitReads, type Emit, type EmitInFull } from './emit-reads.ts'
import { createFigureReads } from './figure-reads.ts'
import { createLifecycleReads } from './lifecycle-reads.ts'
import { createLineageReads } from './lineage-reads.ts'
import { createNotificationReads } from './notification-reads.ts'
import { createQuarantineReads } from './quarantine-reads.ts'
import { createRedeliveryReads } from './redelivery-reads.ts'
import { createRelayReads } from './relay-reads.ts'
import { createReplayReads } from './replay-reads.ts'
import { createRunReads } from './run-reads.ts'
import { createShadowReads } from './shadow-reads.ts'
import { createUsageReads } from './usage-reads.ts'
import { createWebhookReads } from './webhook-reads.ts'

export type Reads = ReturnType<typeof createReads>

/** The complete history of one event. */
export interface EventHistory {
  /** The verdict, with every webhook considered and the reason where it was not matched. */
  emit: Emit
  /** The payload as it was sent; null after 30 days. */
  payload: string | null
  /** Live deliveries, pending included, and those of replays; in order of creation. */
  deliveries: Delivery[]
  attempts: Attempt[]
}

/**
 * `clockOffsetMs`: offset of the platform's clock from the broker's, from which ids are made
 * (`CLARION_CLOCK_OFFSET_MS`).
 */
export function createReads(client: AnalyticsClient, { clockOffsetMs = 0 } = {}) {
  const emits = createEmitReads(client)
  const deliveries = createDeliveryReads(client)
  const usage = createUsageReads(client)
  const relays = createRelayReads(client)
  const lifecycle = createLifecycleReads(client, clockOffsetMs)
  const quarantine = createQuarantineReads(client)

  /** The history of one accepted event in one call, or undefined. */
  async function eventHistory(
    organizationId: string,
    environment: Environment,
    eventId: string,
  ): Promise<EventHistory | undefined> {
    // An event's id is its emit's id with another prefix (src/model/ids.ts).
    const emitId = `cee_${eventId.slice('evt_'.length)}`
    const found = await emits.emitInFull(organizationId, environment, emitId)
    if (found?.emit.verdict !== 'accepted' || found.emit.eventId !== eventId) return undefined
    const { emit } = found
    // Not earlier: payloads are written before their emits, so the payload of a visible emit is there.
    const [payload, attempts, attempted] = await Promise.all([
      emits.payloadOf(organizationId, environment, emitId),
      deliveries.attemptsOfEvent(organizationId, environment, eventId),
      deliveries.attemptedOfEvent(organizationId, environment, eventId),
    ])
    return { emit, payload: payload ?? null, deliveries: deliveriesOf(found, attempted), attempts }
  }

  return {
    ...emits,
    ...quarantine,
    ...deliveries,
    ...createDeliverySearch(client),
    ...createFigureReads(client),
    ...createLineageReads(client),
    ...usage,
    ...createReplayReads(client),
    ...createRedeliveryReads(client),
    ...createWebhookReads(client),
    ...createNotificationReads(client),
    ...createRunReads(client),
    ...createShadowReads(client),
    ...lifecycle,
    ...relays,
    eventHistory,
  }
}

/**
 * Deliveries with a step, and deliveries that wait for their first one; the latter only within the retention of
 * attempts.
 */
function deliveriesOf({ emit, attemptsAreKept }: EmitInFull, attempted: Delivery[]): Delivery[] {
  const { emitId, name: eventType, recordedAt: createdAt } = emit
  const event = {
    emitId,
    eventType,
    createdAt,
    eventId: emit.eventId ?? '',
    canonicalName: emit.canonicalName ?? eventType,
    sequence: emit.sequence ?? 0,
  }
  const matched = attemptsAreKept ? emit.webhooks.filter(webhook => webhook.skipped === null) : []
  const made = matched.map(webhook => pendingDelivery(event, webhook.webhookId))
  const byId = new Map([...made, ...attempted].map(delivery => [delivery.id, delivery]))
  return [...byId.values()].sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
}
