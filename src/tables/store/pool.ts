/**
 * Connections of organizations. A session is its organization's own login, so a connection serves one login only: each
 * has a few, kept for a while, and all share a bound. Who waits, waits in turns over logins.
 */
import type { Clock, Timer } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Session } from './session.ts'

export interface PoolLimits {
  sessionsMax: number
  sessionsOfLoginMax: number
  idleMs: number
  waitMs: number
}

export interface Pool {
  /** Throws `tables_unavailable` when no connection was free in time. Rejects with `NotReached` when none can be opened. */
  use<T>(login: string, work: (session: Session) => Promise<T>): Promise<T>
  readonly waiting: number
  readonly open: number
  close(): Promise<void>
}

/** The server could not be reached: nothing was sent. */
export class NotReached extends Error {}

interface Idle {
  session: Session
  timer: Timer
}

interface Turn {
  grant(): void
}

export function createPool(deps: { open(login: string): Promise<Session>; clock: Clock; limits: PoolLimits }): Pool {
  const { clock, limits } = deps
  const idle = new Map<string, Idle[]>()
  const used = new Map<string, number>()
  const waiting = new Map<string, Turn[]>()
  let open = 0
  let closed = false

  const countOf = (login: string): number => (used.get(login) ?? 0) + (idle.get(login)?.length ?? 0)
  const mayHave = (login: string): boolean => (used.get(login) ?? 0) < limits.sessionsOfLoginMax

  async function acquire(login: string): Promise<Session> {
    for (;;) {
      const kept = takeIdle(login)
      if (kept?.isOpen) return kept
      if (kept === undefined) break
      open--
    }
    if (open >= limits.sessionsMax) closeOldestIdle()
    open++
    used.set(login, (used.get(login) ?? 0) + 1)
    try {
      return await deps.open(login)
    } catch (error) {
      open--
      leave(login)
      throw error
    }
  }

  function takeIdle(login: string): Session | undefined {
    const entry = idle.get(login)?.pop()
    if (entry === undefined) return undefined
    entry.timer.cancel()
    if (entry.session.isOpen) used.set(login, (used.get(login) ?? 0) + 1)
    if (idle.get(login)?.length === 0) idle.delete(login)
    return entry.session
  }

  function closeOldestIdle(): void {
    const first = idle.entries().next().value
    if (first === undefined) return
    const [login, entries] = first
    const entry = entries.shift()!
    if (entries.length === 0) idle.delete(login)
    entry.timer.cancel()
    open--
    void entry.session.close()
  }

  function leave(login: string): void {
    const left = (used.get(login) ?? 1) - 1
    if (left > 0) used.set(login, left)
    else used.delete(login)
  }

  function release(login: string, session: Session): void {
    leave(login)
    if (closed || !session.isOpen) {
      open--
      void session.close()
    } else keep(login, session)
    wakeNext()
  }

  function keep(login: string, session: Session): void {
    const entries = idle.get(login) ?? []
    const timer = clock.after(limits.idleMs, () => {
      const at = entries.findIndex(each => each.session === session)
      if (at < 0) return
      entries.splice(at, 1)
      if (entries.length === 0) idle.delete(login)
      open--
      void session.close()
    })
    entries.push({ session, timer })
    idle.set(login, entries)
  }

  const hasRoom = (): boolean => open < limits.sessionsMax || idle.size > 0

  /** The login that has waited longest for its turn; then it goes to the end. */
  function wakeNext(): void {
    for (const [login, turns] of waiting) {
      if (!mayHave(login) || !(hasRoom() || countOf(login) > (used.get(login) ?? 0))) continue
      waiting.delete(login)
      const turn = turns.shift()!
      if (turns.length > 0) waiting.set(login, turns)
      turn.grant()
      return
    }
  }

  async function waitForTurn(login: string): Promise<void> {
    const granted = Promise.withResolvers<void>()
    const turn: Turn = { grant: granted.resolve }
    const turns = waiting.get(login) ?? []
    turns.push(turn)
    waiting.set(login, turns)
    const timer = clock.after(limits.waitMs, () => {
      const at = turns.indexOf(turn)
      if (at < 0) return
      turns.splice(at, 1)
      if (turns.length === 0 && waiting.get(login) === turns) waiting.delete(login)
      granted.reject(
        new ClarionError('tables_unavailable', 'The tables are busy: repeat the call in a moment.', { retryAfterS: 1 }),
      )
    })
    await granted.promise.finally(() => timer.cancel())
  }

  return {
    async use(login, work) {
      while (!mayHave(login) || !hasRoom()) await waitForTurn(login)
      const session = await acquire(login)
      try {
        return await work(session)
      } finally {
        release(login, session)
      }
    },
    get waiting() {
      return [...waiting.values()].reduce((sum, turns) => sum + turns.length, 0)
    },
    get open() {
      return open
    },
    async close() {
      closed = true
      const all = [...idle.values()].flat()
      idle.clear()
      for (const { timer } of all) timer.cancel()
      await Promise.all(all.map(({ session }) => session.close()))
    },
  }
}
