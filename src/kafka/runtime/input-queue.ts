/**
 * What a shard has fetched and not judged yet, by partition, taken in turns so that one organization's flood does not hold up another's
 * lone emit. Bounded: a partition with too much waiting is paused at the reader.
 */
import type { KnownPosition, LogReader, LogRecord } from '../ports.ts'

const WAITING_RECORDS_MAX = 4_000
const WAITING_BYTES_MAX = 4 * 1024 * 1024
/** Of one turn, a single record excepted: large records count for more than small ones, or their owner would hold the line. */
const TURN_BYTES_MAX = 1024 * 1024

export interface Taken {
  topic: string
  partition: number
  records: LogRecord[]
  /** Position after these records. */
  nextOffset: number
}

interface Lane {
  topic: string
  partition: number
  batches: Array<{ records: LogRecord[]; from: number; nextOffset: number; position: Required<KnownPosition> | undefined }>
  /** Of the records taken last. */
  position: Required<KnownPosition> | undefined
  waitingRecords: number
  waitingBytes: number
  /** Records taken in this round. */
  taken: number
  /** Paused here because too much waits. */
  full: boolean
  /** Paused by the task. */
  held: boolean
}

export interface InputQueue {
  assign(topic: string, partition: number, from: number | 'earliest', known?: KnownPosition): void
  unassign(topic: string, partition: number): void
  /** Topic id and leader epoch of the records taken last; the reader may be further. */
  position(topic: string, partition: number): Required<KnownPosition> | undefined
  hold(topic: string, partition: number): void
  release(topic: string, partition: number): void
  push(topic: string, partition: number, records: LogRecord[], nextOffset: number): void
  /** Whether `take` would answer something. */
  ready(): boolean
  /** The next records of the partition whose turn it is, at most `recordsMax`, and a megabyte. */
  take(recordsMax: number): Taken | undefined
  /** A new round begins: each partition has its whole share again. */
  renew(): void
  /** Unassigns everything. */
  clear(): void
}

/** `shareMax`: how many records of one partition are taken in one round (a transaction), so that a flood does not make it long for all. */
export function createInputQueue(reader: LogReader, shareMax = Number.POSITIVE_INFINITY): InputQueue {
  const lanes = new Map<string, Lane>()
  /** Lanes with something to take, in turn order. */
  const turn = new Set<Lane>()
  /** Lanes that have had something of this round. */
  const served = new Set<Lane>()

  function update(lane: Lane): void {
    if (lane.batches.length > 0 && !lane.held && lane.taken < shareMax) turn.add(lane)
    else turn.delete(lane)
    const full = lane.waitingRecords > WAITING_RECORDS_MAX || lane.waitingBytes > WAITING_BYTES_MAX
    // Resume at half, so that pausing does not flutter.
    const low = lane.waitingRecords <= WAITING_RECORDS_MAX / 2 && lane.waitingBytes <= WAITING_BYTES_MAX / 2
    if (full && !lane.full) {
      lane.full = true
      reader.pause(lane.topic, lane.partition, true)
    } else if (lane.full && low && !lane.held) {
      lane.full = false
      reader.resume(lane.topic, lane.partition)
    }
  }

  function drop(key: string): Lane | undefined {
    const lane = lanes.get(key)
    if (!lane) return undefined
    lanes.delete(key)
    turn.delete(lane)
    served.delete(lane)
    return lane
  }

  return {
    assign(topic, partition, from, known) {
      const lane: Lane = {
        topic,
        partition,
        batches: [],
        position: undefined,
        waitingRecords: 0,
        waitingBytes: 0,
        taken: 0,
        full: false,
        held: false,
      }
      lanes.set(`${topic}/${partition}`, lane)
      reader.assign(topic, partition, from, known)
    },
    unassign(topic, partition) {
      if (drop(`${topic}/${partition}`)) reader.unassign(topic, partition)
    },
    position: (topic, partition) => lanes.get(`${topic}/${partition}`)?.position,
    hold(topic, partition) {
      const lane = lanes.get(`${topic}/${partition}`)
      if (!lane || lane.held) return
      lane.held = true
      // A task may hold an input for hours; nobody waits for it by the millisecond.
      reader.pause(topic, partition, false)
      update(lane)
    },
    release(topic, partition) {
      const lane = lanes.get(`${topic}/${partition}`)
      if (!lane?.held) return
      lane.held = false
      if (lane.full) reader.pause(topic, partition, true)
      else reader.resume(topic, partition)
      update(lane)
    },
    push(topic, partition, records, nextOffset) {
      const lane = lanes.get(`${topic}/${partition}`)
      if (!lane) return
      lane.batches.push({ records, from: 0, nextOffset, position: reader.position(topic, partition) })
      lane.waitingRecords += records.length
      for (const record of records) lane.waitingBytes += bytesOf(record)
      update(lane)
    },
    ready: () => turn.size > 0,
    take(recordsMax) {
      const [lane] = turn
      if (!lane) return undefined
      turn.delete(lane) // to the end of the line
      const batch = lane.batches[0]!
      const { count, bytes } = turnOf(batch.records, batch.from, Math.min(recordsMax, shareMax - lane.taken))
      const records = count === batch.records.length ? batch.records : batch.records.slice(batch.from, batch.from + count)
      batch.from += count
      lane.position = batch.position
      const finished = batch.from >= batch.records.length
      if (finished) lane.batches.shift()
      lane.waitingRecords -= records.length
      lane.waitingBytes -= bytes
      lane.taken += records.length
      served.add(lane)
      update(lane)
      const nextOffset = finished ? batch.nextOffset : records.at(-1)!.offset + 1
      return { topic: lane.topic, partition: lane.partition, records, nextOffset }
    },
    renew() {
      for (const lane of served) {
        lane.taken = 0
        update(lane)
      }
      served.clear()
    },
    clear() {
      for (const lane of lanes.values()) reader.unassign(lane.topic, lane.partition)
      lanes.clear()
      turn.clear()
      served.clear()
    },
  }
}

function turnOf(records: LogRecord[], from: number, recordsMax: number): { count: number; bytes: number } {
  let count = 0
  let bytes = 0
  while (count < recordsMax && from + count < records.length && (count === 0 || bytes < TURN_BYTES_MAX)) {
    bytes += bytesOf(records[from + count]!)
    count++
  }
  return { count, bytes }
}

/** Headers count as well: a record may be nothing else. */
const bytesOf = ({ sizeBytes, value }: LogRecord) => 64 + (sizeBytes ?? value?.length ?? 0)
