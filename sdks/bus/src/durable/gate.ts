/** Holds work back until it is opened, in the order in which it came, each piece for a limited time. */
import type { Clock } from '../clock.ts'

interface Waiting {
  pass(): void
  refuse(error: Error): void
}

export class Gate {
  readonly #waiting = new Set<Waiting>()
  #isOpen = true

  shut(): void {
    this.#isOpen = false
  }

  /** Work that waits begins before this returns, so that nothing overtakes it. */
  open(): void {
    this.#isOpen = true
    for (const waiting of this.#take()) waiting.pass()
  }

  refuse(error: Error): void {
    for (const waiting of this.#take()) waiting.refuse(error)
  }

  pass<T>(work: () => Promise<T>, wait: { clock: Clock; timeoutMs: number; late(): Error }): Promise<T> {
    if (this.#isOpen) return work()
    return new Promise((resolve, reject) => {
      const leave = (settle: () => void) => {
        timer.cancel()
        this.#waiting.delete(waiting)
        settle()
      }
      const waiting: Waiting = {
        pass: () => leave(() => resolve(work())),
        refuse: error => leave(() => reject(error)),
      }
      const timer = wait.clock.after(wait.timeoutMs, () => waiting.refuse(wait.late()))
      this.#waiting.add(waiting)
    })
  }

  #take(): Waiting[] {
    return [...this.#waiting]
  }
}
