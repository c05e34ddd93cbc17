/**
 * Work that is written at most once in a while under each key. What comes sooner waits for its turn; of consecutive
 * calls of one group only the newest is done, and all of them get its result.
 */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'

export interface Paced<T> {
  /** Rejects as `work` does, or with `rate_limited` when too many calls wait. */
  run(key: string, group: string, work: () => Promise<T>): Promise<T>
}

interface Turn<T> {
  group: string
  work(): Promise<T>
  waiters: Array<PromiseWithResolvers<T>>
}

/** Turns of one key. */
const TURNS_MAX = 10
/** Calls of the process: each may hold a definition. */
const WAITING_MAX = 500

export function createPaced<T>({ clock, everyMs }: { clock: Clock; everyMs: number }): Paced<T> {
  /** A key is here from its first call until the time after its last one has passed. */
  const lanes = new Map<string, Array<Turn<T>>>()
  let waiting = 0

  async function begin(key: string, work: () => Promise<T>): Promise<T> {
    const startedMs = clock.monotonicMs()
    try {
      return await work()
    } finally {
      clock.after(Math.max(0, everyMs - (clock.monotonicMs() - startedMs)), () => next(key))
    }
  }

  function next(key: string): void {
    const turn = lanes.get(key)?.shift()
    if (turn === undefined) {
      lanes.delete(key)
      return
    }
    waiting -= turn.waiters.length
    begin(key, turn.work).then(
      result => {
        for (const waiter of turn.waiters) waiter.resolve(result)
      },
      error => {
        for (const waiter of turn.waiters) waiter.reject(error)
      },
    )
  }

  function wait(turns: Array<Turn<T>>, group: string, work: () => Promise<T>): Promise<T> {
    const last = turns.at(-1)
    const joins = last?.group === group
    if (waiting >= WAITING_MAX || (!joins && turns.length >= TURNS_MAX)) {
      const retryAfterS = Math.ceil((everyMs * TURNS_MAX) / 1_000)
      return Promise.reject(new ClarionError('rate_limited', 'Too many saves wait for their turn.', { retryAfterS }))
    }
    waiting++
    const waiter = Promise.withResolvers<T>()
    if (joins) {
      last.work = work
      last.waiters.push(waiter)
    } else turns.push({ group, work, waiters: [waiter] })
    return waiter.promise
  }

  return {
    run(key, group, work) {
      const turns = lanes.get(key)
      if (turns !== undefined) return wait(turns, group, work)
      lanes.set(key, [])
      return begin(key, work)
    },
  }
}
