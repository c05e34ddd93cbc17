/**
 * Reading deliveries. A delivery is there as soon as admission has matched its webhook, though its first row comes only with its first
 * attempt. So what is listed is the matched webhooks of the emits together with the newest step of each delivery in `attempts`; ids of
 * deliveries that have no row yet are derived, as everywhere.
 */

import type { AttemptRow, DeliveryState, ErrorKind } from '../../topics/audit-attempts.ts'
import type { Environment } from '../control-plane/records.ts'
import { deliveryId } from '../events/ids.ts'
import type { AnalyticsClient } from './client.ts'
import { type Page, readCursor, toPage } from './pages.ts'
import { readQuery } from './statements.ts'

/** C.10, times in ISO 8601, UTC. */
export interface Delivery {
  id: string
  webhookId: string
  eventId: string
  emitId: string
  /** `<namespace>.<name>`. */
  eventType: string
  canonicalName: string
  sequence: number
  status: DeliveryState | 'pending'
  /** Why it was cancelled or skipped. */
  reason: string | null
  /** Attempts made. */
  attempts: number
  /** Null while pending: the webhook's setting at the first attempt decides. */
  maxAttempts: number | null
  nextAttemptAt: string | null
  responseStatus: number | null
  responseTimeMs: number | null
  lastError: string | null
  lastErrorKind: ErrorKind | null
  trigger: AttemptRow['trigger']
  createdAt: string
  completedAt: string | null
}

/** One step of a delivery: an attempt, or an end without one (`attemptId` null). Fields as in `topics/audit-attempts.ts`. */
export interface Attempt
  extends Omit<
    AttemptRow,
    'organizationId' | 'environment' | 'startedAtMs' | 'nextAttemptAtMs' | 'createdAtMs' | 'requestHeaders' | 'responseHeaders'
  > {
  startedAt: string
  nextAttemptAt: string | null
  createdAt: string
  requestHeaders: Record<string, string> | null
  responseHeaders: Record<string, string> | null
}

export interface DeliveryFilter {
  organizationId: string
  environment: Environment
  webhookId: string
  status?: Delivery['status'] | undefined
  /** `<namespace>.<name>`. */
  type?: string | undefined
  /** ISO 8601: came to be at or after, came to be before. */
  from?: string | undefined
  to?: string | undefined
  /** 1–100. */
  limit: number
  cursor?: string | undefined
}

/** The newest step of a delivery. */
type Step = Pick<
  Attempt,
  | 'deliveryId'
  | 'webhookId'
  | 'eventId'
  | 'emitId'
  | 'eventType'
  | 'canonicalName'
  | 'sequence'
  | 'number'
  | 'maxAttempts'
  | 'trigger'
  | 'state'
  | 'reason'
  | 'startedAt'
  | 'durationMs'
  | 'responseStatus'
  | 'errorKind'
  | 'error'
  | 'nextAttemptAt'
  | 'createdAt'
> & { attemptId?: string | null }

/** An event that a webhook matched. */
export type MatchedEvent = Pick<Delivery, 'eventId' | 'emitId' | 'eventType' | 'canonicalName' | 'sequence' | 'createdAt'>

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

  /** The delivery among those that admission made in the milliseconds which the id begins with. */
  async function findPending(organizationId: string, environment: Environment, id: string): Promise<Delivery | undefined> {
    const first = `cee_${id.slice('dlv_'.length, 'dlv_'.length + TIME_DIGITS)}`
    const parameters = { organizationId, environment, first, end: `${first}~` }
    for (const event of await client.query<MatchedEvent & { webhookIds: string[] }>(emitsBetween, parameters)) {
      const webhookId = event.webhookIds.find(candidate => deliveryId(event.eventId, candidate) === id)
      if (webhookId !== undefined) return pendingDelivery(event, webhookId)
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
      const { organizationId, environment, webhookId, status, type = null, from = null, to = null, limit, cursor } = filter
      const place = readCursor(cursor, ['time', 'text', 'text'])
      const [time = null, event = null, delivery = null] = place ?? []
      const shared = { organizationId, environment, webhookId, type, from, to }
      const withSteps =
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
      const live =
        status !== undefined && status !== 'pending'
          ? []
          : client.query<MatchedEvent>(matched, {
              ...shared,
              pendingOnly: status === 'pending',
              throughTime: time,
              throughEmit: event === null ? null : `cee_${event.slice('evt_'.length)}`,
              limit: limit + 2,
            })
      const found = together(
        (await live).map(each => pendingDelivery(each, webhookId)),
        (await withSteps).map(toDelivery),
      )
      const rest = place === undefined ? found : found.filter(each => comparePlaces(placeOf(each), place) < 0)
      return toPage(rest, limit, placeOf)
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

const placeOf = (delivery: Delivery): string[] => [delivery.createdAt, delivery.eventId, delivery.id]

function comparePlaces(a: string[], b: string[]): number {
  const at = a.findIndex((part, index) => part !== b[index])
  if (at < 0) return 0
  return (a[at] as string) < (b[at] as string) ? -1 : 1
}

/** What a delivery is before its first step. */
export function pendingDelivery(event: MatchedEvent, webhookId: string): Delivery {
  const { eventId, emitId, eventType, canonicalName, sequence, createdAt } = event
  return {
    id: deliveryId(eventId, webhookId),
    webhookId,
    eventId,
    emitId,
    eventType,
    canonicalName,
    sequence,
    status: 'pending',
    reason: null,
    attempts: 0,
    maxAttempts: null,
    nextAttemptAt: null,
    responseStatus: null,
    responseTimeMs: null,
    lastError: null,
    lastErrorKind: null,
    trigger: 'live',
    createdAt,
    completedAt: null,
  }
}

/** What its newest step makes of a delivery. */
export function toDelivery(step: Step): Delivery {
  const { webhookId, eventId, emitId, eventType, canonicalName, sequence, reason, maxAttempts, nextAttemptAt, trigger, createdAt } = step
  const isOpen = step.state === 'retrying'
  return {
    id: step.deliveryId,
    webhookId,
    eventId,
    emitId,
    eventType,
    canonicalName,
    sequence,
    status: step.state,
    reason,
    attempts: step.number,
    maxAttempts,
    nextAttemptAt: isOpen ? nextAttemptAt : null,
    responseStatus: step.responseStatus,
    responseTimeMs: step.number > 0 ? step.durationMs : null,
    lastError: step.error,
    lastErrorKind: step.errorKind,
    trigger,
    createdAt,
    completedAt: isOpen ? null : new Date(Date.parse(step.startedAt) + step.durationMs).toISOString(),
  }
}

function toAttempt(found: FoundAttempt): Attempt {
  return { ...found, requestHeaders: parseHeaders(found.requestHeaders), responseHeaders: parseHeaders(found.responseHeaders) }
}

const parseHeaders = (text: string | null): Record<string, string> | null => (text === null ? null : JSON.parse(text))
