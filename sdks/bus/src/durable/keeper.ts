/** Keeps a position soon after it was reached: one write after the other, and a failed one is repeated. */
import type { Clock } from '../clock.ts'

const KEEP_EVERY_MS = 500

export class Keeper {
  readonly #clock: Clock
  readonly #keep: () => Promise<void>
  #timer: { cancel(): void } | undefined
  #keeping: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(clock: Clock, keep: () => Promise<void>) {
    this.#clock = clock
    this.#keep = keep
  }

  soon(): void {
    if (this.#isStopped) return
    this.#timer ??= this.#clock.after(KEEP_EVERY_MS, () => {
      this.#timer = undefined
      void this.now()
    })
  }

  /** Never rejects. */
  now(): Promise<void> {
    this.#keeping = this.#keeping.then(this.#keep).catch(() => this.soon())
    return this.#keeping
  }

  /** Keeps the last position, and nothing after that until it is started again. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#timer = undefined
    await this.now()
  }

  start(): void {
    this.#isStopped = false
  }
}
