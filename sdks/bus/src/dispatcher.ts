/**
 * Subscriptions and their lanes. A subscription handles the events of one lane (a subject) one after the other, and lanes side by side; what it
 * waits for holds up no other subscription.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Handler, Subscription } from './bus.ts'
import { BusError } from './errors.ts'
import type { Event } from './event.ts'

/** What became of an event at one subscription; an `Error` is a failure that nobody has taken care of. */
export type Outcome = 'done' | 'abandoned' | Error

/** Calls the handler as often as the bus does. Never rejects. */
export type Attempt = (call: Call) => Promise<Outcome>

export interface Call {
  event: Event
  handler: Handler
  /** Aborted when the bus waits for handlers no longer. */
  signal: AbortSignal
  /** Aborted when the subscription ends. */
  unsubscribed: AbortSignal
}

interface Job {
  event: Event
  settle(outcome: Outcome): void
}

interface Subscriber {
  id: string
  handler: Handler
  types: ReadonlySet<string>
  ended: AbortController
  /** The first job of a lane is running. */
  lanes: Map<string, Job[]>
}

export class Dispatcher {
  readonly #attempt: Attempt
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #running = new Set<Job>()
  readonly #abandoned = new AbortController()
  readonly #inside = new AsyncLocalStorage<{ hasReturned: boolean }>()
  #isDropped = false
  #idle: Array<() => void> = []

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get size(): number {
    return this.#subscribers.size
  }

  /** Throws `subscription_invalid`. */
  subscribe(handler: Handler, types: readonly string[]): Subscription {
    checkSubscription(handler, types)
    const id = nextId()
    const ended = new AbortController()
    this.#subscribers.set(id, { id, handler, types: new Set(types), ended, lanes: new Map() })
    return Object.freeze({ id, unsubscribe: () => this.#unsubscribe(id) })
  }

  /** Resolves when every subscription is done with the event. Idle lanes begin before it returns, in the order of subscription. */
  dispatch(event: Event, lane: string): Promise<Outcome[]> {
    if (this.#isDropped) return Promise.resolve(['abandoned'])
    const matching = [...this.#subscribers.values()].filter(({ types }) => types.size === 0 || types.has(event.type))
    return Promise.all(matching.map(subscriber => this.#enqueue(subscriber, lane, event)))
  }

  /** Jobs that have not begun are abandoned, now and from now on. */
  drop(): void {
    this.#isDropped = true
    for (const { lanes } of this.#subscribers.values())
      for (const jobs of lanes.values()) for (const job of jobs.splice(1)) job.settle('abandoned')
  }

  /** Nobody waits for handlers any more. */
  abandon(): void {
    this.drop()
    this.#abandoned.abort(new BusError('bus_closed', 'The bus is closed.'))
    for (const job of this.#running) job.settle('abandoned')
    this.#running.clear()
    this.#notifyIdle()
  }

  /** Resolves when no handler is running and no job waits. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise(resolve => this.#idle.push(resolve))
  }

  /** Whether the caller runs inside a handler that has not returned: it must not wait for handlers, since one of them may be its own. */
  isInside(): boolean {
    return this.#inside.getStore()?.hasReturned === false
  }

  #enqueue(subscriber: Subscriber, lane: string, event: Event): Promise<Outcome> {
    return new Promise(settle => {
      // An earlier handler of this event may have ended this subscription.
      if (subscriber.ended.signal.aborted) return settle('done')
      const jobs = subscriber.lanes.get(lane)
      if (jobs !== undefined) return void jobs.push({ event, settle })
      const begun = [{ event, settle }]
      subscriber.lanes.set(lane, begun)
      void this.#work(subscriber, lane, begun)
    })
  }

  async #work(subscriber: Subscriber, lane: string, jobs: Job[]): Promise<void> {
    const { handler, ended } = subscriber
    for (let job = jobs[0]; job !== undefined; job = jobs[0]) {
      this.#running.add(job)
      const call = { hasReturned: false }
      const { event } = job
      const attempt = () =>
        this.#attempt({ event, handler, signal: this.#abandoned.signal, unsubscribed: ended.signal })
      const outcome = await this.#inside.run(call, attempt)
      call.hasReturned = true
      jobs.shift()
      this.#running.delete(job)
      job.settle(outcome)
    }
    subscriber.lanes.delete(lane)
    this.#notifyIdle()
  }

  /** By id, not by position: the order and number of other subscriptions do not matter. */
  #unsubscribe(id: string): void {
    const subscriber = this.#subscribers.get(id)
    if (subscriber === undefined) return
    this.#subscribers.delete(id)
    subscriber.ended.abort()
    for (const jobs of subscriber.lanes.values()) for (const job of jobs.splice(1)) job.settle('done')
  }

  #notifyIdle(): void {
    if (this.#running.size > 0) return
    const waiting = this.#idle
    this.#idle = []
    for (const resolve of waiting) resolve()
  }
}

let subscriptions = 0
const nextId = (): string => `sub_${++subscriptions}`

function checkSubscription(handler: unknown, types: readonly unknown[]): void {
  const refuse = (problem: string): never => {
    throw new BusError('subscription_invalid', problem)
  }
  if (typeof handler !== 'function') refuse('The handler must be a function.')
  for (const type of types) {
    if (typeof type !== 'string' || type === '')
      refuse('A type must be a text that is not empty; leave types out for all events.')
    if ((type as string).includes('*'))
      refuse(`Types are exact: '${type}' would match nothing. Leave types out for all events.`)
  }
}
