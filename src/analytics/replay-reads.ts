/** What the history knows of replays (C.8). */
import type { Environment, Replay } from '../control-plane/records.ts'
import type { AnalyticsClient } from './client.ts'
import { type Delivery, type Step, toDelivery } from './delivery.ts'
import { type Page, readCursor, toPage } from './pages.ts'
import { readQuery } from './statements.ts'

/** Deliveries of a replay by how they stand. */
export interface ReplayOutcomes {
  processed: number
  succeeded: number
  failed: number
}

export type ReplayReads = ReturnType<typeof createReplayReads>

export function createReplayReads(client: AnalyticsClient) {
  const outcomes = readQuery('replay-outcomes')
  const items = readQuery('replay-items')
  const since = readQuery('replayed-since')
  const delivered = readQuery('delivered-events')
  const place = ({ organizationId, environment, webhookId, id }: Replay) => ({ organizationId, environment, webhookId, replayId: id })

  return {
    async replayOutcomes(replay: Replay): Promise<ReplayOutcomes> {
      const found = await client.query<{ state: string; deliveries: number | string }>(outcomes, place(replay))
      const count = (states: string[]) =>
        found.filter(({ state }) => states.includes(state)).reduce((sum, { deliveries }) => sum + Number(deliveries), 0)
      return {
        processed: count(found.map(({ state }) => state)),
        succeeded: count(['success']),
        failed: count(['failed', 'cancelled', 'skipped']),
      }
    },

    /** In the order of their events. Throws `validation_failed` for a cursor that is not one. */
    async replayItems(replay: Replay, { limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<Page<Delivery>> {
      const after = readCursor(cursor, ['text'])?.[0]
      const afterSequence = after === undefined || !/^\d{1,15}$/.test(after) ? null : Number(after)
      const found = await client.query<Step>(items, { ...place(replay), afterSequence, limit: limit + 1 })
      return toPage(found.map(toDelivery), limit, ({ sequence }) => [String(sequence)])
    },

    /** How many deliveries these replays have made since then. */
    async replayedSince(organizationId: string, replayIds: string[], sinceMs: number): Promise<number> {
      if (replayIds.length === 0) return 0
      const parameters = { organizationId, replayIds, since: new Date(sinceMs).toISOString() }
      const [found] = await client.query<{ deliveries: number | string }>(since, parameters)
      return Number(found?.deliveries ?? 0)
    },

    /** Of these events (at most a few hundred), those that the webhook has had with success. */
    async deliveredEvents(
      { organizationId, environment, webhookId }: { organizationId: string; environment: Environment; webhookId: string },
      eventIds: string[],
    ): Promise<ReadonlySet<string>> {
      if (eventIds.length === 0) return new Set()
      const found = await client.query<{ eventId: string }>(delivered, { organizationId, environment, webhookId, eventIds })
      return new Set(found.map(({ eventId }) => eventId))
    },
  }
}
