/** The system's clock, but for delays that a case holds: those pass when they are fired. */
import { type Clock, systemClock } from '../clock.ts'

const HELD_WITHIN_MS = 20_000

interface HeldTimer {
  delayMs: number
  callback: () => void
}

export class ContractClock implements Clock {
  readonly #held = new Set<HeldTimer>()
  #heldMs: readonly number[] = []
  #onHeld: () => void = () => undefined

  nowMs(): number {
    return systemClock.nowMs()
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    if (!this.#heldMs.includes(delayMs)) return systemClock.after(delayMs, callback)
    const timer = { delayMs, callback }
    this.#held.add(timer)
    this.#onHeld()
    return { cancel: () => void this.#held.delete(timer) }
  }

  /** From now on these delays pass when they are fired, and no others. */
  hold(...delaysMs: number[]): void {
    this.#heldMs = delaysMs
  }

  /** Delays that something waits for now. */
  held(): number[] {
    return [...this.#held].map(({ delayMs }) => delayMs)
  }

  /** Waits until something waits for the delay; rejects after 20 s. */
  async untilHeld(delayMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const late = new Error(`nothing waited for ${delayMs} ms; held are ${this.held().join(', ') || 'no delays'}`)
      const timer = setTimeout(() => reject(late), HELD_WITHIN_MS)
      const look = () => {
        if (!this.held().includes(delayMs)) return
        clearTimeout(timer)
        this.#onHeld = () => undefined
        resolve()
      }
      this.#onHeld = look
      look()
    })
  }

  /** Lets these delays pass; all of them if none is given. */
  fire(...delaysMs: number[]): void {
    for (const timer of [...this.#held]) {
      if (delaysMs.length > 0 && !delaysMs.includes(timer.delayMs)) continue
      this.#held.delete(timer)
      timer.callback()
    }
  }
}
