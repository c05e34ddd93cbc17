/** Webhooks, subscriptions, sinks and external peers as targets of replays: each event becomes a delivery. */
import type { Clock } from '../../../src/clock.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import { type Replay, type ReplayTarget, webhookIdOf } from '../../../src/model/replays.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { OpenTarget, OwnSelection } from '../../../src/replay/ways/owner.ts'
import type { Candidate } from '../../../src/replay/ways/way.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import { createGroupShares } from './group-shares.ts'

export interface WebhookTargetPorts {
  clock: Clock
  view: Pick<ControlView, 'find' | 'federation'>
  /** Whether the webhook is owed something that goes first. */
  isWaiting(webhookId: string): boolean
  /** Into the engine; calls back after the first attempt, or when the delivery has ended otherwise. */
  take(record: RetryRecord, left: () => void): void
  /** Those of these events that the webhook has received with success, and when first. From the history. */
  delivered(
    of: Pick<Replay, 'organizationId' | 'environment'> & { webhookId: string },
    eventIds: string[],
  ): Promise<ReadonlyMap<string, number>>
}

export function openWebhook(
  ports: WebhookTargetPorts,
  replay: Replay,
  target: Pick<ReplayTarget, 'kind' | 'id'>,
): OpenTarget {
  const { view, clock } = ports
  const { organizationId, environment, id: replayId } = replay
  const webhookId = webhookIdOf(target.id)
  const webhook = () => view.find('webhook', organizationId, webhookId)
  const selectionOf = createSelections(view)

  async function judge(candidates: Candidate[]): Promise<Candidate[]> {
    const eventIds = candidates.map(({ event }) => event.eventId)
    const delivered = await ports.delivered({ organizationId, environment, webhookId }, eventIds)
    return candidates.map(candidate => {
      const deliveredAtMs = delivered.get(candidate.event.eventId) ?? null
      return deliveredAtMs !== null && replay.onlyFailed
        ? { ...candidate, without: { outcome: 'skipped' as const, reason: 'already_delivered' } }
        : { ...candidate, originalDeliveredAtMs: deliveredAtMs }
    })
  }

  return {
    state() {
      const now = webhook()
      return now === undefined ? 'gone' : now.active ? 'active' : 'inactive'
    },
    isWaiting: () => webhook()?.active === true && ports.isWaiting(webhookId),
    inFlightMax: () => webhook()?.maxInFlight ?? 1,
    selection() {
      const now = webhook()
      return now && selectionOf(now)
    },
    judge,
    deliver({ event, payload, originalDeliveredAtMs = null }, left) {
      const nowMs = Math.round(clock.nowMs())
      ports.take(
        {
          ...{ event, payload, webhookId, deliveryId: deliveryId(event.eventId, webhookId, replayId) },
          ...{ attempts: 0, attemptsBefore: 0, once: false, dueAtMs: nowMs, createdAtMs: nowMs },
          ...{ trigger: 'replay', replayId, originalDeliveredAtMs },
        },
        // What became of it is the delivery's to say.
        () => left(),
      )
      return undefined
    },
  }
}

/**
 * One selection per record: a changed webhook is another record. An external peer selects nothing by itself: it gets
 * what its group shares.
 */
function createSelections(view: Pick<ControlView, 'federation'>): (webhook: Webhook) => OwnSelection {
  const known = new WeakMap<Webhook, OwnSelection>()
  const sharesOf = createGroupShares(view)

  return webhook => {
    if (webhook.peer) return sharesOf(webhook.peer.groupId).selection
    const found = known.get(webhook) ?? {
      ...{ selectors: webhook.events, conditions: webhook.conditions, ownEventsOnly: false, isFixed: false },
    }
    known.set(webhook, found)
    return found
  }
}
