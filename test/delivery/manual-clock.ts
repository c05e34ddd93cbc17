import type { Clock } from '../../src/clock.ts'

/** A clock that a test moves by hand. */
export function createManualClock(
  startMs = 1_790_000_000_000,
): Clock & { advance(ms: number): void; pending(): number } {
  let elapsedMs = 0
  const timers = new Set<{ dueMs: number; callback: () => void }>()
  const after: Clock['after'] = (delayMs, callback) => {
    const timer = { dueMs: elapsedMs + delayMs, callback }
    timers.add(timer)
    return { cancel: () => void timers.delete(timer) }
  }
  return {
    nowMs: () => startMs + elapsedMs,
    machineMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after,
    sleep: delayMs => new Promise(resolve => void after(delayMs, resolve)),
    pending: () => timers.size,
    advance(ms) {
      elapsedMs += ms
      const due = [...timers].filter(timer => timer.dueMs <= elapsedMs).sort((a, b) => a.dueMs - b.dueMs)
      for (const timer of due) if (timers.delete(timer)) timer.callback()
    },
  }
}
