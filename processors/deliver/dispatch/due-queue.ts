/** Deliveries that are due soon, the earliest first: a binary heap with one timer. */
import type { Clock, Timer } from '../../../src/clock.ts'

export interface DueQueue<T> {
  /** False when it is full, unless it `mustWait`. */
  add(item: T, dueAtMs: number, mustWait?: boolean): boolean
  close(): void
}

interface Entry<T> {
  dueAtMs: number
  item: T
}

export function createDueQueue<T>(deps: { clock: Clock; sizeMax: number; onDue(item: T): void }): DueQueue<T> {
  const { clock } = deps
  const heap: Entry<T>[] = []
  let timer: Timer | undefined
  let timerAtMs = Number.POSITIVE_INFINITY

  function arm(): void {
    const first = heap[0]
    if (!first || first.dueAtMs >= timerAtMs) return
    timer?.cancel()
    timerAtMs = first.dueAtMs
    timer = clock.after(Math.max(1, first.dueAtMs - clock.nowMs()), ring)
  }

  function ring(): void {
    timer = undefined
    timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = clock.nowMs()
    while (heap.length > 0 && heap[0]!.dueAtMs <= nowMs) deps.onDue(pop().item)
    arm()
  }

  function pop(): Entry<T> {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) sink(last)
    return first
  }

  function sink(entry: Entry<T>): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.dueAtMs < heap[child]!.dueAtMs) child++
      if (heap[child]!.dueAtMs >= entry.dueAtMs) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = entry
  }

  function rise(entry: Entry<T>): void {
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.dueAtMs <= entry.dueAtMs) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  return {
    add(item, dueAtMs, mustWait = false) {
      if (heap.length >= deps.sizeMax && !mustWait) return false
      rise({ item, dueAtMs })
      arm()
      return true
    },
    close() {
      timer?.cancel()
      heap.length = 0
    },
  }
}
