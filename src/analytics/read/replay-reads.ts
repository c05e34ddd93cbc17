/** Reads of replays (docs/specification/deliveries.md#replays). */

import { readCursor } from '../../model/cursors.ts'
import { parseEventId } from '../../model/ids.ts'
import type { Environment, Replay } from '../../model/records.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Delivery, type Step, toDelivery } from './delivery.ts'
import { type Page, toPage } from './pages.ts'

/** Deliveries of a replay by state. */
export interface ReplayOutcomes {
  processed: number
  succeeded: number
  failed: number
  /** Recording time of the newest event delivered again, ISO 8601; null before the first. */
  lastRecordedAt: string | null
}

export type ReplayReads = ReturnType<typeof createReplayReads>

export function createReplayReads(client: AnalyticsClient) {
  const outcomes = readQuery('replay-outcomes')
  const items = readQuery('replay-items')
  const since = readQuery('replayed-since')
  const delivered = readQuery('delivered-events')
  const place = ({ organizationId, environment, webhookId, id }: Replay) => ({
    organizationId,
    environment,
    webhookId,
    replayId: id,
  })

  return {
    async replayOutcomes(replay: Replay): Promise<ReplayOutcomes> {
      const found = await client.query<{ state: string; deliveries: number | string; lastEventId: string }>(
        outcomes,
        place(replay),
      )
      const last = parseEventId(
        found
          .map(({ lastEventId }) => lastEventId)
          .sort()
          .at(-1) ?? '',
      )
      const count = (states: string[]) =>
        found.filter(({ state }) => states.includes(state)).reduce((sum, { deliveries }) => sum + Number(deliveries), 0)
      return {
        processed: count(found.map(({ state }) => state)),
        succeeded: count(['success']),
        failed: count(['failed', 'cancelled', 'skipped']),
        lastRecordedAt: last === undefined ? null : new Date(last.timestampMs).toISOString(),
      }
    },

    /** In the order of their events. Throws `validation_failed` for an invalid cursor. */
    async replayItems(
      replay: Replay,
      { limit, cursor }: { limit: number; cursor?: string | undefined },
    ): Promise<Page<Delivery>> {
      const [afterSequence = null] = readCursor('replay-items', cursor) ?? []
      const found = await client.query<Step>(items, { ...place(replay), afterSequence, limit: limit + 1 })
      return toPage('replay-items', found.map(toDelivery), limit, ({ sequence }) => [sequence])
    },

    /** Number of deliveries by these replays since a time. */
    async replayedSince(organizationId: string, replayIds: string[], sinceMs: number): Promise<number> {
      if (replayIds.length === 0) return 0
      const parameters = { organizationId, replayIds, since: new Date(sinceMs).toISOString() }
      const [found] = await client.query<{ deliveries: number | string }>(since, parameters)
      return Number(found?.deliveries ?? 0)
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
