/**
 * A map backed by a compacted topic. It tracks what has changed since the last seal, and the former value of each
 * changed entry, so that uncommitted transactions can be undone.
 */

export interface ChangelogTable<T> {
  get(key: string): T | undefined
  keys(): IterableIterator<string>
  /** The entry, to be changed in place. */
  change(key: string): T | undefined
  set(key: string, value: T): T
  /** Returns whether the entry existed. */
  delete(key: string): boolean
  /** An entry as stored in the topic; undefined for a tombstone. */
  load(key: string, value: T | undefined): void
  /** The entries that have changed since the last seal; undefined: removed. */
  seal(): Array<[key: string, value: T | undefined]>
  /** The sealed changes have committed. */
  committed(): void
  /** Resets every entry to its value at the last commit. */
  rollback(): void
}

/** @param copy returns a value that is independent of the original. */
export function createChangelogTable<T>(copy: (value: T) => T): ChangelogTable<T> {
  const entries = new Map<string, T>()
  /** Former values of changed entries: since the last seal, and between that one and the seal before. */
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
