/** The day on which each key was last used, written at most once a day and key, behind the calls that use it. */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import type { Ids } from '../../model/ids.ts'
import type { ControlStore } from '../store/store.ts'

export interface KeyUses {
  /** Called with every use of a key; returns at once. A use that cannot be written is written with a later one. */
  mark(key: ApiKey): void
}

const DAY_MS = 86_400_000
/** After a failure: the control topic cannot be written, and each call would try again. */
const QUIET_MS = 60_000
/** Keys written together; further ones wait for the next call of theirs. */
const WAITING_MAX = 1_000

export function createKeyUses(deps: { store: ControlStore; ids: Ids; clock: Clock; logger?: Logger }): KeyUses {
  const { store, ids, clock } = deps
  const waiting = new Map<string, ApiKey>()
  let isWriting = false
  let quietUntilMs = 0
  let today = { day: -1, text: '' }

  function dayOf(nowMs: number): string {
    const day = Math.floor(nowMs / DAY_MS)
    if (today.day !== day) today = { day, text: new Date(day * DAY_MS).toISOString() }
    return today.text
  }

  /** A key that was deleted meanwhile is not written again. */
  async function write(): Promise<void> {
    isWriting = true
    try {
      while (waiting.size > 0) {
        const marked = [...waiting.values()]
        waiting.clear()
        const lastUsedAt = dayOf(clock.nowMs())
        await store.change(ids.next('chg'), current => {
          const keys = marked.flatMap(({ organizationId, id }) => current.find('key', organizationId, id) ?? [])
          const due = keys.filter(key => (key.lastUsedAt ?? '') < lastUsedAt)
          return {
            records: due.map(key => ({ kind: 'key' as const, record: { ...key, lastUsedAt } })),
            ...{ changes: [], result: undefined },
          }
        })
      }
    } catch (error) {
      quietUntilMs = clock.monotonicMs() + QUIET_MS
      deps.logger?.debug({ error: String(error) }, 'uses of keys could not be written')
    } finally {
      isWriting = false
    }
  }

  return {
    mark(key) {
      if ((key.lastUsedAt ?? '') >= dayOf(clock.nowMs())) return
      if (waiting.size >= WAITING_MAX || clock.monotonicMs() < quietUntilMs) return
      waiting.set(key.id, key)
      if (!isWriting) void write()
    },
  }
}
