/** Records indexed by other keys than their place in the control topic, and the same with pending changes on top. */
import type { Kind, RecordsByKind } from './records.ts'

export interface Made {
  id: string
  createdAt: string
}

const NONE: readonly never[] = []

export function replace<T extends Made>(all: Map<string, T>, before: T | undefined, after: T | undefined): void {
  if (after !== undefined) all.set(after.id, after)
  else if (before !== undefined) all.delete(before.id)
}

/** Records grouped by key, sorted on the first read after a change. A record whose key is null is in no group. */
export function createGrouping<T extends Made>() {
  const shelves = new Map<string, { byId: Map<string, T>; sorted: readonly T[] | undefined }>()

  function drop(key: string, id: string): void {
    const shelf = shelves.get(key)
    if (shelf === undefined) return
    shelf.byId.delete(id)
    shelf.sorted = undefined
    if (shelf.byId.size === 0) shelves.delete(key)
  }
  function add(key: string, record: T): void {
    const shelf = shelves.get(key) ?? { byId: new Map<string, T>(), sorted: undefined }
    shelf.byId.set(record.id, record)
    shelf.sorted = undefined
    shelves.set(key, shelf)
  }

  return {
    at(key: string): readonly T[] {
      const shelf = shelves.get(key)
      if (shelf === undefined) return NONE
      shelf.sorted ??= [...shelf.byId.values()].sort(oldestFirst)
      return shelf.sorted
    },
    change(before: T | undefined, after: T | undefined, keyOf: (record: T) => string | null): void {
      const old = before === undefined ? null : keyOf(before)
      if (old !== null) drop(old, before!.id)
      const key = after === undefined ? null : keyOf(after)
      if (key !== null) add(key, after!)
    },
  }
}

/** The same order as `byCreation` of the view, which imports this file. */
function oldestFirst(a: Made, b: Made): number {
  const [left, right] = a.createdAt === b.createdAt ? [a.id, b.id] : [a.createdAt, b.createdAt]
  return left < right ? -1 : left > right ? 1 : 0
}

/** A batch's pending changes of a kind; null for a removed record. */
export type Pending = <K extends Kind>(kind: K) => Array<[id: string, record: RecordsByKind[K] | null]>

export function overlaid(pendingOf: Pending) {
  return {
    find<K extends Kind, T extends RecordsByKind[K]>(kind: K, id: string, committed: T | undefined): T | undefined {
      const changed = pendingOf(kind).find(([each]) => each === id)
      return changed === undefined ? committed : ((changed[1] as T | null) ?? undefined)
    },
    list<K extends Kind>(
      kind: K,
      committed: readonly RecordsByKind[K][],
      belongs: (record: RecordsByKind[K]) => boolean,
    ): readonly RecordsByKind[K][] {
      const changed = pendingOf(kind)
      if (changed.length === 0) return committed
      const touched = new Set(changed.map(([id]) => id))
      const added = changed
        .map(([, record]) => record)
        .filter((record): record is RecordsByKind[K] => record !== null && belongs(record))
      return [...committed.filter(({ id }) => !touched.has(id)), ...added].sort(oldestFirst)
    },
  }
}
