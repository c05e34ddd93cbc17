/** The waits of one way: for a change, or for a time that ends early when nothing more is to be read. */
import type { Clock } from '../../clock.ts'

export interface Waiting {
  /** Something has changed. */
  wake(): void
  /** Resolves at the next change. */
  changed(): Promise<void>
  sleep(ms: number): Promise<void>
  /** Whether it waits for a change. */
  isWaiting(): boolean
}

export function createWaiting(clock: Pick<Clock, 'after'>, mayRead: () => boolean): Waiting {
  const waiters = new Set<() => void>()
  let isWaiting = false
  return {
    wake() {
      for (const waiter of [...waiters]) waiter()
    },
    async changed() {
      isWaiting = true
      await new Promise<void>(resolve => {
        const waiter = () => {
          waiters.delete(waiter)
          resolve()
        }
        waiters.add(waiter)
      })
      isWaiting = false
    },
    sleep: ms =>
      new Promise<void>(resolve => {
        const end = () => {
          waiters.delete(early)
          resolve()
        }
        const timer = clock.after(ms, end)
        const early = () => {
          if (mayRead()) return
          timer.cancel()
          end()
        }
        waiters.add(early)
      }),
    isWaiting: () => isWaiting,
  }
}
