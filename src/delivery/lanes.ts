/**
 * Fair queueing: one queue per webhook. Organizations take turns, and within an organization its webhooks do, so that
 * neither a busy nor a dead endpoint delays another. A webhook is in its organization's ring while it has items waiting
 * and a free slot; an organization is in the outer ring while its own ring is not empty and it has a free slot itself.
 * So `take` never visits a queue that may not start an item.
 */
import { createFifo, type Fifo } from './fifo.ts'

export interface LanesOptions {
  /** Most items in flight over all. */
  maxInFlight: number
  /** Most items in flight per organization, so that one with many dead endpoints leaves slots to others. */
  maxInFlightPerOrganization: number
  /** Most items waiting per webhook; more are refused. */
  maxWaitingPerWebhook: number
}

export interface Lanes<T> {
  /** Queues an item behind those of its webhook. The `maxInFlight` of the newest offer applies. */
  offer(organizationId: string, webhookId: string, maxInFlight: number, item: T): 'taken' | 'full'
  /** The next item that may start, now in flight; undefined if there is none. */
  take(): T | undefined
  /** An item of this webhook is no longer in flight. */
  done(webhookId: string): void
  /** Removes waiting items for which `keep` is false; items in flight stay. Visits everything that waits. */
  retain(keep: (item: T) => boolean): void
  waiting(webhookId: string): number
  inFlight(webhookId: string): number
  counts(): { waiting: number; inFlight: number; webhooks: number }
}

interface OrganizationLane<T> {
  id: string
  inFlight: number
  webhooks: number
  ready: Fifo<WebhookLane<T>>
  /** Whether it is in the outer ring. */
  standing: boolean
}

interface WebhookLane<T> {
  id: string
  organization: OrganizationLane<T>
  maxInFlight: number
  inFlight: number
  queue: Fifo<T>
  standing: boolean
}

export function createLanes<T>({
  maxInFlight: maxTotal,
  maxInFlightPerOrganization,
  maxWaitingPerWebhook,
}: LanesOptions): Lanes<T> {
  const organizations = new Map<string, OrganizationLane<T>>()
  const webhooks = new Map<string, WebhookLane<T>>()
  const ready = createFifo<OrganizationLane<T>>()
  let waiting = 0
  let inFlight = 0

  const mayStart = (lane: WebhookLane<T>) => lane.queue.length > 0 && lane.inFlight < lane.maxInFlight

  /** Puts lanes at the end of their rings, if they may start an item and are not there already. */
  function stand(lane: WebhookLane<T>): void {
    if (!lane.standing && mayStart(lane)) {
      lane.standing = true
      lane.organization.ready.push(lane)
    }
    standOrganization(lane.organization)
  }

  function standOrganization(organization: OrganizationLane<T>): void {
    if (organization.standing || organization.ready.length === 0 || organization.inFlight >= maxInFlightPerOrganization)
      return
    organization.standing = true
    ready.push(organization)
  }

  function laneOf(organizationId: string, webhookId: string, maxInFlight: number): WebhookLane<T> {
    const known = webhooks.get(webhookId)
    if (known) {
      known.maxInFlight = maxInFlight
      return known
    }
    let organization = organizations.get(organizationId)
    if (!organization) {
      organization = { id: organizationId, inFlight: 0, webhooks: 0, ready: createFifo(), standing: false }
      organizations.set(organizationId, organization)
    }
    organization.webhooks += 1
    const lane = { id: webhookId, organization, maxInFlight, inFlight: 0, queue: createFifo<T>(), standing: false }
    webhooks.set(webhookId, lane)
    return lane
  }

  /**
   * A lane with nothing waiting and nothing in flight is removed: memory follows current work, not all webhooks ever
   * seen.
   */
  function forgetIfIdle(lane: WebhookLane<T>): void {
    if (lane.inFlight > 0 || lane.queue.length > 0) return
    webhooks.delete(lane.id)
    lane.organization.webhooks -= 1
    if (lane.organization.webhooks === 0) organizations.delete(lane.organization.id)
  }

  /**
   * Takes the next webhook out of the rings; undefined if this organization's ring contained only webhooks that may no
   * longer start an item.
   */
  function nextOf(organization: OrganizationLane<T>): WebhookLane<T> | undefined {
    for (let lane = organization.ready.shift(); lane; lane = organization.ready.shift()) {
      lane.standing = false
      if (mayStart(lane)) return lane // a lowered maxInFlight may have closed it since
    }
    return undefined
  }

  return {
    offer(organizationId, webhookId, maxInFlight, item) {
      const lane = laneOf(organizationId, webhookId, maxInFlight)
      if (lane.queue.length >= maxWaitingPerWebhook) {
        stand(lane)
        return 'full'
      }
      lane.queue.push(item)
      waiting += 1
      stand(lane)
      return 'taken'
    },
    take() {
      if (inFlight >= maxTotal) return undefined
      for (let organization = ready.shift(); organization; organization = ready.shift()) {
        organization.standing = false
        const lane = nextOf(organization)
        if (!lane) continue
        const item = lane.queue.shift()!
        waiting -= 1
        inFlight += 1
        lane.inFlight += 1
        organization.inFlight += 1
        stand(lane)
        return item
      }
      return undefined
    },
    done(webhookId) {
      const lane = webhooks.get(webhookId)
      if (!lane || lane.inFlight === 0) throw new Error(`Nothing of webhook ${webhookId} is in flight.`)
      inFlight -= 1
      lane.inFlight -= 1
      lane.organization.inFlight -= 1
      stand(lane)
      forgetIfIdle(lane)
    },
    retain(keep) {
      for (const lane of webhooks.values()) {
        waiting -= lane.queue.length
        lane.queue.retain(keep)
        waiting += lane.queue.length
        forgetIfIdle(lane) // it may still stand in a ring; `nextOf` passes over it
      }
    },
    waiting: webhookId => webhooks.get(webhookId)?.queue.length ?? 0,
    inFlight: webhookId => webhooks.get(webhookId)?.inFlight ?? 0,
    counts: () => ({ waiting, inFlight, webhooks: webhooks.size }),
  }
}
