/**
 * Reading deliveries. A delivery exists as soon as admission has matched its webhook, but its first row is written with
 * its first step. So a list combines the matched webhooks of the emits with the newest step of each delivery in
 * `attempts`. A delivery without a step is pending; its id is derived and then looked up, since a row alone does not
 * show whether a replay made the event's own delivery or another one. Lists end where attempts end, after 62 days.
 */

import { type Place, readCursor } from '../../model/cursors.ts'
import type { Environment } from '../../model/environments.ts'
import { deliveryId } from '../../model/ids.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { createAttemptedDeliveries } from './attempted-deliveries.ts'
import {
  type Attempt,
  DELIVERY_ID,
  type Delivery,
  type MatchedEvent,
  pendingDelivery,
  type Step,
  skippedDelivery,
  type TimeParts,
  toDelivery,
  triggerOf,
} from './delivery.ts'
import type { ConsideredWebhook } from './emit-reads.ts'
import { fillFromWindows, type Page, toPage } from './pages.ts'
import { rangeOf } from './ranges.ts'
import { readTypeFilter } from './type-filter.ts'

export type { Attempt, Delivery } from './delivery.ts'

export interface DeliveryFilter {
  organizationId: string
  environment: Environment
  webhookId: string
  status?: Delivery['status'] | undefined
  /** A selector. */
  type?: string | undefined
  /** ISO 8601: created at or after, created before. */
  from?: string | undefined
  to?: string | undefined
  /** 1–100. */
  limit: number
  cursor?: string | undefined
}

type FoundAttempt = Omit<Attempt, 'requestHeaders' | 'responseHeaders' | TimeParts> & {
  queuedMs: number | null
  dnsMs: number | null
  tlsMs: number | null
  remoteAddress: string | null
  requestHeaders: string | null
  responseHeaders: string | null
}

