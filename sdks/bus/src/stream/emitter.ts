/** Emits over HTTP. Those of one subject go one after the other, which keeps their order. */
import { type Random, sleep } from '../clock.ts'
import { BusError, errorOf } from '../errors.ts'
import type { Event } from '../event.ts'
import { isTransient, type Platform, type Refusal, refusalOf, request } from './platform.ts'

const ATTEMPTS = 3
const ATTEMPT_TIMEOUT_MS = 10_000
const RETRY_AFTER_MAX_S = 30
/** Requests at a time. */
const CONCURRENT_MAX = 32

const never = new AbortController().signal

export class Emitter {
  readonly #platform: Platform
  readonly #random: Random
  /** The last emit of each subject that has one under way. */
  readonly #lasts = new Map<string, Promise<void>>()
  readonly #waiting: Array<() => void> = []
  #running = 0

  constructor(platform: Platform, random: Random) {
    this.#platform = platform
    this.#random = random
  }

  /** Resolves with the verdict that the event is accepted. Repeating it changes nothing: its id is the idempotency key. */
  emit(event: Event): Promise<void> {
    const { subject } = event
    if (subject === null) return this.#inTurn(event)
    const before = this.#lasts.get(subject) ?? Promise.resolve()
    const emitting = before.catch(() => undefined).then(() => this.#inTurn(event))
    this.#lasts.set(subject, emitting)
    const forget = () => {
      if (this.#lasts.get(subject) === emitting) this.#lasts.delete(subject)
    }
    emitting.then(forget, forget)
    return emitting
  }

  async #inTurn(event: Event): Promise<void> {
    if (this.#running >= CONCURRENT_MAX) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      await this.#repeat(event)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  async #repeat(event: Event): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const problem = await this.#attempt(event).catch((thrown: unknown) => errorOf(thrown))
      if (problem === undefined) return
      if (!(problem instanceof Error) && !isTransient(problem)) throw refused(problem)
      const retryAfterS = problem instanceof Error ? 0 : (problem.retryAfterS ?? 0)
      if (attempt === ATTEMPTS || retryAfterS > RETRY_AFTER_MAX_S) throw unavailable(problem)
      const pauseMs = 100 * 2 ** (attempt - 1) * (1 + this.#random.uniform())
      await sleep(this.#platform.clock, Math.max(pauseMs, retryAfterS * 1_000), never)
    }
  }

  async #attempt({ type, payload, subject, time, correlationId, id }: Event): Promise<Refusal | undefined> {
    const optional = { ...(subject === null ? {} : { subject }), ...(correlationId === null ? {} : { correlationId }) }
    const controller = new AbortController()
    const timer = this.#platform.clock.after(ATTEMPT_TIMEOUT_MS, () => controller.abort(new Error('no answer in time')))
    try {
      const response = await request(this.#platform, '/events/custom/emit', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ name: type, payload, time, idempotencyKey: id, ...optional }),
        signal: controller.signal,
      })
      if (!response.ok) return await refusalOf(response)
      await response.arrayBuffer()
      return undefined
    } finally {
      timer.cancel()
    }
  }
}

const refused = ({ code, message }: Refusal): BusError =>
  new BusError('event_refused', `The platform refuses the event (${code}): ${message}`, { reason: code })

function unavailable(problem: Refusal | Error): BusError {
  const reason = problem instanceof Error ? undefined : problem.code
  const message = `The platform does not answer (${problem.message}): the event may be published. Publish it again, with the same id.`
  return new BusError('bus_unavailable', message, { ...(reason === undefined ? {} : { reason }), cause: problem })
}
