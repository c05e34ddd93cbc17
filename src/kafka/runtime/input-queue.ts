/**
 * Fetched inputs of a shard that have not been taken yet, by partition, taken in turns so that one organization's flood
 * does not delay another's single emit. Bounded: a partition with too much waiting is paused at the reader. Records
 * handed out are kept until they have committed, so that they can be put back when their transaction is rolled back.
 */
import type { KnownPosition, LogReader, LogRecord } from '../ports.ts'
import {
  type Batch,
  createPartitionQueue,
  type HandedOut,
  handOut,
  isFull,
  type PartitionQueue,
  putBehind,
  putInFront,
} from './partition-queue.ts'

export interface Taken {
  topic: string
  partition: number
  records: LogRecord[]
  /** Position after these records. */
  nextOffset: number
}

export interface InputQueue {
  assign(topic: string, partition: number, from: number | 'earliest', known?: KnownPosition): void
  unassign(topic: string, partition: number): void
  /** Adds records that come from no topic, under a name of their own. */
  offer(topic: string, partition: number, records: LogRecord[]): void
  /** Topic id and leader epoch of the records taken last; the reader may be further. */
  position(topic: string, partition: number): Required<KnownPosition> | undefined
  /** `left`: the last ones of the records taken last from this partition, which are put back. */
  hold(topic: string, partition: number, left?: number): void
  release(topic: string, partition: number): void
  push(topic: string, partition: number, records: LogRecord[], nextOffset: number): void
  /** Whether `take` may return something. */
  ready(): boolean
  /** Whether the records of this input (`topic/partition`) may be taken when there are some. */
  isTakeable(input: string): boolean
  /** The next records of the partition whose turn it is, at most `recordsMax`, and a megabyte. */
  take(recordsMax: number): Taken | undefined
  /** A new round begins: each partition has its whole share again. */
  renew(): void
  /** Records taken so far are in a transaction that is to be committed; `committed` or `putBack` follows. */
  sealed(): void
  committed(): void
  /** Puts all taken and uncommitted records back in front, in order. */
  putBack(): void
  /** Inputs for which this is true are checked again: they may be available. */
  available(isOf: (topic: string) => boolean): void
  /** Whether an input for which this is true is assigned, and whether any of it waits or has not committed. */
  find(isOf: (topic: string) => boolean): { isAssigned: boolean; isWaiting: boolean }
  /** What waits in it. */
  lag(): InputLag
  /** Unassigns everything. */
  clear(): void
}

export interface InputLag {
  /** Fetched, and not taken. */
  records: number
  /** Time of the oldest of them. */
  oldestAtMs: number | undefined
  /** Inputs that are not read now, and where reading goes on: the log may hold more. */
  stopped: Array<{ topic: string; partition: number; offset: number }>
}

export interface InputQueueSettings {
  /** Maximum records of one partition in one round (a transaction), so that a flood does not lengthen it for all. */
  shareMax?: number | undefined
  /**
   * Called at an input's turn: false holds it until it is released or `available`. With it, taken records can be put
   * back.
   */
  mayTake?: ((topic: string) => boolean) | undefined
}

