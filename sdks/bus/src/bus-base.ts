/** What all buses share: subscriptions, what was seen, dead letters, and errors that nobody waits for. */
import { EventEmitter } from 'node:events'
import type { Bus, Delivery, Handler, Subscription } from './bus.ts'
import { type Clock, type Random, systemClock, systemRandom, within } from './clock.ts'
import { type Attempt, type Call, Dispatcher } from './dispatcher.ts'
import { BusError, errorOf } from './errors.ts'
import { type Event, immutable } from './event.ts'
import { Recent } from './recent.ts'

export interface DeadLetter {
  event: Event
  error: Error
}

export interface BusOptions {
  /**
   * Takes an event whose handler failed for good. The event counts as handled when this resolves; until then it is called again, with growing
   * pauses. By default the last 1,000 are in `deadLetters()`.
   */
  deadLetter?(event: Event, error: Error): void | Promise<void>
  clock?: Clock
  random?: Random
}

const DEAD_LETTERS_KEPT = 1_000
const CLOSE_TIMEOUT_MS = 10_000

/** `error` is emitted with the error, and the event if it is about one. Without a listener it becomes a process warning. */
export abstract class BusBase extends EventEmitter<{ error: [Error, Event?] }> implements Bus {
  protected readonly clock: Clock
  protected readonly random: Random
  protected readonly dispatcher: Dispatcher
  protected readonly seen = new Recent()
  protected isClosed = false
  readonly #options: BusOptions
  readonly #deadLetters: DeadLetter[] = []
  #closing: Promise<void> | undefined

  constructor(options: BusOptions) {
    super()
    this.#options = options
    this.clock = options.clock ?? systemClock
    this.random = options.random ?? systemRandom
    const attempt: Attempt = call => this.attempt(call)
    this.dispatcher = new Dispatcher(attempt)
  }

  abstract publish(event: Event): Promise<void>
  protected abstract attempt(call: Call): ReturnType<Attempt>
  /** Resolves when nothing runs any more; given up after 10 s. */
  protected abstract drain(): Promise<unknown>
  /** After that, whether it was given up or not. */
  protected abstract end(): Promise<void>

  subscribe(handler: Handler, ...types: string[]): Subscription {
    this.assertOpen()
    return this.dispatcher.subscribe(handler, types)
  }

  recent(limit?: number, ...types: string[]): Event[] {
    return this.seen.list(limit, types)
  }

  /** Events whose handlers failed for good, the oldest first; empty if the options have a `deadLetter` of their own. */
  deadLetters(): DeadLetter[] {
    return [...this.#deadLetters]
  }

  /** May be repeated. Called by a handler it resolves at once, since it cannot wait for its own caller. */
  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.dispatcher.isInside() ? Promise.resolve() : this.#closing
  }

  async #finish(): Promise<void> {
    this.isClosed = true
    if (!(await within(this.clock, CLOSE_TIMEOUT_MS, this.drain()))) this.dispatcher.abandon()
    await this.end()
  }

  protected assertOpen(): void {
    if (this.isClosed) throw new BusError('bus_closed', 'The bus is closed: open another one.')
  }

  /** Throws `event_invalid` and `bus_closed`. */
  protected accept(event: Event): Event {
    this.assertOpen()
    return immutable(event)
  }

  protected async giveUp(event: Event, error: Error): Promise<void> {
    if (this.#options.deadLetter !== undefined) return void (await this.#options.deadLetter(event, error))
    if (this.#deadLetters.push({ event, error }) > DEAD_LETTERS_KEPT) this.#deadLetters.shift()
    this.report(error, event)
  }

  /** Neither an error nor a listener that throws ends the process. */
  protected report(error: Error, event?: Event): void {
    const about = event === undefined ? '' : ` (event ${event.id}, ${event.type})`
    try {
      if (this.listenerCount('error') > 0) this.emit('error', error, event)
      else process.emitWarning(`${error.message}${about}`, 'BusWarning')
    } catch (thrown) {
      process.emitWarning(`A listener of 'error' threw: ${errorOf(thrown).message}`, 'BusWarning')
    }
  }
}

/** The handler's failure, if it fails. */
export async function callHandler({ handler, event }: Call, delivery: Delivery): Promise<Error | undefined> {
  try {
    await handler(event, delivery)
    return undefined
  } catch (thrown) {
    return errorOf(thrown)
  }
}
