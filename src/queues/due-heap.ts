/** Messages by the time at which something happens to them. An entry that is outdated is passed over when it comes up. */
import type { Message } from './message.ts'

export interface DueHeap {
  push(message: Message): void
  /** Removes and returns what is due; a message whose time has changed since it was pushed is not returned. */
  popDue(nowMs: number): Message[]
  /** The time of the next entry, outdated ones included. */
  nextMs(): number | undefined
}

interface Item {
  atMs: number
  message: Message
}

/** Below it, outdated entries are not worth a sweep. */
const SWEPT_FROM = 1_024

/** `live`: how many messages there are. Entries of messages that were settled long before their time are swept. */
export function createDueHeap(isCurrent: (message: Message) => boolean, live: () => number): DueHeap {
  let items: Item[] = []

  function sweep(): void {
    const kept = items.filter(({ atMs, message }) => message.dueAtMs === atMs && isCurrent(message))
    // In ascending order it is a heap.
    items = kept.sort((a, b) => a.atMs - b.atMs)
  }

  function rise(at: number): void {
    const item = items[at]!
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (items[parent]!.atMs <= item.atMs) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  function sink(): void {
    const item = items[0]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && items[child + 1]!.atMs < items[child]!.atMs) child++
      if (items[child]!.atMs >= item.atMs) break
      items[at] = items[child]!
      at = child
    }
    items[at] = item
  }

  function pop(): Item {
    const first = items[0]!
    const last = items.pop()!
    if (items.length > 0) {
      items[0] = last
      sink()
    }
    return first
  }

  return {
    push(message) {
      if (items.length > SWEPT_FROM + 2 * live()) sweep()
      items.push({ atMs: message.dueAtMs, message })
      rise(items.length - 1)
    },
    popDue(nowMs) {
      const due: Message[] = []
      while (items.length > 0 && items[0]!.atMs <= nowMs) {
        const { atMs, message } = pop()
        if (message.dueAtMs === atMs && isCurrent(message)) due.push(message)
      }
      return due
    },
    nextMs: () => items[0]?.atMs,
  }
}
