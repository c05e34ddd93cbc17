/** The system's clock, but for delays that a case has hurried or holds. */
import { type Clock, systemClock } from '../clock.ts'

export class ContractClock implements Clock {
  /** Hurried delays, in the order in which they were waited for. */
  readonly waited: number[] = []
  readonly #held = new Set<{ delayMs: number; callback: () => void }>()
  #hurriedMs: readonly number[] = []
  #heldMs: readonly number[] = []
  #onHeld: () => void = () => undefined

  nowMs(): number {
    return systemClock.nowMs()
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    if (this.#heldMs.includes(delayMs)) return this.#hold({ delayMs, callback })
    if (!this.#hurriedMs.includes(delayMs)) return systemClock.after(delayMs, callback)
    this.waited.push(delayMs)
    return systemClock.after(0, callback)
  }

  /** From now on these delays pass at once. */
  hurry(...delaysMs: number[]): void {
    this.#hurriedMs = delaysMs
  }

  /** From now on these delays pass when they are fired. */
  hold(...delaysMs: number[]): void {
    this.#heldMs = delaysMs
  }

  /** Waits until something waits for a held delay. */
  async untilHeld(): Promise<void> {
    if (this.#held.size > 0) return
    await new Promise<void>(resolve => {
      this.#onHeld = resolve
    })
  }

  fire(): void {
    for (const timer of this.#held) {
      this.#held.delete(timer)
      timer.callback()
    }
  }

  #hold(timer: { delayMs: number; callback: () => void }): { cancel(): void } {
    this.#held.add(timer)
    this.#onHeld()
    return { cancel: () => void this.#held.delete(timer) }
  }
}
