/** Transitions by time: one timer for each record that has one, restored with it. */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { Entry } from '../../../src/domain/kinds.ts'
import type { Owned } from './books-of-shard.ts'

/** A timer takes no more than 24 days. */
const TIMER_MS_MAX = 86_400_000

export interface Due {
  /** After every change of an entry. */
  follow(owned: Owned, entry: Entry): void
  forget(entry: Entry): void
  close(): void
}

/** `fire`: the entry as it is now, whose time has come. */
export function createDue({ clock, fire }: { clock: Clock; fire(owned: Owned, entry: Entry): void }): Due {
  const timers = new Map<string, Timer>()

  function arm(owned: Owned, { id, kind, dueAtMs }: Entry): void {
    if (dueAtMs === null) return
    const waitMs = Math.min(Math.max(1, dueAtMs - clock.nowMs()), TIMER_MS_MAX)
    const timer = clock.after(waitMs, () => {
      timers.delete(id)
      const entry = owned.books.find(kind, id)
      if (entry === undefined || entry.dueAtMs === null) return
      if (entry.dueAtMs > clock.nowMs()) arm(owned, entry)
      else fire(owned, entry)
    })
    timers.set(id, timer)
  }

  function forget({ id }: Entry): void {
    timers.get(id)?.cancel()
    timers.delete(id)
  }

  return {
    follow(owned, entry) {
      forget(entry)
      arm(owned, entry)
    },
    forget,
    close() {
      for (const timer of timers.values()) timer.cancel()
      timers.clear()
    },
  }
}