export function createDeliveryReads(client: AnalyticsClient) {
  const attempted = createAttemptedDeliveries(client)
  const matched = readQuery('deliveries-matched')
  const matchedWindow = readQuery('deliveries-matched-window')
  const newestSteps = readQuery('newest-steps')
  const newestOfEvent = readQuery('newest-steps-of-event')
  const ofDelivery = readQuery('attempts-of-delivery')
  const ofEvent = readQuery('attempts-of-event')
  const emitsBetween = readQuery('emits-between')

  /**
   * Every step of one delivery, first to last (of more than 1,000 the newest); empty for a delivery without steps, or
   * of another organization.
   */
  async function listAttempts(organizationId: string, environment: Environment, id: string): Promise<Attempt[]> {
    const found = await client.query<FoundAttempt>(ofDelivery, { organizationId, environment, deliveryId: id })
    return found.map(toAttempt)
  }

  /** Deliveries with a step, in the state of the newest one. */
  async function withSteps(
    organizationId: string,
    environment: Environment,
    deliveryIds: string[],
  ): Promise<Delivery[]> {
    if (deliveryIds.length === 0) return []
    return (await client.query<Step>(newestSteps, { organizationId, environment, deliveryIds })).map(toDelivery)
  }

  /** Deliveries that admission made or skipped in the milliseconds with which the ids begin. */
  async function findPending(
    organizationId: string,
    environment: Environment,
    ids: readonly string[],
  ): Promise<Delivery[]> {
    const byTime = Map.groupBy(
      ids.filter(id => ADMITTED_ID.test(id)),
      id => `cee_${id.slice('dlv_'.length, 'dlv_'.length + TIME_DIGITS)}`,
    )
    const times = [...byTime]
    const found: Delivery[] = []
    for (let at = 0; at < times.length; at += TIMES_AT_ONCE) {
      const some = times.slice(at, at + TIMES_AT_ONCE).map(async ([first, wanted]) => {
        const parameters = { organizationId, environment, first, end: `${first}~` }
        const events = await client.query<ConsideredEvent>(emitsBetween, parameters)
        return events.flatMap(event => pendingOf(event, wanted))
      })
      found.push(...(await Promise.all(some)).flat())
    }
    return found
  }

  const pendingOf = (event: ConsideredEvent, ids: readonly string[]): Delivery[] =>
    event.webhooks
      .filter(({ webhookId }) => ids.includes(deliveryId(event.eventId, webhookId)))
      .map(({ webhookId, skipped }) => unattempted(event, webhookId, skipped))

  /**
   * The current state of a webhook's own deliveries that admission made (`pending`, or all of them) or skipped, newest
   * first.
   */
  function findConsidered(
    filter: ListParameters,
    which: 'pending' | 'skipped' | 'all',
    limit: number,
  ): Promise<Delivery[]> {
    const { organizationId, environment, webhookId } = filter
    const parameters = {
      ...filter,
      skipped: { pending: 'none', skipped: 'only', all: 'any' }[which],
      pendingOnly: which === 'pending',
    }
    const bounds = (before: EmitPlace | undefined) => {
      const [beforeTime, beforeEmit] = before ?? filter.beforeEmitPlace ?? [null, null]
      return { beforeTime, beforeEmit }
    }

    /** Applies the newest step to each delivery: one with a step is no longer pending. */
    async function resolve(events: FoundEvent[]): Promise<Delivery[]> {
      const made = events.map(event => unattempted(event, webhookId, event.skipped))
      const ids = made.filter(({ status }) => status === 'pending').map(({ id }) => id)
      const steps = new Map(
        (await withSteps(organizationId, environment, ids)).map(delivery => [delivery.id, delivery]),
      )
      if (which === 'pending') return made.filter(({ id }) => !steps.has(id))
      // A delivery made by an earlier release's catch-up was created later than its event; the list of attempted
      // deliveries has it at its place.
      return made.map(each => steps.get(each.id) ?? each).filter((each, at) => each.createdAt === made[at]!.createdAt)
    }

    return fillFromWindows<Delivery, EmitPlace>(limit, CONSIDERED_SCANS, {
      async reach(scan, before) {
        const [found] = await client.query<{ scanned: number | string; reachedEmit: string; reachedTime: string }>(
          matchedWindow,
          {
            ...{ ...parameters, ...bounds(before), scan },
          },
        )
        return found === undefined || Number(found.scanned) < scan ? undefined : [found.reachedTime, found.reachedEmit]
      },
      async items(most, before, reached) {
        const [reachedTime, reachedEmit] = reached ?? [null, null]
        const items: Delivery[] = []
        for (let from = before, batch = most; ; batch = REFILL) {
          const places = { ...bounds(from), reachedTime, reachedEmit, limit: batch }
          const events = await client.query<FoundEvent>(matched, { ...parameters, ...places })
          items.push(...(await resolve(events)))
          const last = events.at(-1)
          if (items.length >= most || events.length < batch || last === undefined) return items
          from = [last.createdAt, last.emitId]
        }
      },
    })
  }

  return {
    listAttempts,

    /** Every step of every delivery of an event, in order (at most 10,000). */
    async attemptsOfEvent(organizationId: string, environment: Environment, eventId: string): Promise<Attempt[]> {
      return (await client.query<FoundAttempt>(ofEvent, { organizationId, environment, eventId })).map(toAttempt)
    },

    /** The deliveries of an event that have had a step. */
    async attemptedOfEvent(organizationId: string, environment: Environment, eventId: string): Promise<Delivery[]> {
      return (await client.query<Step>(newestOfEvent, { organizationId, environment, eventId })).map(toDelivery)
    },

    /** One delivery, or undefined. */
    async deliveryById(organizationId: string, environment: Environment, id: string): Promise<Delivery | undefined> {
      if (!DELIVERY_ID.test(id)) return undefined
      const [found] = await withSteps(organizationId, environment, [id])
      if (found !== undefined) return found
      return (await findPending(organizationId, environment, [id]))[0]
    },

    /** These deliveries, including those without an attempt; unknown ids are left out. */
    async deliveriesNamed(organizationId: string, environment: Environment, ids: string[]): Promise<Delivery[]> {
      const possible = ids.filter(id => DELIVERY_ID.test(id))
      const found = await withSteps(organizationId, environment, possible)
      const known = new Set(found.map(({ id }) => id))
      const pending = await findPending(
        organizationId,
        environment,
        possible.filter(id => !known.has(id)),
      )
      return [...found, ...pending]
    },

    /** Newest first. Throws `validation_failed` for an invalid cursor. */
    async listDeliveries(filter: DeliveryFilter): Promise<Page<Delivery>> {
      const { organizationId, environment, webhookId, status, type = null, limit, cursor } = filter
      const place = readCursor('deliveries', cursor)
      const [beforeTime, beforeEvent] = place ?? []
      const shared = { organizationId, environment, webhookId, ...readTypeFilter(type), ...rangeOf(filter) }

      const findAttempted = async () =>
        (await attempted({ ...shared, state: status ?? null, withTests: true }, place, limit + 1)).map(toDelivery)

      // Several deliveries may share the event of the last item shown, so that event is read once more.
      const beforeEmitPlace: EmitPlace | undefined =
        beforeTime === undefined || beforeEvent === undefined
          ? undefined
          : [beforeTime, `cee_${beforeEvent.slice('evt_'.length)}~`]
      const considered = async (which: 'pending' | 'skipped' | 'all') =>
        (await findConsidered({ ...shared, beforeEmitPlace }, which, limit + 2)).filter(
          each => place === undefined || comparePlaces(placeOf(each), place) < 0,
        )

      if (status === 'pending') return toPage('deliveries', await considered('pending'), limit, placeOf)
      const own =
        status === undefined ? await considered('all') : status === 'skipped' ? await considered('skipped') : []
      return toPage('deliveries', together(own, await findAttempted()), limit, placeOf)
    },
  }
}

