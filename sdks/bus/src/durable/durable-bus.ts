/** A bus over a broker: publishing ends with the broker, and a handler that fails is called again. */
import type { Handler, Subscription } from '../bus.ts'
import { BusBase, type BusOptions, callHandler } from '../bus-base.ts'
import { sleep, within } from '../clock.ts'
import type { Call, Outcome } from '../dispatcher.ts'
import { BusError, errorOf } from '../errors.ts'
import type { Event } from '../event.ts'
import { pauseMs } from './backoff.ts'
import { Gate } from './gate.ts'
import type { Reader, Session, Transport } from './transport.ts'

/** Pauses before a handler is called again; after the last one the event is a dead letter. */
const RETRIES_MS = [100, 1_000, 10_000]
const PUBLISHING_MAX = 10_000
/** So long a publisher waits for the reader whose subscriptions came before. */
const READY_TIMEOUT_MS = 30_000
/** A session of this length counts as successful. */
const STEADY_MS = 30_000
/** For leaving the broker, which takes long only when it is away. */
const LEAVE_TIMEOUT_MS = 2_000

export class DurableBus extends BusBase {
  readonly #transport: Transport
  readonly #closing = new AbortController()
  readonly #gate = new Gate()
  readonly #sending = new Set<Promise<void>>()
  #session: Session | undefined
  /** Resolves when the first session is open. */
  #opened: Promise<void> | undefined
  #reading: Promise<void> | undefined

  constructor(transport: Transport, options: BusOptions = {}) {
    super(options)
    this.#transport = transport
  }

  /**
   * Resolves when the broker has the event, before any handler. What is published after `subscribe` is seen by the subscription: the publisher waits
   * until the first one reads.
   */
  async publish(event: Event): Promise<void> {
    const accepted = this.accept(event)
    if (this.#sending.size >= PUBLISHING_MAX)
      throw new BusError('bus_full', `${PUBLISHING_MAX} events are being published: publish again when some are done.`)
    const sending = this.#send(accepted)
    this.#sending.add(sending)
    await sending.finally(() => this.#sending.delete(sending))
  }

  #send(event: Event): Promise<void> {
    const late = () =>
      new BusError('bus_unavailable', 'The broker does not answer: nothing was published. Publish the event again.')
    return this.#gate.pass(() => this.#transport.send(event), { clock: this.clock, timeoutMs: READY_TIMEOUT_MS, late })
  }

  /** Reading begins with the first subscription. Later ones see what is read from then on. */
  override subscribe(handler: Handler, ...types: string[]): Subscription {
    const subscription = super.subscribe(handler, ...types)
    this.#opened ??= this.#begin()
    return subscription
  }

  /** Resolves when everything that is published from now on is seen, or when reading is refused for good. At once without a subscription. */
  ready(): Promise<void> {
    return this.#opened ?? Promise.resolve()
  }

  #begin(): Promise<void> {
    this.#gate.shut()
    return new Promise(resolve => {
      const opened = () => {
        this.#gate.open()
        resolve()
      }
      // In a later turn, so that all subscriptions of the start are there before the first event.
      this.#reading = Promise.resolve().then(() => this.#read(opened))
    })
  }

  /** One session after the other. */
  async #read(opened: () => void): Promise<void> {
    const closing = this.#closing.signal
    const report = (error: Error) => this.report(error)
    const take = (event: Event, lane: string) => this.#take(event, lane)
    for (let failures = 0; !closing.aborted; ) {
      const sinceMs = this.clock.nowMs()
      const error = await this.#readOnce({ take, closing, report }, opened)
      if (closing.aborted) break
      await this.#leave()
      if (error !== undefined) this.report(error)
      if (error instanceof BusError && error.code === 'reading_refused') break
      if (error === undefined || this.clock.nowMs() - sinceMs > STEADY_MS) failures = 0
      await sleep(this.clock, pauseMs(++failures, this.random), closing)
    }
    opened()
  }

  /** Why the session ended, or was not opened. */
  async #readOnce(reader: Reader, opened: () => void): Promise<Error | undefined> {
    try {
      this.#session = await this.#transport.open(reader)
      opened()
      return await Promise.race([this.#session.ended, aborted(reader.closing)])
    } catch (thrown) {
      return errorOf(thrown)
    }
  }

  async #leave(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    if (session !== undefined) await within(this.clock, LEAVE_TIMEOUT_MS, session.close())
  }

  async #take(event: Event, lane: string): Promise<boolean> {
    this.seen.add(event)
    const outcomes = await this.dispatcher.dispatch(event, lane)
    return outcomes.every(outcome => outcome === 'done')
  }

  protected async attempt(call: Call): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      const error = await callHandler(call, { attempt, signal: call.signal })
      if (error === undefined) return 'done'
      const retryInMs = RETRIES_MS[attempt - 1]
      const isRepeated =
        retryInMs !== undefined && (await sleep(this.clock, retryInMs, this.#closing.signal, call.unsubscribed))
      if (this.#closing.signal.aborted) return 'abandoned'
      if (!isRepeated) return this.#giveUp(call.event, error)
    }
  }

  /** The event is finished only when somebody has its dead letter. */
  async #giveUp(event: Event, error: Error): Promise<Outcome> {
    for (let failures = 1; ; failures++) {
      try {
        await this.giveUp(event, error)
        return 'done'
      } catch (thrown) {
        this.report(new Error(`deadLetter failed: ${errorOf(thrown).message}`, { cause: thrown }), event)
        if (!(await sleep(this.clock, pauseMs(failures, this.random), this.#closing.signal))) return 'abandoned'
      }
    }
  }

  /** Running handlers and what is being sent are waited for; events that wait for a handler come again. */
  protected async drain(): Promise<void> {
    this.#closing.abort()
    this.#gate.refuse(new BusError('bus_closed', 'The bus is closed: the event was not published.'))
    this.dispatcher.drop()
    await Promise.allSettled([this.dispatcher.idle(), ...this.#sending])
  }

  protected async end(): Promise<void> {
    await within(this.clock, LEAVE_TIMEOUT_MS, this.#reading ?? Promise.resolve())
    await this.#leave()
    await within(this.clock, LEAVE_TIMEOUT_MS, this.#transport.close())
  }
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise(resolve => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
