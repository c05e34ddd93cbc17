/**
 * Fetched inputs of a shard that have not been taken yet, by partition, taken in turns so that one organization's flood
 * does not delay another's single emit. Bounded: a partition with too much waiting is paused at the reader. Records
 * handed out are kept until they have committed, so that they can be put back when their transaction is rolled back.
 */
import type { KnownPosition, LogReader, LogRecord } from '../ports.ts'

const WAITING_RECORDS_MAX = 4_000
const WAITING_BYTES_MAX = 4 * 1024 * 1024
/**
 * Limit of one turn, except for a single record: large records count for more than small ones, or their owner would
 * block the queue.
 */
const TURN_BYTES_MAX = 1024 * 1024

export interface Taken {
  topic: string
  partition: number
  records: LogRecord[]
  /** Position after these records. */
  nextOffset: number
}

type Position = Required<KnownPosition> | undefined

interface Batch {
  records: LogRecord[]
  /** The position before all of it was taken. */
  from: number
  nextOffset: number
  position: Position
}

interface Lane {
  topic: string
  partition: number
  /** False: its records are offered by the task. */
  isRead: boolean
  batches: Batch[]
  /** Topic id and leader epoch of the records taken last. */
  position: Position
  waitingRecords: number
  waitingBytes: number
  /** Records taken in this round. */
  taken: number
  /** Records handed out that have not committed. */
  uncommitted: number
  /** Too much waits. */
  full: boolean
  /** Paused by the task. */
  held: boolean
  /** The topic that it would be written to is unavailable. */
  unavailable: boolean
  reader: 'reads' | 'pauses briefly' | 'pauses'
}

interface HandedOut {
  lane: Lane
  records: LogRecord[]
  nextOffset: number
  position: Position
  positionBefore: Position
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
  /** Unassigns everything. */
  clear(): void
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
  const lanes = new Map<string, Lane>()
  /** Lanes with something to take, in turn order. */
  const turn = new Set<Lane>()
  /** Lanes that have had their turn in this round. */
  const served = new Set<Lane>()
  let filling: HandedOut[] = []
  let underWay: HandedOut[] = []
  let last: HandedOut | undefined

  function add(topic: string, partition: number, isRead: boolean): Lane {
    const lane: Lane = {
      ...{ topic, partition, isRead, batches: [], position: undefined, waitingRecords: 0, waitingBytes: 0 },
      ...{ taken: 0, uncommitted: 0, full: false, held: false, unavailable: false, reader: 'reads' },
    }
    lanes.set(`${topic}/${partition}`, lane)
    return lane
  }

  function update(lane: Lane): void {
    if (lane.batches.length > 0 && !lane.held && !lane.unavailable && lane.taken < shareMax) turn.add(lane)
    else turn.delete(lane)
    // Resume at half, so that pausing does not flutter.
    const part = lane.full ? 2 : 1
    lane.full = lane.waitingRecords > WAITING_RECORDS_MAX / part || lane.waitingBytes > WAITING_BYTES_MAX / part
    if (lane.isRead) updateReader(lane)
  }

  /** An unavailable input may be held for hours, and its resume need not be quick; a full one resumes soon. */
  function updateReader(lane: Lane): void {
    const { topic, partition } = lane
    const state = lane.held || lane.unavailable ? 'pauses' : lane.full ? 'pauses briefly' : 'reads'
    if (state === lane.reader) return
    lane.reader = state
    if (state === 'reads') reader.resume(topic, partition)
    else reader.pause(topic, partition, state === 'pauses briefly')
  }

  function drop(key: string): Lane | undefined {
    const lane = lanes.get(key)
    if (!lane) return undefined
    lanes.delete(key)
    turn.delete(lane)
    served.delete(lane)
    return lane
  }

  function append(lane: Lane, batch: Batch): void {
    lane.batches.push(batch)
    count(lane, batch.records, 1)
    update(lane)
  }

  function count(lane: Lane, records: LogRecord[], sign: 1 | -1): void {
    lane.waitingRecords += sign * records.length
    for (const record of records) lane.waitingBytes += sign * bytesOf(record)
  }

  function putInFront(lane: Lane, batch: Batch): void {
    lane.batches.unshift(batch)
    count(lane, batch.records, 1)
  }

  /** The last records handed out become the next of their lane. */
  function leave(from: HandedOut, left: number): void {
    const { lane, records, nextOffset, position, positionBefore } = from
    const used = records.length - left
    putInFront(lane, { records: records.slice(used), from: 0, nextOffset, position })
    lane.taken -= left
    if (used > 0) {
      from.records = records.slice(0, used)
      from.nextOffset = records[used - 1]!.offset + 1
      return
    }
    lane.position = positionBefore
    if (filling.at(-1) !== from) return
    filling.pop()
    lane.uncommitted--
  }