type FoundEvent = MatchedEvent & { skipped: string | null }
type ConsideredEvent = MatchedEvent & { webhooks: ConsideredWebhook[] }
/** Recording time and id of an emit. */
type EmitPlace = [recordedAt: string, emitId: string]
type ListParameters = Record<string, unknown> &
  Pick<DeliveryFilter, 'organizationId' | 'environment' | 'webhookId'> & { beforeEmitPlace: EmitPlace | undefined }

/** Events of a webhook scanned per query: few, unless most of them have been attempted. */
const CONSIDERED_SCANS = [500, 20_000, 200_000]
/** Events read together once the first few have not filled the page; their ids travel in a query's URL. */
const REFILL = 2_000

/**
 * Ids of emits, events and deliveries begin with 48 bits of time; nine characters are 45 of them, which is eight
 * milliseconds.
 */
const TIME_DIGITS = 9
/** A delivery made by admission, or by a replay, whose ids have the same form. */
const ADMITTED_ID = /^dlv_[0-9a-z]{32}$/
/** Milliseconds that are queried concurrently. */
const TIMES_AT_ONCE = 8

/** A delivery in both lists is taken from the second one, which was read later. Newest first. */
export function together(own: Delivery[], attempted: Delivery[]): Delivery[] {
  const byId = new Map([...own, ...attempted].map(delivery => [delivery.id, delivery]))
  return [...byId.values()].sort((a, b) => comparePlaces(placeOf(b), placeOf(a)))
}

export const unattempted = (event: MatchedEvent, webhookId: string, skipped: string | null): Delivery =>
  skipped === null ? pendingDelivery(event, webhookId) : skippedDelivery(event, webhookId, skipped)

export const placeOf = (delivery: Delivery): Place<'deliveries'> => [delivery.createdAt, delivery.eventId, delivery.id]

export function comparePlaces(a: Place<'deliveries'>, b: Place<'deliveries'>): number {
  const at = a.findIndex((part, index) => part !== b[index])
  if (at < 0) return 0
  return (a[at] as string) < (b[at] as string) ? -1 : 1
}

/** Rows of earlier releases, and steps without a request, have no parts of the time. */
function toAttempt({ queuedMs, dnsMs, tlsMs, remoteAddress, ...found }: FoundAttempt): Attempt {
  return {
    ...found,
    ...(queuedMs === null ? {} : { queuedMs, dnsMs, tlsMs, remoteAddress }),
    trigger: triggerOf(found),
    requestHeaders: parseHeaders(found.requestHeaders),
    responseHeaders: parseHeaders(found.responseHeaders),
  }
}

const parseHeaders = (text: string | null): Record<string, string> | null => (text === null ? null : JSON.parse(text))
