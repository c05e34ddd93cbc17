/**
 * Reading deliveries. A delivery is there as soon as admission has matched its webhook, though its first row comes only with its first
 * attempt. So what is listed is the matched webhooks of the emits together with the newest step of each delivery in `attempts`; ids of
 * deliveries that have no row yet are derived, as everywhere.
 */

import type { Environment } from '../control-plane/records.ts'
import { deliveryId } from '../events/ids.ts'
import { type Place, readCursor } from '../model/cursors.ts'
import type { AnalyticsClient } from './client.ts'
import { type Attempt, type Delivery, type MatchedEvent, pendingDelivery, type Step, skippedDelivery, toDelivery } from './delivery.ts'
import type { ConsideredWebhook } from './emit-reads.ts'
import { type Page, toPage } from './pages.ts'
import { rangeOf } from './ranges.ts'
import { readQuery } from './statements.ts'
import { readTypeFilter } from './type-filter.ts'

export type { Attempt, Delivery } from './delivery.ts'

export interface DeliveryFilter {
  organizationId: string
  environment: Environment
  webhookId: string
  status?: Delivery['status'] | undefined
  /** A selector. */
  type?: string | undefined
  /** ISO 8601: came to be at or after, came to be before. */
  from?: string | undefined
  to?: string | undefined
  /** 1–100. */
  limit: number
  cursor?: string | undefined
}

type FoundAttempt = Omit<Attempt, 'requestHeaders' | 'responseHeaders'> & { requestHeaders: string | null; responseHeaders: string | null }

export function createDeliveryReads(client: AnalyticsClient) {
  const attempted = readQuery('deliveries-attempted')
  const matched = readQuery('deliveries-matched')
  const ofDelivery = readQuery('attempts-of-delivery')
  const ofEvent = readQuery('attempts-of-event')
  const emitsBetween = readQuery('emits-between')

  /** Every step of one delivery, first to last; empty for one that has none or is not the organization's. */
  async function listAttempts(organizationId: string, environment: Environment, id: string): Promise<Attempt[]> {
    const found = await client.query<FoundAttempt>(ofDelivery, { organizationId, environment, deliveryId: id })
    return found.map(toAttempt)
  }

  /** The delivery among those that admission made, or refused to make, in the milliseconds which the id begins with. */
  async function findPending(organizationId: string, environment: Environment, id: string): Promise<Delivery | undefined> {
    const first = `cee_${id.slice('dlv_'.length, 'dlv_'.length + TIME_DIGITS)}`
    const parameters = { organizationId, environment, first, end: `${first}~` }
    for (const event of await client.query<MatchedEvent & { webhooks: ConsideredWebhook[] }>(emitsBetween, parameters)) {
      const considered = event.webhooks.find(({ webhookId }) => deliveryId(event.eventId, webhookId) === id)
      if (considered) return unattempted(event, considered.webhookId, considered.skipped)
    }
    return undefined
  }

  return {
    listAttempts,

    /** Every step of every delivery of an event, in the order in which they happened (at most 10,000). */
    async attemptsOfEvent(organizationId: string, environment: Environment, eventId: string): Promise<Attempt[]> {
      return (await client.query<FoundAttempt>(ofEvent, { organizationId, environment, eventId })).map(toAttempt)
    },

    /** One delivery, or undefined. */
    async deliveryById(organizationId: string, environment: Environment, id: string): Promise<Delivery | undefined> {
      const newest = (await listAttempts(organizationId, environment, id)).at(-1)
      if (newest !== undefined) return toDelivery(newest)
      return /^dlv_[0-9a-z]{32}$/.test(id) ? findPending(organizationId, environment, id) : undefined
    },

    /** Newest first (C.10 `GET /webhooks/:id/deliveries`). Throws `validation_failed` for a cursor that is not one. */
    async listDeliveries(filter: DeliveryFilter): Promise<Page<Delivery>> {
      const { organizationId, environment, webhookId, status, type = null, limit, cursor } = filter
      const place = readCursor('deliveries', cursor)
      const [time = null, event = null, delivery = null] = place ?? []
      const shared = { organizationId, environment, webhookId, ...readTypeFilter(type), ...rangeOf(filter) }
      const findAttempted = async () =>
        status === 'pending'
          ? []
          : client.query<Step>(attempted, {
              ...shared,
              state: status ?? null,
              beforeTime: time,
              beforeEvent: event,
              beforeDelivery: delivery,
              limit: limit + 1,
            })
      const findMatched = async () =>
        status !== undefined && status !== 'pending' && status !== 'skipped'
          ? []
          : client.query<MatchedEvent & { skipped: string | null }>(matched, {
              ...shared,
              skipped: status === 'skipped',
              pendingOnly: status === 'pending',
              throughTime: time,
              throughEmit: event === null ? null : `cee_${event.slice('evt_'.length)}`,
              limit: limit + 2,
            })
      const [live, withSteps] = await Promise.all([findMatched(), findAttempted()])
      const found = together(
        live.map(each => unattempted(each, webhookId, each.skipped)),
        withSteps.map(toDelivery),
      )
      const rest = place === undefined ? found : found.filter(each => comparePlaces(placeOf(each), place) < 0)
      return toPage('deliveries', rest, limit, placeOf)
    },
  }
}

/** Ids of emits, events and deliveries begin with 48 bits of time; nine characters hold 45 of them, eight milliseconds. */
const TIME_DIGITS = 9

/** Deliveries that are in both lists have been attempted. Newest first. */
function together(live: Delivery[], attempted: Delivery[]): Delivery[] {
  const byId = new Map([...live, ...attempted].map(delivery => [delivery.id, delivery]))
  return [...byId.values()].sort((a, b) => comparePlaces(placeOf(b), placeOf(a)))
}

const unattempted = (event: MatchedEvent, webhookId: string, skipped: string | null): Delivery =>
  skipped === null ? pendingDelivery(event, webhookId) : skippedDelivery(event, webhookId, skipped)

const placeOf = (delivery: Delivery): Place<'deliveries'> => [delivery.createdAt, delivery.eventId, delivery.id]

function comparePlaces(a: Place<'deliveries'>, b: Place<'deliveries'>): number {
  const at = a.findIndex((part, index) => part !== b[index])
  if (at < 0) return 0
  return (a[at] as string) < (b[at] as string) ? -1 : 1
}

function toAttempt(found: FoundAttempt): Attempt {
  return { ...found, requestHeaders: parseHeaders(found.requestHeaders), responseHeaders: parseHeaders(found.responseHeaders) }
}

const parseHeaders = (text: string | null): Record<string, string> | null => (text === null ? null : JSON.parse(text))
