/** The interface of every bus: small, so that any broker can be adapted. */
import type { Event } from './event.ts'

export interface Delivery {
  /** 1, and one more each time the event is handed over again after a failure. */
  attempt: number
  /** Aborted when `close` waits no longer. */
  signal: AbortSignal
}

/** Throwing, or a promise that rejects, is a failure. */
export type Handler = (event: Event, delivery: Delivery) => void | Promise<void>

export interface Subscription {
  /** Unique within the process. */
  readonly id: string
  /** The handler is not called from now on. May be repeated. */
  unsubscribe(): void
}

export interface Bus {
  /** In memory: once all handlers have run. With a broker: once it has the event. */
  publish(event: Event): Promise<void>
  /** No types: every event. Types are exact. */
  subscribe(handler: Handler, ...types: string[]): Subscription
  /** The newest events first, of the last 1,000 that this bus has seen. `limit` is 50 unless given. */
  recent(limit?: number, ...types: string[]): Event[]
  /** Takes no further event and waits for running handlers, at most 10 s. */
  close(): Promise<void>
}
