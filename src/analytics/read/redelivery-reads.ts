/**
 * Reads for redelivery: the state of a delivery, and its event with the payload as it was sent (kept 30 days). Both
 * come from the history, because it has every delivery, successful ones too, and finds any number of them at once.
 */

import type { EventFacts, FederationFacts } from '../../../topics/deliveries.ts'
import { readCursor } from '../../model/cursors.ts'
import type { Environment, Owner } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type AttemptedFilter, createAttemptedDeliveries, parametersOf } from './attempted-deliveries.ts'
import { DELIVERY_ID, type Delivery, type Step, toDelivery } from './delivery.ts'
import { type Page, toPage } from './pages.ts'
import { rangeOf } from './ranges.ts'
import { readTypeFilter } from './type-filter.ts'

export interface DeadLetterFilter {
  organizationId: string
  environment: Environment
  webhookId?: string | undefined
  /** A selector. */
  type?: string | null | undefined
  errorKind?: string | null | undefined
  responseStatus?: number | null | undefined
  /** ISO 8601: created at or after, created before. */
  from?: string | null | undefined
  to?: string | null | undefined
  limit: number
  cursor?: string | undefined
}

export interface EventToDeliver {
  event: EventFacts
  payload: Buffer
}

type FoundEvent = Omit<EventFacts, 'timeMs' | 'recordedAtMs' | 'federation'> & {
  time: string
  recordedAt: string
  federation: string | null
  payload: string
}

type NamedEvent = Omit<FoundEvent, 'payload'> & { payload: string | null }

type FoundCount = { webhookId: string; eventType: string; oldestAt: string | null; newestAt: string | null } & Record<
  'dead' | 'gone' | 'fromSequence' | 'throughSequence',
  number | string
>

/** The dead letters of one webhook and type. */
export interface DeadLetterCount {
  webhookId: string
  eventType: string
  /** Those whose events are kept, their first and last event numbers, and when the first and last were made. */
  count: number
  fromSequence: number
  throughSequence: number
  oldestAt: string | null
  newestAt: string | null
  /** Those whose events are older than what is kept. */
  gone: number
}

export function createRedeliveryReads(client: AnalyticsClient) {
  const newestSteps = readQuery('newest-steps')
  const attempted = createAttemptedDeliveries(client)
  const deadCounts = readQuery('dead-letter-counts')
  const eventsToDeliver = readQuery('events-to-deliver')
  const eventsNamed = readQuery('events-named')
  const numbersOfEmits = readQuery('numbers-of-emits')

  return {
    /** The states of deliveries with at least one step; others are left out. */
    async deliveriesByIds(
      organizationId: string,
      environment: Environment,
      deliveryIds: string[],
    ): Promise<Delivery[]> {
      const possible = deliveryIds.filter(id => DELIVERY_ID.test(id))
      if (possible.length === 0) return []
      const found = await client.query<Step>(newestSteps, { organizationId, environment, deliveryIds: possible })
      return found.map(toDelivery)
    },

    /** Deliveries that failed for good, newest first. Throws `validation_failed` for an invalid cursor. */
    async listDeadLetters(filter: DeadLetterFilter): Promise<Page<Delivery>> {
      const { limit, cursor } = filter
      const found = await attempted(deadOf(filter), readCursor('dead-letters', cursor), limit + 1)
      return toPage('dead-letters', found.map(toDelivery), limit, delivery => [
        delivery.createdAt,
        delivery.eventId,
        delivery.id,
      ])
    },

    /** For each webhook and type with dead letters. `oldestEvent`: the id before which events are no longer kept. */
    async countDeadLetters(
      filter: Omit<DeadLetterFilter, 'limit' | 'cursor'> & { oldestEvent: string },
    ): Promise<DeadLetterCount[]> {
      const { oldestEvent, ...chosen } = filter
      const found = await client.query<FoundCount>(deadCounts, {
        ...parametersOf(deadOf(chosen), undefined),
        oldestEvent,
      })
      return found.map(({ webhookId, eventType, oldestAt, newestAt, ...each }) => ({
        ...{ webhookId, eventType, oldestAt, newestAt, count: Number(each.dead), gone: Number(each.gone) },
        ...{ fromSequence: Number(each.fromSequence), throughSequence: Number(each.throughSequence) },
      }))
    },

    /** By emit id; emits without a stored payload are left out. */
    async eventsToDeliver(
      organizationId: string,
      environment: Environment,
      emitIds: string[],
    ): Promise<Map<string, EventToDeliver>> {
      if (emitIds.length === 0) return new Map()
      const found = await client.query<FoundEvent>(eventsToDeliver, { organizationId, environment, emitIds })
      return new Map(found.map(each => [each.emitId, toEvent(each)]))
    },

    /** Accepted emits of those named; `payload`: null where it is not kept. */
    async eventsNamed(
      { organizationId, environment }: Owner,
      emitIds: string[],
    ): Promise<Array<{ event: EventFacts; payload: Buffer | null }>> {
      if (emitIds.length === 0) return []
      const found = await client.query<NamedEvent>(eventsNamed, { organizationId, environment, emitIds })
      return found.map(({ payload, ...facts }) => {
        const { event } = toEvent({ ...facts, payload: '' })
        return {
          event: { ...event, sequence: Number(event.sequence) },
          payload: payload === null ? null : Buffer.from(payload),
        }
      })
    },

    /** The accepted emits of those named that were recorded since then, ISO 8601, with their numbers. */
    async numbersOfEmits(
      { organizationId, environment }: Owner,
      emitIds: string[],
      since: string,
    ): Promise<Array<{ emitId: string; sequence: number }>> {
      if (emitIds.length === 0) return []
      const parameters = { organizationId, environment, emitIds, since }
      const found = await client.query<{ emitId: string; sequence: number | string }>(numbersOfEmits, parameters)
      return found.map(({ emitId, sequence }) => ({ emitId, sequence: Number(sequence) }))
    },
  }
}

export function deadOf(filter: Omit<DeadLetterFilter, 'limit' | 'cursor'>): AttemptedFilter {
  const { organizationId, environment, webhookId = null, errorKind = null, responseStatus = null } = filter
  const of = { organizationId, environment, webhookId, ...readTypeFilter(filter.type ?? null), ...rangeOf(filter) }
  return { ...of, state: 'failed', errorKind, responseStatus, withTests: false }
}

function toEvent({ time, recordedAt, federation, payload, ...facts }: FoundEvent): EventToDeliver {
  const event: EventFacts = {
    ...facts,
    timeMs: Date.parse(time),
    recordedAtMs: Date.parse(recordedAt),
    federation: federation === null ? null : (JSON.parse(federation) as FederationFacts),
  }
  return { event, payload: Buffer.from(payload) }
}
