/**
 * A map whose entries are in a compacted topic: it knows what has changed since the last seal, and what each changed entry was before, so that
 * the transactions that have not committed can be undone.
 */

export interface ChangelogTable<T> {
  get(key: string): T | undefined
  keys(): IterableIterator<string>
  /** The entry, to be changed in place. */
  change(key: string): T | undefined
  set(key: string, value: T): T
  /** Answers whether it was there. */
  delete(key: string): boolean
  /** An entry as the topic has it; undefined for a tombstone. */
  load(key: string, value: T | undefined): void
  /** What has changed since the last seal, as it is now; undefined: it is gone. */
  seal(): Array<[key: string, value: T | undefined]>
  /** What was sealed last has committed. */
  committed(): void
  /** Every entry as it was at the last commit. */
  rollback(): void
}

/** @param copy of a value, such that changing one leaves the other as it is. */
export function createChangelogTable<T>(copy: (value: T) => T): ChangelogTable<T> {
  const entries = new Map<string, T>()
  /** What changed entries were before: since the last seal, and between the one before and it. */
  let before = new Map<string, T | undefined>()
  let sealedBefore = new Map<string, T | undefined>()

  function note(key: string): void {
    if (before.has(key)) return
    const value = entries.get(key)
    before.set(key, value === undefined ? undefined : copy(value))
  }

  function restore(of: Map<string, T | undefined>): void {
    for (const [key, value] of of) load(key, value)
  }

  function load(key: string, value: T | undefined): void {
    if (value === undefined) entries.delete(key)
    else entries.set(key, value)
  }

  return {
    get: key => entries.get(key),
    keys: () => entries.keys(),
    change(key) {
      note(key)
      return entries.get(key)
    },
    set(key, value) {
      note(key)
      entries.set(key, value)
      return value
    },
    delete(key) {
      if (!entries.has(key)) return false
      note(key)
      return entries.delete(key)
    },
    load,
    seal() {
      const changed = Array.from(before.keys(), (key): [string, T | undefined] => [key, entries.get(key)])
      sealedBefore = before
      before = new Map()
      return changed
    },
    committed() {
      sealedBefore = new Map()
    },
    rollback() {
      restore(before)
      restore(sealedBefore)
      before = new Map()
      sealedBefore = new Map()
    },
  }
}
