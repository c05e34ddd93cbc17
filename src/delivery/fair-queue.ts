/**
 * Fair queueing: one queue per webhook. Organizations take turns, and within an organization its webhooks do, so that
 * neither a busy nor a dead endpoint delays another. A webhook is in its organization's ring while it has items waiting
 * and a free slot; an organization is in the outer ring while its own ring is not empty and it has a free slot itself.
 * So `take` never visits a queue that may not start an item.
 */
import { createFifo, type Fifo } from './fifo.ts'

export interface FairQueueOptions {
  /** Most items in flight over all. */
  maxInFlight: number
  /** Most items in flight per organization, so that one with many dead endpoints leaves slots to others. */
  maxInFlightPerOrganization: number
  /** Most items waiting per webhook; more are refused. */
  maxWaitingPerWebhook: number
}

export interface FairQueue<T> {
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

interface OrganizationQueues<T> {
  id: string
  inFlight: number
  webhooks: number
  ready: Fifo<WebhookQueue<T>>
  /** Whether it is in the outer ring. */
  isEnlisted: boolean
}

interface WebhookQueue<T> {
  id: string
  organization: OrganizationQueues<T>
  maxInFlight: number
  inFlight: number
  items: Fifo<T>
  isEnlisted: boolean
}

export function createFairQueue<T>({
  maxInFlight: maxTotal,
  maxInFlightPerOrganization,
  maxWaitingPerWebhook,
}: FairQueueOptions): FairQueue<T> {
  const organizations = new Map<string, OrganizationQueues<T>>()
  const webhooks = new Map<string, WebhookQueue<T>>()
  const ready = createFifo<OrganizationQueues<T>>()
  let waiting = 0
  let inFlight = 0

  const mayStart = (queue: WebhookQueue<T>) => queue.items.length > 0 && queue.inFlight < queue.maxInFlight

  /** Puts a queue and its organization at the end of their rings, if they may start an item and are not there already. */
  function enlist(queue: WebhookQueue<T>): void {
    if (!queue.isEnlisted && mayStart(queue)) {
      queue.isEnlisted = true
      queue.organization.ready.push(queue)
    }
    enlistOrganization(queue.organization)
  }

  function enlistOrganization(organization: OrganizationQueues<T>): void {
    if (
      organization.isEnlisted ||
      organization.ready.length === 0 ||
      organization.inFlight >= maxInFlightPerOrganization
    )
      return
    organization.isEnlisted = true
    ready.push(organization)
  }

  function queueOf(organizationId: string, webhookId: string, maxInFlight: number): WebhookQueue<T> {
    const known = webhooks.get(webhookId)
    if (known) {
      known.maxInFlight = maxInFlight
      return known
    }
    let organization = organizations.get(organizationId)
    if (!organization) {
      organization = { id: organizationId, inFlight: 0, webhooks: 0, ready: createFifo(), isEnlisted: false }
      organizations.set(organizationId, organization)
    }
    organization.webhooks += 1
    const queue = { id: webhookId, organization, maxInFlight, inFlight: 0, items: createFifo<T>(), isEnlisted: false }
    webhooks.set(webhookId, queue)
    return queue
  }

  /**
   * A queue with nothing waiting and nothing in flight is removed: memory follows current work, not all webhooks ever
   * seen.
   */
  function forgetIfIdle(queue: WebhookQueue<T>): void {
    if (queue.inFlight > 0 || queue.items.length > 0) return
    webhooks.delete(queue.id)
    queue.organization.webhooks -= 1
    if (queue.organization.webhooks === 0) organizations.delete(queue.organization.id)
  }

  /**
   * Takes the next webhook out of the rings; undefined if this organization's ring contained only webhooks that may no
   * longer start an item.
   */
  function nextOf(organization: OrganizationQueues<T>): WebhookQueue<T> | undefined {
    for (let queue = organization.ready.shift(); queue; queue = organization.ready.shift()) {
      queue.isEnlisted = false
      if (mayStart(queue)) return queue // a lowered maxInFlight may have closed it since
    }
    return undefined
  }

  return {
    offer(organizationId, webhookId, maxInFlight, item) {
      const queue = queueOf(organizationId, webhookId, maxInFlight)
      if (queue.items.length >= maxWaitingPerWebhook) {
        enlist(queue)
        return 'full'
      }
      queue.items.push(item)
      waiting += 1
      enlist(queue)
      return 'taken'
    },
    take() {
      if (inFlight >= maxTotal) return undefined
      for (let organization = ready.shift(); organization; organization = ready.shift()) {
        organization.isEnlisted = false
        const queue = nextOf(organization)
        if (!queue) continue
        const item = queue.items.shift()!
        waiting -= 1
        inFlight += 1
        queue.inFlight += 1
        organization.inFlight += 1
        enlist(queue)
        return item
      }
      return undefined
    },
    done(webhookId) {
      const queue = webhooks.get(webhookId)
      if (!queue || queue.inFlight === 0) throw new Error(`Nothing of webhook ${webhookId} is in flight.`)
      inFlight -= 1
      queue.inFlight -= 1
      queue.organization.inFlight -= 1
      enlist(queue)
      forgetIfIdle(queue)
    },
    retain(keep) {
      for (const queue of webhooks.values()) {
        waiting -= queue.items.length
        queue.items.retain(keep)
        waiting += queue.items.length
        forgetIfIdle(queue) // it may still be in a ring; `nextOf` skips it
      }
    },
    waiting: webhookId => webhooks.get(webhookId)?.items.length ?? 0,
    inFlight: webhookId => webhooks.get(webhookId)?.inFlight ?? 0,
    counts: () => ({ waiting, inFlight, webhooks: webhooks.size }),
  }
}
