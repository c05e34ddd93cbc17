/** What the engine asks the history about events that are owed: those from before the log named their webhooks, and those that the log holds no longer. */
import type { EventFacts, FederationFacts } from '../../../topics/deliveries.ts'
import type { Environment } from '../../model/records.ts'
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
    /** By event id, the webhooks that it was given to; those that the history does not have are left out. */
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

    /** Accepted events with these sequence numbers, both included, in their order. */
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
