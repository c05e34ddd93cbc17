/**
 * Announces the ends of deliveries: the health of the webhook, notices about it, lifecycle events. A
 * success at a healthy webhook, for an emit whose lifecycle events have no subscriber, costs three look-ups here.
 */
import type { Clock } from '../../../src/clock.ts'
import { causeOf, type DeliveryFailure, type Lifecycle } from '../../../src/control-plane/store/lifecycle.ts'
import type { AttemptResult } from '../../../src/delivery/send.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Ids } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { Outcome } from '../attempt.ts'
import type { InFlight } from '../delivery.ts'
import type { BulkEnded } from './bulk-ended.ts'
import { createHealth } from './health.ts'
import type { Outputs } from './outputs.ts'
import { announceBulkEnd, announceEndpoint } from './relay-announcements.ts'
import { createWebhookNotices } from './webhook-notices.ts'

export interface Announcements {
  restoreHealth(webhookId: string, value: Buffer | null): void
  restoreNotice(noticeId: string, value: Buffer | null): void
  start(): void
  /** An attempt has been made; its delivery still has its former state. */
  attempted(delivery: InFlight, outcome: Outcome, result: AttemptResult): void
  /** The last delivery of its event has ended. */
  completed(event: EventFacts, state: 'DELIVERED' | 'FAILED', deliveries: number): void
  /** Owed events of one webhook have ended without an attempt. */
  endedInBulk(ended: BulkEnded[]): void
  /** The webhook is deleted. */
  forget(webhookId: string): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
  committed(): void
  close(): void
}

export function createAnnouncements(
  deps: Omit<Parameters<typeof createHealth>[0], 'notice'> & {
    handle: ShardHandle
    clock: Clock
    ids: Ids
    lifecycle: Lifecycle
    outputs: Outputs
  },
): Announcements {
  const { handle, clock, ids, lifecycle, outputs } = deps
  const notices = createWebhookNotices(deps)
  const health = createHealth({ ...deps, notice: notices.tell })

  function rowOf(
    facts: Pick<ChangeRow, 'organizationId' | 'type' | 'entityType' | 'entityId' | 'reason'> & { data: object },
  ): ChangeRow {
    return {
      ...{ id: ids.next('chg'), canonicalName: null, actorId: 'system', occurredAtMs: Math.round(clock.nowMs()) },
      ...{ previousStatus: null, status: null, requestId: null },
      ...facts,
      data: JSON.stringify(facts.data),
    }
  }

  /** `…_DELIVERY_EXHAUSTED`, and for an emit of the organization's own `CUSTOM_EVENT_EMIT_DELIVERY_FAILED`. */
  function exhausted(delivery: InFlight, reason: string, result: AttemptResult): void {
    const { event, webhookId, deliveryId } = delivery
    const { webhook } = delivery.attempt
    const attempts = delivery.attempts + 1
    const data = {
      webhookId,
      eventId: event.eventId,
      emitId: event.emitId,
      eventType: event.type,
      attempts,
      lastError: result.error,
    }
    const row = rowOf({
      ...{
        organizationId: event.organizationId,
        type: webhook.sink === undefined ? 'WEBHOOK_DELIVERY_EXHAUSTED' : 'SINK_DELIVERY_EXHAUSTED',
        entityType: 'delivery',
        entityId: deliveryId,
      },
      ...{ reason, data },
    })
    const change: ChangeRow = {
      ...row,
      canonicalName: event.canonicalName,
      previousStatus: 'retrying',
      status: 'failed',
    }
    outputs.changed(change)
    handle.write(lifecycle.announce(change, event.environment, causeOf(event)))
    if (delivery.trigger !== 'live') return
    const subscriberType = subscriberTypeOf(webhook)
    const failure = { subscriberType, subscriberId: webhookId, attempts, lastError: result.error } as const
    handle.write(lifecycle.emitDeliveryFailed(event, failure, clock.nowMs()))
  }

  return {
    restoreHealth: health.restore,
    restoreNotice: notices.restore,
    start() {
      health.start()
      notices.start()
    },
    attempted(delivery, outcome, result) {
      if (delivery.attempt.webhook.peer)
        handle.write(announceEndpoint(deps, delivery, outcome, result.error, clock.nowMs()))
      if (outcome.state === 'success') health.succeeded(delivery)
      else if (outcome.state === 'retrying') health.failed(delivery, 'retrying', result.error)
      else if (outcome.state === 'failed') {
        const { reason } = outcome
        if (reason !== 'single_attempt') exhausted(delivery, reason, result)
        health.failed(delivery, reason, result.error)
      }
    },
    completed(event, state, deliveries) {
      if (state === 'DELIVERED') handle.write(lifecycle.emitDelivered(event, deliveries, clock.nowMs()))
    },
    endedInBulk(ended) {
      const first = ended[0]
      if (!first) return
      const { range, webhook } = first
      const announced = webhook?.peer ? ended.filter(({ entry }) => !entry || entry.trigger === 'live') : []
      for (const { event, state } of announced)
        handle.write(announceBulkEnd(deps, event, webhook!, state, clock.nowMs()))
      if (first.state !== 'failed') return
      if (first.reason === 'endpoint_unavailable') {
        health.expired({
          webhookId: range.webhookId,
          deliveryId: first.deliveryId,
          event: first.event,
        })
      }
      const { webhookId, organizationId, environment } = range
      const numbers = ended.map(({ event }) => event.sequence)
      const bounds = { fromSequence: Math.min(...numbers), throughSequence: Math.max(...numbers) }
      const row = rowOf({
        ...{
          organizationId,
          ...(webhook?.sink === undefined
            ? { type: 'WEBHOOK_DELIVERY_EXHAUSTED', entityType: 'webhook' }
            : { type: 'SINK_DELIVERY_EXHAUSTED', entityType: 'sink' }),
          entityId: webhookId,
          reason: first.reason,
        },
        data: { webhookId, count: ended.length, ...bounds },
      })
      const change: ChangeRow = { ...row, previousStatus: 'pending', status: 'failed' }
      outputs.changed(change)
      handle.write(lifecycle.announce(change, environment))
      notices.deadLetters(range, ended.length, first.reason)
      const subscriberType = subscriberTypeOf(webhook)
      for (const { event, entry, keys } of ended) {
        if (!keys && !entry?.isCounted) continue
        const failure = {
          subscriberType,
          subscriberId: webhookId,
          attempts: entry?.attempts ?? 0,
          lastError: null,
        } as const
        handle.write(lifecycle.emitDeliveryFailed(event, failure, clock.nowMs()))
      }
    },
    forget: health.forget,
    seal: health.seal,
    committed: health.committed,
    close: health.close,
  }
}

function subscriberTypeOf(webhook: Webhook | undefined): DeliveryFailure['subscriberType'] {
  if (webhook?.peer) return 'federation_peer'
  return webhook?.sink === undefined ? 'webhook' : 'sink'
}
