/**
 * The newest records of each log that somebody follows, so that a reader that fell behind for a moment needs no fetch. A
 * log keeps a megabyte, all of them together 64 MB; the oldest go first.
 */
import type { LogRecord } from '../../kafka/ports.ts'

export interface Rings {
  of(topic: string): Ring
  readonly bytes: number
}

export interface Ring {
  /** `from`: where reading had come to before these records. */
  add(partition: number, from: number, records: LogRecord[], nextOffset: number): void
  /** The records from this offset on that are left here; undefined when some of them are not. */
  read(partition: number, offset: number): RingPage | undefined
  clear(): void
}

export interface RingPage {
  records: LogRecord[]
  nextOffset: number
}

interface Batch extends RingPage {
  ring: Map<number, Batch[]>
  log: { bytes: number }
  partition: number
  from: number
  bytes: number
}

/** Memory of a record beside its bytes. */
const RECORD_OVERHEAD_BYTES = 2_000

export function createRings({ logBytesMax = 1024 * 1024, bytesMax = 64 * 1024 * 1024 } = {}): Rings {
  /** Of all logs, oldest first. */
  const batches = new Set<Batch>()
  let bytes = 0

  function remove(batch: Batch): void {
    if (!batches.delete(batch)) return
    bytes -= batch.bytes
    batch.log.bytes -= batch.bytes
    // The oldest of all is also the oldest of its partition.
    batch.ring.get(batch.partition)?.shift()
  }

  function trim(own: ReadonlyMap<number, Batch[]>, log: { bytes: number }): void {
    while (log.bytes > logBytesMax) remove(oldestOf(own))
    while (bytes > bytesMax) remove(batches.values().next().value!)
  }

  return {
    of() {
      const ring = new Map<number, Batch[]>()
      const log = { bytes: 0 }
      return {
        add(partition, from, records, nextOffset) {
          const size = records.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes + RECORD_OVERHEAD_BYTES, 0)
          const list = ring.get(partition) ?? []
          // After a gap the older ones do not lead to these.
          while (list.length > 0 && list.at(-1)!.nextOffset !== from) remove(list[0]!)
          const batch: Batch = { ring, log, partition, from, records, nextOffset, bytes: size }
          list.push(batch)
          ring.set(partition, list)
          batches.add(batch)
          bytes += size
          log.bytes += size
          trim(ring, log)
        },
        read(partition, offset) {
          const list = ring.get(partition) ?? []
          if (list.length === 0 || list[0]!.from > offset || list.at(-1)!.nextOffset <= offset) return undefined
          const batch = list.find(each => each.nextOffset > offset)!
          return { records: batch.records.filter(record => record.offset >= offset), nextOffset: batch.nextOffset }
        },
        clear() {
          for (const list of ring.values()) for (const batch of [...list]) remove(batch)
        },
      }
    },
    get bytes() {
      return bytes
    },
  }
}

/** Batches of a partition come in order; of several partitions the longest list gives way. */
function oldestOf(own: ReadonlyMap<number, Batch[]>): Batch {
  let longest: Batch[] = []
  for (const list of own.values()) if (list.length > longest.length) longest = list
  return longest[0]!
}
