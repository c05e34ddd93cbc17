/** The events that followed from an event inside one organization: the events of its chain, and where each of them went. */
import type { FederationFacts } from '../../../topics/deliveries.ts'
import type { Owner } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

export interface ChainEvent {
  emitId: string
  eventId: string
  causationId: string | null
  name: string
  depth: number
  recordedAt: string
  subscriberCount: number
  federation: FederationFacts | null
  finalState: 'DELIVERED' | 'FAILED' | null
}

export interface ChainDelivery {
  eventId: string
  webhookId: string
  status: string
  at: string
}

export interface ChainRun {
  runId: string
  lastStatus: string
  workflow: string
  event: string
  depth: number
  at: string
}

export interface ChainRelay {
  eventId: string
  memberId: string
  lastStatus: string
  since: string
}

export interface Chain {
  /** By depth; at most `limit`. */
  events: ChainEvent[]
  deliveries: ChainDelivery[]
  runs: ChainRun[]
  relays: ChainRelay[]
}

export function createLineageReads(client: AnalyticsClient) {
  const eventsOfRoot = readQuery('events-of-root')
  const deliveries = readQuery('deliveries-of-events')
  const runs = readQuery('runs-of-events')
  const relays = readQuery('relays-of-chain')

  return {
    /** `first`: the emit id of the root or of the chain's beginning, from which time on it is read. */
    async chainOf(of: Owner & { rootEventId: string; first: string; from: string; limit: number }): Promise<Chain> {
      const { organizationId, environment, from } = of
      type Found = Omit<ChainEvent, 'federation'> & { federation: string | null }
      const found = await client.query<Found>(eventsOfRoot, { ...of })
      const events = found.map(each => ({ ...each, federation: each.federation && JSON.parse(each.federation) }))
      const eventIds = events.map(({ eventId }) => eventId)
      if (eventIds.length === 0) return { events, deliveries: [], runs: [], relays: [] }
      const those = { organizationId, environment, eventIds }
      const [delivered, ran, relayed] = await Promise.all([
        client.query<ChainDelivery>(deliveries, those),
        client.query<ChainRun>(runs, { ...those, from }),
        client.query<ChainRelay>(relays, { organizationId, eventIds }),
      ])
      return { events, deliveries: delivered, runs: ran, relays: relayed }
    },
  }
}
