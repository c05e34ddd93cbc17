/**
 * Answers under idempotency keys, of one environment of an organization: those of the last 24 hours, at most 10,000, and
 * not more than 8 MB.
 */
import type { DomainKey } from '../../../topics/domain-state.ts'

export type HeldAnswer = Omit<DomainKey, 'organizationId' | 'environment'>

export interface Keys {
  restore(hash: string, held: HeldAnswer): void
  settle(): void
  find(hash: string, nowMs: number): HeldAnswer | undefined
  hold(hash: string, held: HeldAnswer): void
  clear(): void
}

const KEPT_MS = 86_400_000
const KEPT_MAX = 10_000
const CHARACTERS_MAX = 8 * 1024 * 1024

export function createKeys({ changed }: { changed(hash: string, held: HeldAnswer | null): void }): Keys {
  /** Oldest first. */
  let held = new Map<string, HeldAnswer>()

  let characters = 0

  function remove(hash: string): void {
    characters -= held.get(hash)?.answer.length ?? 0
    held.delete(hash)
  }

  function drop(hash: string): void {
    remove(hash)
    changed(hash, null)
  }

  return {
    restore: (hash, answer) => void held.set(hash, answer),
    settle() {
      held = new Map([...held].sort(([, a], [, b]) => a.atMs - b.atMs))
      characters = [...held.values()].reduce((sum, { answer }) => sum + answer.length, 0)
    },
    find(hash, nowMs) {
      const found = held.get(hash)
      return found !== undefined && found.atMs > nowMs - KEPT_MS ? found : undefined
    },
    hold(hash, answer) {
      remove(hash)
      held.set(hash, answer)
      characters += answer.answer.length
      changed(hash, answer)
      for (const [oldest, { atMs }] of held) {
        if (held.size <= KEPT_MAX && characters <= CHARACTERS_MAX && atMs > answer.atMs - KEPT_MS) break
        drop(oldest)
      }
    },
    clear() {
      for (const hash of [...held.keys()]) drop(hash)
    },
  }
}
