/** Reads of replays (docs/specification/replays.md). */

import { readCursor } from '../../model/cursors.ts'
import type { Environment, Owner } from '../../model/environments.ts'
import { parseEventId } from '../../model/ids.ts'
import { type Replay, type ReplayTarget, targetsOf, webhookIdOf, webhookIdOfTarget } from '../../model/replays.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Delivery, type Step, toDelivery } from './delivery.ts'
import { type Page, toPage } from './pages.ts'
import { createRedriveReads, type RedriveCount } from './redrive-reads.ts'

/** The events of a replay at one target, by what became of them. */
export interface TargetOutcomes {
  processed: number
  succeeded: number
  failed: number
  skipped: number
  /** Recording time of the newest event dealt with, ISO 8601; null before the first. */
  lastRecordedAt: string | null
}

/** By target id. */
export type ReplayOutcomes = ReadonlyMap<string, TargetOutcomes>

/** The outcome of one event at one target: a delivery with its newest step, or the outcome without one. */
export type ReplayItem = {
  target: Pick<ReplayTarget, 'kind' | 'id'>
  outcome: 'pending' | 'delivered' | 'failed' | 'skipped' | 'would_deliver'
  reason: string | null
  eventId: string
  emitId: string
  eventType: string
  canonicalName: string
  sequence: number
} & (Delivery | { id: null; at: string })

interface FoundItem {
  targetKind: ReplayTarget['kind']
  targetId: string
  eventId: string
  emitId: string
  eventType: string
  canonicalName: string
  sequence: number | string
  outcome: 'delivered' | 'failed' | 'skipped' | 'would_deliver' | 'redriven'
  reason: string | null
  at: string
  deliveryId: string | null
}

export type ReplayReads = ReturnType<typeof createReplayReads>

const NOTHING: TargetOutcomes = { processed: 0, succeeded: 0, failed: 0, skipped: 0, lastRecordedAt: null }

export function createReplayReads(client: AnalyticsClient) {
  const { redriveOutcomes } = createRedriveReads(client)
  const newestSteps = readQuery('newest-steps')
  const outcomes = readQuery('replay-outcomes')
  const itemOutcomes = readQuery('replay-item-outcomes')
  const items = readQuery('replay-items')
  const itemsUndelivered = readQuery('replay-items-undelivered')
  const since = readQuery('replayed-since')
  const itemsSince = readQuery('replay-items-since')
  const delivered = readQuery('delivered-events')

  async function countDeliveries(owner: Owner, replays: readonly Replay[]): Promise<RedriveCount[]> {
    const webhookIds = [...new Set(replays.flatMap(each => targetsOf(each).flatMap(of => webhookIdOfTarget(of) ?? [])))]
    const replayIds = replays.filter(({ dryRun }) => !dryRun).map(({ id }) => id)
    if (webhookIds.length === 0 || replayIds.length === 0) return []
    const found = await client.query<{
      replayId: string
      webhookId: string
      state: string
      deliveries: number | string
      lastEventId: string
    }>(outcomes, { ...owner, webhookIds, replayIds })
    return found.map(({ replayId, webhookId, state, deliveries, lastEventId }) => ({
      ...{ replayId, of: webhookId, outcome: state, count: Number(deliveries), lastEventId },
    }))
  }

  async function countItems(owner: Owner, replays: readonly Replay[]): Promise<RedriveCount[]> {
    const replayIds = replays.filter(({ targets }) => targets !== undefined).map(({ id }) => id)
    if (replayIds.length === 0) return []
    const found = await client.query<{
      replayId: string
      targetId: string
      outcome: string
      items: number | string
      lastEventId: string
    }>(itemOutcomes, { ...owner, replayIds })
    return found.map(({ replayId, targetId, outcome, items: count, lastEventId }) => ({
      ...{ replayId, of: targetId, outcome, count: Number(count), lastEventId },
    }))
  }

  /** The deliveries of these rows that a redrive has taken up, by their ids, as far as the history has them. */
  async function redriven(owner: Owner, rows: readonly FoundItem[]): Promise<ReadonlyMap<string, Delivery>> {
    const deliveryIds = rows.flatMap(({ outcome, deliveryId }) => (outcome === 'redriven' ? (deliveryId ?? []) : []))
    if (deliveryIds.length === 0) return new Map()
    const found = await client.query<Step>(newestSteps, { ...owner, deliveryIds })
    return new Map(found.map(step => [step.deliveryId, toDelivery(step)]))
  }

  return {
    /** By replay id. All replays belong to the owner. */
    async replayOutcomes(owner: Owner, replays: readonly Replay[]): Promise<ReadonlyMap<string, ReplayOutcomes>> {
      if (replays.length === 0) return new Map()
      const { organizationId, environment } = owner
      const of = { organizationId, environment }
      const isRedrive = ({ kind }: Replay) => kind === 'redrive'
      const counts = [
        countDeliveries(
          of,
          replays.filter(each => !isRedrive(each)),
        ),
        redriveOutcomes(of, replays.filter(isRedrive)),
        countItems(of, replays),
      ]
      const found = (await Promise.all(counts)).flat()
      return new Map(
        replays.map(replay => {
          const own = found.filter(({ replayId }) => replayId === replay.id)
          return [replay.id, new Map(targetsOf(replay).map(target => [target.id, sumOf(own, webhookIdOf(target.id))]))]
        }),
      )
    },

    /** In the order of their events. Throws `validation_failed` for an invalid cursor. */
    async replayItems(
      replay: Replay,
      { limit, cursor }: { limit: number; cursor?: string | undefined },
    ): Promise<Page<ReplayItem>> {
      const [afterSequence = null, afterTarget = null] = readCursor('replay-items', cursor) ?? []
      const { organizationId, environment, id: replayId } = replay
      const owner = { organizationId, environment }
      const targets = targetsOf(replay)
      const webhookIds = targets.flatMap(each => webhookIdOfTarget(each) ?? [])
      const place = { organizationId, environment, replayId, afterSequence, afterTarget, limit: limit + 1 }
      const [steps, rows] = await Promise.all([
        webhookIds.length === 0 || replay.kind === 'redrive' ? [] : client.query<Step>(items, { ...place, webhookIds }),
        replay.targets === undefined ? [] : client.query<FoundItem>(itemsUndelivered, place),
      ])
      const again = await redriven(owner, rows)
      const all = [
        ...steps.map(step => placed(ofDelivery(targets, toDelivery(step)))),
        ...rows.flatMap(row => ofRow(targets, row, again)),
      ].sort((a, b) => a.item.sequence - b.item.sequence || compare(a.place, b.place))
      const page = toPage('replay-items', all, limit, ({ item, place: at }) => [item.sequence, at])
      return { ...page, items: page.items.map(({ item }) => item) }
    },

    /** Number of events that these replays have delivered or handed over since a time. */
    async replayedSince(organizationId: string, replayIds: string[], sinceMs: number): Promise<number> {
      if (replayIds.length === 0) return 0
      const parameters = { organizationId, replayIds, since: new Date(sinceMs).toISOString() }
      const [[deliveries], [handedOver]] = await Promise.all([
        client.query<{ deliveries: number | string }>(since, parameters),
        client.query<{ items: number | string }>(itemsSince, parameters),
      ])
      return Number(deliveries?.deliveries ?? 0) + Number(handedOver?.items ?? 0)
    },

    /**
     * Of these events (at most a few hundred), those that the webhook received successfully, and when (ms since 1970).
     */
    async deliveredEvents(
      {
        organizationId,
        environment,
        webhookId,
      }: { organizationId: string; environment: Environment; webhookId: string },
      eventIds: string[],
    ): Promise<ReadonlyMap<string, number>> {
      if (eventIds.length === 0) return new Map()
      const parameters = { organizationId, environment, webhookId, eventIds }
      const found = await client.query<{ eventId: string; deliveredAtMs: number | string }>(delivered, parameters)
      return new Map(found.map(({ eventId, deliveredAtMs }) => [eventId, Number(deliveredAtMs)]))
    },
  }
}

