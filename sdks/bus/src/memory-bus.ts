/** The bus inside one process: what is published is handled when `publish` resolves, and gone when the process ends. */
import { BusBase, type BusOptions, callHandler } from './bus-base.ts'
import type { Call, Outcome } from './dispatcher.ts'
import { BusError, HandlersFailed } from './errors.ts'
import type { Event } from './event.ts'

/** A publisher that does not wait would fill the memory. */
const UNFINISHED_MAX = 10_000

export class InMemoryBus extends BusBase {
  #unfinished = 0

  constructor(options: BusOptions = {}) {
    super(options)
  }

  /**
   * Resolves when all handlers have run; rejects with `HandlersFailed` if some of them failed. Inside a handler it resolves once the event is queued,
   * since the handler may be in front of it; failures are dead letters then.
   */
  async publish(event: Event): Promise<void> {
    const accepted = this.accept(event)
    if (this.#unfinished >= UNFINISHED_MAX)
      throw new BusError('bus_full', `${UNFINISHED_MAX} events are unfinished: publish again when some are done.`)
    this.#unfinished++
    this.seen.add(accepted)
    const isInside = this.dispatcher.isInside()
    const failed = this.#handle(accepted)
    if (isInside) return void failed.then(errors => this.#keep(accepted, errors))
    const errors = await failed
    if (errors.length > 0) throw new HandlersFailed(errors)
  }

  async #handle(event: Event): Promise<Error[]> {
    const outcomes = await this.dispatcher.dispatch(event, event.subject === null ? '' : `=${event.subject}`)
    this.#unfinished--
    return outcomes.filter(outcome => outcome !== 'done').map(errorOfOutcome)
  }

  async #keep(event: Event, errors: readonly Error[]): Promise<void> {
    for (const error of errors) await this.giveUp(event, error).catch(thrown => this.report(thrown, event))
  }

  protected async attempt(call: Call): Promise<Outcome> {
    return (await callHandler(call, { attempt: 1, signal: call.signal })) ?? 'done'
  }

  /** What was accepted is handled. */
  protected drain(): Promise<void> {
    return this.dispatcher.idle()
  }

  protected end(): Promise<void> {
    this.dispatcher.drop()
    return Promise.resolve()
  }
}

const errorOfOutcome = (outcome: Error | 'abandoned'): Error =>
  outcome === 'abandoned' ? new BusError('bus_closed', 'The bus was closed before the handler was done.') : outcome