  /** The lane whose turn it is, if its target topic is available. */
  function nextLane(): Lane | undefined {
    for (const lane of turn) {
      if (!mayTake || mayTake(lane.topic)) return lane
      lane.unavailable = true
      update(lane)
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
      const lane = lanes.get(`${topic}/${partition}`) ?? add(topic, partition, false)
      if (records.length > 0)
        append(lane, { records, from: 0, nextOffset: records.at(-1)!.offset + 1, position: undefined })
    },
    position: (topic, partition) => lanes.get(`${topic}/${partition}`)?.position,
    hold(topic, partition, left = 0) {
      const lane = lanes.get(`${topic}/${partition}`)
      if (!lane) return
      if (left > 0 && last?.lane === lane) leave(last, left)
      lane.held = true
      update(lane)
    },
    release(topic, partition) {
      const lane = lanes.get(`${topic}/${partition}`)
      if (!lane?.held) return
      lane.held = false
      update(lane)
    },
    push(topic, partition, records, nextOffset) {
      const lane = lanes.get(`${topic}/${partition}`)
      if (lane) append(lane, { records, from: 0, nextOffset, position: reader.position(topic, partition) })
    },
    ready: () => turn.size > 0,
    take(recordsMax) {
      const lane = nextLane()
      if (!lane) return undefined
      turn.delete(lane) // to the end of the line
      const batch = lane.batches[0]!
      const size = turnOf(batch.records, batch.from, Math.min(recordsMax, shareMax - lane.taken))
      const records = size === batch.records.length ? batch.records : batch.records.slice(batch.from, batch.from + size)
      batch.from += size
      const isFinished = batch.from >= batch.records.length
      if (isFinished) lane.batches.shift()
      const nextOffset = isFinished ? batch.nextOffset : records.at(-1)!.offset + 1
      const { topic, partition } = lane
      last = { lane, records, nextOffset, position: batch.position, positionBefore: lane.position }
      lane.position = batch.position
      count(lane, records, -1)
      lane.taken += records.length
      served.add(lane)
      update(lane)
      if (mayTake) {
        filling.push(last)
        lane.uncommitted++
      }
      return { topic, partition, records, nextOffset }
    },
    renew() {
      for (const lane of served) {
        lane.taken = 0
        update(lane)
      }
      served.clear()
    },
    sealed() {
      underWay = filling
      filling = []
    },
    committed() {
      for (const { lane } of underWay) lane.uncommitted--
      underWay = []
    },
    putBack() {
      const changed = new Set<Lane>()
      for (const { lane, records, nextOffset, position, positionBefore } of [...underWay, ...filling].reverse()) {
        if (lanes.get(`${lane.topic}/${lane.partition}`) !== lane) continue
        putInFront(lane, { records, from: 0, nextOffset, position })
        lane.position = positionBefore
        lane.uncommitted = 0
        lane.taken = 0
        changed.add(lane)
      }
      underWay = []
      filling = []
      for (const lane of changed) update(lane)
    },
    available(isOf) {
      for (const lane of lanes.values()) {
        if (!lane.unavailable || !isOf(lane.topic)) continue
        lane.unavailable = false
        update(lane)
      }
    },
    find(isOf) {
      const found = { isAssigned: false, isWaiting: false }
      for (const { topic, isRead, batches, uncommitted } of lanes.values()) {
        if (!isOf(topic)) continue
        const isWaiting = batches.length > 0 || uncommitted > 0
        found.isAssigned ||= isRead || isWaiting
        found.isWaiting ||= isWaiting
      }
      return found
    },
    clear() {
      for (const lane of lanes.values()) if (lane.isRead) reader.unassign(lane.topic, lane.partition)
      lanes.clear()
      turn.clear()
      served.clear()
      filling = []
      underWay = []
    },
  }
}

function turnOf(records: LogRecord[], from: number, recordsMax: number): number {
  let size = 0
  let bytes = 0
  while (size < recordsMax && from + size < records.length && (size === 0 || bytes < TURN_BYTES_MAX)) {
    bytes += bytesOf(records[from + size]!)
    size++
  }
  return size
}

/** Headers count as well: a record may have nothing else. */
const bytesOf = ({ sizeBytes, value }: LogRecord) => 64 + (sizeBytes ?? value?.length ?? 0)