const SUCCEEDED = new Set(['success', 'delivered'])
const FAILED = new Set(['failed', 'cancelled'])

function sumOf(found: RedriveCount[], of: string): TargetOutcomes {
  const own = found.filter(each => each.of === of && each.outcome !== 'would_deliver')
  if (own.length === 0) return NOTHING
  const count = (holds: (outcome: string) => boolean) =>
    own.reduce((sum, each) => sum + (holds(each.outcome) ? each.count : 0), 0)
  const newest = own.map(({ lastEventId }) => lastEventId).sort()
  const last = parseEventId(newest.at(-1) ?? '')
  return {
    processed: count(() => true),
    succeeded: count(outcome => SUCCEEDED.has(outcome)),
    failed: count(outcome => FAILED.has(outcome)),
    skipped: count(outcome => outcome === 'skipped'),
    lastRecordedAt: last === undefined ? null : new Date(last.timestampMs).toISOString(),
  }
}

const OUTCOMES: Readonly<Record<Delivery['status'], ReplayItem['outcome']>> = {
  pending: 'pending',
  retrying: 'pending',
  success: 'delivered',
  failed: 'failed',
  cancelled: 'failed',
  skipped: 'skipped',
}

function ofDelivery(targets: readonly ReplayTarget[], delivery: Delivery): ReplayItem {
  const { kind, id } = targets.find(each => webhookIdOf(each.id) === delivery.webhookId) ?? {
    kind: 'webhook',
    id: delivery.webhookId,
  }
  return { ...delivery, target: { kind, id }, outcome: OUTCOMES[delivery.status] }
}

/** None for a redriven delivery that the history no longer has. */
function ofRow(
  targets: readonly ReplayTarget[],
  { targetKind, targetId, sequence, deliveryId, outcome, ...row }: FoundItem,
  again: ReadonlyMap<string, Delivery>,
): Placed[] {
  if (outcome === 'redriven') {
    const delivery = again.get(deliveryId!)
    return delivery === undefined ? [] : [placed(ofRedriven(targets, row.at, delivery), delivery.id)]
  }
  const { kind, id } = targets.find(each => webhookIdOf(each.id) === targetId) ?? { kind: targetKind, id: targetId }
  const item = { ...row, outcome, id: null, sequence: Number(sequence), target: { kind, id } }
  return [placed(item, deliveryId ?? undefined)]
}

/** One whose newest step was its end from before has not been tried again yet. */
function ofRedriven(targets: readonly ReplayTarget[], at: string, delivery: Delivery): ReplayItem {
  const item = ofDelivery(targets, delivery)
  const isBefore = delivery.completedAt !== null && Date.parse(delivery.completedAt) < Date.parse(at)
  return delivery.status === 'failed' && isBefore ? { ...item, outcome: 'pending' } : item
}

/** An item, and the second part of its position: the target as the history has it; of a redrive the delivery. */
interface Placed {
  item: ReplayItem
  place: string
}

const placed = (item: ReplayItem, place = webhookIdOf(item.target.id)): Placed => ({ item, place })
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
