/**
 * Deliveries of all webhooks, by what happened to them. A delivery without a step is found by its event, one with steps
 * by the newest of them; both lists are read newest first and merged.
 */
import { type Place, readCursor } from '../../model/cursors.ts'
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { createAttemptedDeliveries } from './attempted-deliveries.ts'
import { type Delivery, type MatchedEvent, type Step, toDelivery } from './delivery.ts'
import { comparePlaces, placeOf, together, unattempted } from './delivery-reads.ts'
import type { ConsideredWebhook } from './emit-reads.ts'
import { type Filled, fillAtMost, type Page, toFilledPage } from './pages.ts'
import { type Range, rangeOf } from './ranges.ts'
import { readTypeFilter, type TypeFilter } from './type-filter.ts'

export interface DeliverySearch {
  organizationId: string
  environment: Environment
  status?: Delivery['status'] | undefined
  errorKind?: string | undefined
  responseStatus?: number | undefined
  /** A selector. */
  type?: string | undefined
  eventId?: string | undefined
  webhookId?: string | undefined
  trigger?: string | undefined
  replayId?: string | undefined
  /** ISO 8601: created at or after, created before. */
  from?: string | undefined
  to?: string | undefined
  /** At most 10,001. */
  limit: number
  cursor?: string | undefined
}

type ConsideredEvent = MatchedEvent & { webhooks: ConsideredWebhook[] }
type EventPlace = [recordedAt: string, emitId: string]
type Shared = TypeFilter &
  Range & { organizationId: string; environment: Environment; webhookId: string | null; eventId: string | null }

const SCANS = [500, 5_000, 20_000]
/** Some hundred thousand events for one page. */
const WINDOWS_MAX = 7
const EVENTS_AT_ONCE = 500
/** They travel in the URL of a query. */
const IDS_AT_ONCE = 2_000
const FIRST_DELIVERY = `dlv_${'0'.repeat(32)}`

export function createDeliverySearch(client: AnalyticsClient) {
  const attempted = createAttemptedDeliveries(client)
  const events = readQuery('deliveries-considered')
  const window = readQuery('deliveries-considered-window')
  const newestSteps = readQuery('newest-steps')

  async function stepsOf({ organizationId, environment }: Shared, ids: string[]): Promise<Map<string, Delivery>> {
    const found: Step[] = []
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const deliveryIds = ids.slice(at, at + IDS_AT_ONCE)
      found.push(...(await client.query<Step>(newestSteps, { organizationId, environment, deliveryIds })))
    }
    return new Map(found.map(step => [step.deliveryId, toDelivery(step)]))
  }

  /** The deliveries that events have from admission, as they are now. */
  async function deliveriesOf(shared: Shared, found: ConsideredEvent[], status: DeliverySearch['status']) {
    const made = found.flatMap(event =>
      event.webhooks
        .filter(({ webhookId }) => (shared.webhookId ?? webhookId) === webhookId)
        .map(({ webhookId, skipped }) => unattempted(event, webhookId, skipped)),
    )
    if (status === 'skipped') return made.filter(each => each.status === 'skipped')
    const steps = await stepsOf(
      shared,
      made.filter(each => each.status === 'pending').map(({ id }) => id),
    )
    if (status === 'pending') return made.filter(each => each.status === 'pending' && !steps.has(each.id))
    return made.map(each => steps.get(each.id) ?? each).filter((each, at) => each.createdAt === made[at]!.createdAt)
  }

  function findConsidered(
    shared: Shared,
    status: DeliverySearch['status'],
    { limit, first, isShown }: { limit: number; first: EventPlace | undefined; isShown: (each: Delivery) => boolean },
  ): Promise<Filled<Delivery, EventPlace>> {
    const bounds = (before: EventPlace | undefined) => {
      const [beforeTime, beforeEmit] = before ?? first ?? [null, null]
      return { ...shared, beforeTime, beforeEmit }
    }
    return fillAtMost<Delivery, EventPlace>(limit, SCANS, WINDOWS_MAX, {
      async reach(scan, before) {
        const [found] = await client.query<{ scanned: number | string; reachedEmit: string; reachedTime: string }>(
          window,
          { ...bounds(before), scan },
        )
        return found === undefined || Number(found.scanned) < scan ? undefined : [found.reachedTime, found.reachedEmit]
      },
      async items(most, before, reached) {
        const [reachedTime, reachedEmit] = reached ?? [null, null]
        const items: Delivery[] = []
        for (let from = before, batch = Math.min(most, EVENTS_AT_ONCE); ; batch = EVENTS_AT_ONCE) {
          const parameters = { ...bounds(from), reachedTime, reachedEmit, limit: batch }
          const found = await client.query<ConsideredEvent>(events, parameters)
          items.push(...(await deliveriesOf(shared, found, status)).filter(isShown))
          const last = found.at(-1)
          if (items.length >= most || found.length < batch || last === undefined) return items
          from = [last.createdAt, last.emitId]
        }
      },
    })
  }

  return {
    /**
     * Newest first. A page that few deliveries match may be short: it goes on after `nextCursor`. Throws
     * `validation_failed` for an invalid cursor.
     */
    async searchDeliveries(filter: DeliverySearch): Promise<Page<Delivery>> {
      const { organizationId, environment, webhookId = null, eventId = null, status, limit, cursor } = filter
      const { errorKind = null, responseStatus = null, trigger = null, replayId = null } = filter
      const place = readCursor('deliveries', cursor)
      const shared: Shared = {
        ...{ organizationId, environment, webhookId, eventId },
        ...{ ...readTypeFilter(filter.type ?? null), ...rangeOf(filter) },
      }
      const step = { state: status ?? null, errorKind, responseStatus, trigger, replayId }
      const findAttempted = async () =>
        status === 'pending'
          ? []
          : (await attempted({ ...shared, ...step, withTests: true }, place, limit + 1)).map(toDelivery)

      // A delivery without a step has no error, no answer and no replay, and is live.
      const hasOwn =
        errorKind === null &&
        responseStatus === null &&
        replayId === null &&
        (trigger ?? 'live') === 'live' &&
        (status === undefined || status === 'pending' || status === 'skipped')
      const first: EventPlace | undefined = place && [place[0], `cee_${place[1].slice('evt_'.length)}~`]
      // The event of the place is read again, with those of its deliveries that an earlier page has shown.
      const isShown = (each: Delivery) =>
        (place === undefined || comparePlaces(placeOf(each), place) < 0) &&
        (trigger === null || each.trigger === trigger)
      // Before: the other list would otherwise miss what gets its first step meanwhile.
      const own = hasOwn
        ? await findConsidered(shared, status, { limit: limit + 1, first, isShown })
        : { items: [], stoppedAt: undefined }
      const stop: Place<'deliveries'> | undefined = own.stoppedAt && [
        own.stoppedAt[0],
        `evt_${own.stoppedAt[1].slice('cee_'.length)}`,
        FIRST_DELIVERY,
      ]
      const isBeforeStop = (each: Delivery) => stop === undefined || comparePlaces(placeOf(each), stop) > 0
      const items = together(own.items, await findAttempted()).filter(each => isShown(each) && isBeforeStop(each))
      return toFilledPage('deliveries', { items, stoppedAt: stop }, limit, placeOf)
    },
  }
}
