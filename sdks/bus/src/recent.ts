/** The last events that a bus has seen. */
import type { Event } from './event.ts'

const KEPT = 1_000
const DEFAULT_LIMIT = 50

export class Recent {
  readonly #ring: Event[] = []
  #next = 0

  add(event: Event): void {
    this.#ring[this.#next] = event
    this.#next = (this.#next + 1) % KEPT
  }

  /** The newest first. */
  list(limit = DEFAULT_LIMIT, types: readonly string[] = []): Event[] {
    const newestFirst = [...this.#ring.slice(0, this.#next).reverse(), ...this.#ring.slice(this.#next).reverse()]
    const matching = types.length === 0 ? newestFirst : newestFirst.filter(({ type }) => types.includes(type))
    return matching.slice(0, Math.max(0, Math.trunc(limit) || 0))
  }
}
