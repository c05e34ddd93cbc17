/** What the contract needs to know of a bus. */
import type { Bus } from '../bus.ts'
import type { Clock } from '../clock.ts'
import type { Event } from '../event.ts'

export interface ContractSubject {
  /**
   * A new bus. It sees what is published after its first subscription. A durable one that is opened again with the same `reader` continues where that
   * one stopped.
   */
  open(settings: OpenSettings): Bus | Promise<Bus>
  /** `publisher`: `publish` rejects once all handlers have run. `dead-letter`: a failed handler is called again, and the publisher sees nothing. */
  failures: 'publisher' | 'dead-letter'
  /** Whether events that were not finished come again after `close`. */
  isDurable: boolean
  /** Types that the bus takes, if not any. The payloads are `{ contract, marker, value }`: text, text and any JSON. */
  types?: readonly [string, string, string]
  /** Longest wait for an event to arrive. Default 20,000. */
  arrivalMs?: number
}

export interface OpenSettings {
  /** Where the bus waits, it must wait by this clock. */
  clock: Clock
  reader: string
  /** For the event and its error when a handler failed for good. */
  deadLetter(event: Event, error: Error): void
}

export interface ContractCase {
  /** A guarantee, in words. */
  title: string
  /** Rejects when it does not hold. */
  run(): Promise<void>
}
