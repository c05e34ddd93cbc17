/**
 * Reads of owed events for the engine: events from before the log named its webhooks, and events that the log no longer
 * has.
 */
import type { EventFacts, FederationFacts } from '../../../topics/deliveries.ts'
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

type FoundEvent = Omit<EventFacts, 'timeMs' | 'recordedAtMs' | 'federation' | 'sequence'> & {
  sequence: number | string
  time: string
  recordedAt: string
  federation: string | null
  webhookIds: string[]
}

interface Log {
  organizationId: string
  environment: Environment
}

export function createOwedReads(client: AnalyticsClient) {
  const subscribers = readQuery('subscribers-of-events')
  const byNumber = readQuery('events-by-number')

  return {
    /** The webhooks that received each event, by event id; events that the history does not have are left out. */
    async subscribersOf({ organizationId, environment }: Log, events: Array<Pick<EventFacts, 'emitId'>>) {
      if (events.length === 0) return new Map<string, string[]>()
      const emitIds = events.map(({ emitId }) => emitId)
      const found = await client.query<{ eventId: string; webhookIds: string[] }>(subscribers, {
        organizationId,
        environment,
        emitIds,
      })
      return new Map(found.map(({ eventId, webhookIds }) => [eventId, webhookIds]))
    },

    /** Accepted events with these sequence numbers, both inclusive, in order. */
    async eventsByNumber({ organizationId, environment }: Log, numbers: { from: number; through: number }) {
      const found = await client.query<FoundEvent>(byNumber, { organizationId, environment, ...numbers })
      return found.map(({ webhookIds, time, recordedAt, federation, sequence, ...facts }) => {
        const event: EventFacts = {
          ...facts,
          sequence: Number(sequence),
          timeMs: Date.parse(time),
          recordedAtMs: Date.parse(recordedAt),
          federation: federation === null ? null : (JSON.parse(federation) as FederationFacts),
        }
        return { event, webhookIds }
      })
    },
  }
}
