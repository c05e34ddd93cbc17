/** First in, first out, in constant time: an array with a moving head, cut when half of it is behind the head. */
export interface Fifo<T> {
  readonly length: number
  push(item: T): void
  shift(): T | undefined
  /** Removes the items for which `keep` is false. */
  retain(keep: (item: T) => boolean): void
}

const CUT_AT_LEAST = 32

export function createFifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = []
  let head = 0
  return {
    get length() {
      return items.length - head
    },
    push(item) {
      items.push(item)
    },
    shift() {
      if (head === items.length) return undefined
      const item = items[head]
      items[head++] = undefined
      if (head >= CUT_AT_LEAST && head * 2 >= items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    retain(keep) {
      items = items.slice(head).filter(item => keep(item as T))
      head = 0
    },
  }
}
