import type { Clock } from '../../../src/clock.ts'

/** A clock that moves by hand. */
export function handClock(): Clock & { advance(ms: number): void; timerSet(): Promise<void> } {
  let nowMs = 0
  let timers: Array<{ dueMs: number; callback: () => void }> = []
  let onTimer: () => void = () => undefined
  return {
    nowMs: () => nowMs,
    machineMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { dueMs: nowMs + delayMs, callback }
      timers.push(timer)
      onTimer()
      return {
        cancel() {
          timers = timers.filter(each => each !== timer)
        },
      }
    },
    sleep: () => Promise.resolve(),
    advance(ms) {
      nowMs += ms
      const due = timers.filter(timer => timer.dueMs <= nowMs)
      timers = timers.filter(timer => timer.dueMs > nowMs)
      for (const timer of due) timer.callback()
    },
    timerSet: () =>
      new Promise(resolve => {
        if (timers.length > 0) resolve()
        else onTimer = resolve
      }),
  }
}
