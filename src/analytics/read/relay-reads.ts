/**
 * Reads of the relay log (docs/specification/federation.md#relay-log), whose rows belong to the owner: every query
 * names the owner, and a member sees its own rows only (see `src/api/federation/relays.ts`). Kept for 30 days.
 */
import type { RelayState } from '../../../topics/audit-relays.ts'
import { readCursor } from '../../model/cursors.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Page, toPage } from './pages.ts'

/** Times are ISO 8601, UTC. */
export interface Relay {
  id: string
  groupId: string
  pushId: string
  memberId: string
  sourceEventId: string
  sourceEmitId: string
  sourceCanonicalName: string
  /** Null until it has arrived, and for an external peer. */
  targetEventId: string | null
  targetCanonicalName: string | null
  /** Set for an external peer. */
  deliveryId: string | null
  status: RelayState
  skipReason: string | null
  /** For an external peer: requests made. For an organization: arrivals, one more per retry. */
  attempts: number
  responseStatus: number | null
  lastError: string | null
  queuedAt: string
  completedAt: string | null
}

/** A copy of an event: at its source (`relayId` null), or at a peer. */
export interface EventCopy {
  /** Null for an external peer, whose deliveries are the source's. */
  organizationId: string | null
  /** Null if it did not arrive. */
  eventId: string | null
  relayId: string | null
  memberId: string | null
  status: RelayState | null
  skipReason: string | null
  lastError: string | null
  deliveries: Array<{ id: string; webhookId: string; status: string; attempts: object[] }>
}

export interface RelayFilter {
  /** The owner. */
  organizationId: string
  groupId?: string | undefined
  memberId?: string | undefined
  pushId?: string | undefined
  sourceEventId?: string | undefined
  status?: RelayState | undefined
  /** 1–100. */
  limit: number
  cursor?: string | undefined
}

/** Most relays of one event: the members of fifty groups. */
const RELAYS_OF_EVENT_MAX = 6_000
/** Most relays of a group that are scanned for a status. */
const LOOKED_THROUGH_MAX = 1_000_000

export function createRelayReads(client: AnalyticsClient) {
  const relays = readQuery('relays')
  const last = readQuery('last-relays')
  const lineage = readQuery('lineage')
  const NO_FILTER = { groupId: null, memberId: null, pushId: null, sourceEventId: null, relayId: null, status: null }
  const NO_PLACE = { beforeTime: null, beforeId: null }

  return {
    /** Newest first. Throws `validation_failed` for an invalid cursor. */
    async listRelays({ limit, cursor, ...filter }: RelayFilter): Promise<Page<Relay>> {
      const [beforeTime = null, beforeId = null] = readCursor('relays', cursor) ?? []
      const pageLimit = filter.status === undefined ? limit + 1 : LOOKED_THROUGH_MAX
      const bounds = { beforeTime, beforeId, limit: limit + 1, pageLimit }
      const found = await client.query<Relay>(relays, { ...NO_FILTER, ...defined(filter), ...bounds })
      return toPage('relays', found, limit, relay => [relay.queuedAt, relay.id])
    },

    /** One relay of an owner, or undefined. */
    async relayById(organizationId: string, relayId: string): Promise<Relay | undefined> {
      const [found] = await client.query<Relay>(relays, {
        ...NO_FILTER,
        ...NO_PLACE,
        organizationId,
        relayId,
        limit: 1,
        pageLimit: 1,
      })
      return found
    },

    /** Every relay of an event of an owner; with `memberId`, only that member's. */
    relaysOfEvent(organizationId: string, sourceEventId: string, memberId?: string): Promise<Relay[]> {
      const bounds = { limit: RELAYS_OF_EVENT_MAX, pageLimit: RELAYS_OF_EVENT_MAX }
      const filter = { organizationId, sourceEventId, memberId: memberId ?? null }
      return client.query<Relay>(relays, { ...NO_FILTER, ...NO_PLACE, ...filter, ...bounds })
    },

    /**
     * An event at its source and at every peer, with deliveries and their attempts, in one query. It spans
     * organizations, so it is for the operator alone.
     */
    async lineageOf(organizationId: string, sourceEventId: string): Promise<EventCopy[]> {
      type Found = Omit<EventCopy, 'deliveries'> & { deliveries: string[] }
      const found = await client.query<Found>(lineage, { organizationId, eventId: sourceEventId })
      return found.map(({ deliveries, ...station }) => ({
        ...station,
        deliveries: deliveries.map(each => JSON.parse(each)),
      }))
    },

    /** Time of the last event of each member of a group, ISO 8601, by member. */
    async lastRelays(organizationId: string, groupId: string): Promise<Map<string, string>> {
      const found = await client.query<{ memberId: string; lastRelayAt: string }>(last, { organizationId, groupId })
      return new Map(found.map(({ memberId, lastRelayAt }) => [memberId, lastRelayAt]))
    },
  }
}

const defined = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