export function createInputQueue(
  reader: LogReader,
  { shareMax = Number.POSITIVE_INFINITY, mayTake }: InputQueueSettings = {},
): InputQueue {
  const queues = new Map<string, PartitionQueue>()
  /** Queues with something to take, in turn order. */
  const turn = new Set<PartitionQueue>()
  /** Queues that have had their turn in this round. */
  const served = new Set<PartitionQueue>()
  let filling: HandedOut[] = []
  let underWay: HandedOut[] = []
  let last: HandedOut | undefined

  function add(topic: string, partition: number, isRead: boolean): PartitionQueue {
    const queue = createPartitionQueue(topic, partition, isRead)
    queues.set(`${topic}/${partition}`, queue)
    return queue
  }

  function update(queue: PartitionQueue): void {
    if (queue.batches.length > 0 && !queue.held && !queue.unavailable && queue.taken < shareMax) turn.add(queue)
    else turn.delete(queue)
    queue.full = isFull(queue)
    if (queue.isRead) updateReader(queue)
  }

  /** An unavailable input may be held for hours, and its resume need not be quick; a full one resumes soon. */
  function updateReader(queue: PartitionQueue): void {
    const { topic, partition } = queue
    const state = queue.held || queue.unavailable ? 'pauses' : queue.full ? 'pauses briefly' : 'reads'
    if (state === queue.reader) return
    queue.reader = state
    if (state === 'reads') reader.resume(topic, partition)
    else reader.pause(topic, partition, state === 'pauses briefly')
  }

  function drop(key: string): PartitionQueue | undefined {
    const queue = queues.get(key)
    if (!queue) return undefined
    queues.delete(key)
    turn.delete(queue)
    served.delete(queue)
    return queue
  }

  function append(queue: PartitionQueue, batch: Batch): void {
    putBehind(queue, batch)
    update(queue)
  }

  /** The last records handed out become the next of their queue. */
  function leave(from: HandedOut, left: number): void {
    const { queue, records, nextOffset, position, positionBefore } = from
    const used = records.length - left
    putInFront(queue, { records: records.slice(used), from: 0, nextOffset, position })
    queue.taken -= left
    if (used > 0) {
      from.records = records.slice(0, used)
      from.nextOffset = records[used - 1]!.offset + 1
      return
    }
    queue.position = positionBefore
    if (filling.at(-1) !== from) return
    filling.pop()
    queue.uncommitted--
  }

  /** The queue whose turn it is, if its target topic is available. */
  function nextQueue(): PartitionQueue | undefined {
    for (const queue of turn) {
      if (!mayTake || mayTake(queue.topic)) return queue
      queue.unavailable = true
      update(queue)
    }
    return undefined
  }

  return {
    assign(topic, partition, from, known) {
      add(topic, partition, true)
      reader.assign(topic, partition, from, known)
    },
    unassign(topic, partition) {
      if (drop(`${topic}/${partition}`)?.isRead) reader.unassign(topic, partition)
    },
    offer(topic, partition, records) {
      const queue = queues.get(`${topic}/${partition}`) ?? add(topic, partition, false)
      if (records.length > 0)
        append(queue, { records, from: 0, nextOffset: records.at(-1)!.offset + 1, position: undefined })
    },
    position: (topic, partition) => queues.get(`${topic}/${partition}`)?.position,
    hold(topic, partition, left = 0) {
      const queue = queues.get(`${topic}/${partition}`)
      if (!queue) return
      if (left > 0 && last?.queue === queue) leave(last, left)
      queue.held = true
      update(queue)
    },
    release(topic, partition) {
      const queue = queues.get(`${topic}/${partition}`)
      if (!queue?.held) return
      queue.held = false
      update(queue)
    },
    push(topic, partition, records, nextOffset) {
      const queue = queues.get(`${topic}/${partition}`)
      if (queue === undefined) return
      queue.fetchedTo = nextOffset
      append(queue, { records, from: 0, nextOffset, position: reader.position(topic, partition) })
    },
    isTakeable(input) {
      const queue = queues.get(input)
      return queue !== undefined && !queue.unavailable && !queue.held
    },
    ready: () => turn.size > 0,
    take(recordsMax) {
      const queue = nextQueue()
      if (!queue) return undefined
      turn.delete(queue) // to the end of the turn order
      last = handOut(queue, Math.min(recordsMax, shareMax - queue.taken))
      served.add(queue)
      update(queue)
      if (mayTake) {
        filling.push(last)
        queue.uncommitted++
      }
      const { topic, partition } = queue
      return { topic, partition, records: last.records, nextOffset: last.nextOffset }
    },
    renew() {
      for (const queue of served) {
        queue.taken = 0
        update(queue)
      }
      served.clear()
    },
    sealed() {
      underWay = filling
      filling = []
    },
    committed() {
      for (const { queue } of underWay) queue.uncommitted--
      underWay = []
    },
    putBack() {
      const changed = new Set<PartitionQueue>()
      for (const { queue, records, nextOffset, position, positionBefore } of [...underWay, ...filling].reverse()) {
        if (queues.get(`${queue.topic}/${queue.partition}`) !== queue) continue
        putInFront(queue, { records, from: 0, nextOffset, position })
        queue.position = positionBefore
        queue.uncommitted = 0
        queue.taken = 0
        changed.add(queue)
      }
      underWay = []
      filling = []
      for (const queue of changed) update(queue)
    },
    available(isOf) {
      for (const queue of queues.values()) {
        if (!queue.unavailable || !isOf(queue.topic)) continue
        queue.unavailable = false
        update(queue)
      }
    },
    find(isOf) {
      const found = { isAssigned: false, isWaiting: false }
      for (const { topic, isRead, batches, uncommitted } of queues.values()) {
        if (!isOf(topic)) continue
        const isWaiting = batches.length > 0 || uncommitted > 0
        found.isAssigned ||= isRead || isWaiting
        found.isWaiting ||= isWaiting
      }
      return found
    },
    lag() {
      const lag: InputLag = { records: 0, oldestAtMs: undefined, stopped: [] }
      for (const { topic, partition, batches, waitingRecords, reader: state, fetchedTo } of queues.values()) {
        lag.records += waitingRecords
        const oldest = batches[0]?.records[batches[0].from]?.timestampMs
        if (oldest !== undefined) lag.oldestAtMs = Math.min(oldest, lag.oldestAtMs ?? oldest)
        if (state !== 'reads' && fetchedTo !== undefined) lag.stopped.push({ topic, partition, offset: fetchedTo })
      }
      return lag
    },
    clear() {
      for (const queue of queues.values()) if (queue.isRead) reader.unassign(queue.topic, queue.partition)
      queues.clear()
      turn.clear()
      served.clear()
      filling = []
      underWay = []
    },
  }
}
