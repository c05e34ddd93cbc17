/** The entries of one kind in a changelog: kept by id, and stored with the transaction that changed them. */
import type { OutRecord } from '../../kafka/ports.ts'

export interface ChangelogTable<T> {
  get(id: string): T | undefined
  ids(): string[]
  values(): Iterable<T>
  /** As restored; undefined: removed. Nothing needs to be stored again. */
  restore(id: string, value: T | undefined): void
  set(id: string, value: T): void
  /**
   * It has changed. A removed entry is not changed any more: deliveries under way may end after the work that began
   * them.
   */
  touch(id: string): void
  end(id: string): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
}

/** `onChange`: there is something to commit. */
export function createChangelogTable<T>(deps: {
  topic: string
  keyOf(id: string): string
  encode(value: T): Buffer
  onChange(): void
}): ChangelogTable<T> {
  const entries = new Map<string, T>()
  /** Dirty ids to write at the next seal; removed ones become tombstones. */
  const changed = new Set<string>()

  function note(id: string): void {
    changed.add(id)
    deps.onChange()
  }

  return {
    get: id => entries.get(id),
    ids: () => [...entries.keys()],
    values: () => entries.values(),
    restore(id, value) {
      if (value === undefined) entries.delete(id)
      else entries.set(id, value)
    },
    set(id, value) {
      entries.set(id, value)
      note(id)
    },
    touch(id) {
      if (entries.has(id)) note(id)
    },
    end(id) {
      if (entries.delete(id)) note(id)
    },
    seal(partition) {
      const records = [...changed].map(id => {
        const value = entries.get(id)
        return {
          topic: deps.topic,
          partition,
          key: deps.keyOf(id),
          value: value === undefined ? null : deps.encode(value),
        }
      })
      changed.clear()
      return records
    },
  }
}
