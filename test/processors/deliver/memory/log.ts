/** Topics in memory: records, late markers, retention and compaction. Every topic has one partition, but for `log`. */
import type { LogRecord, OutRecord } from '../../../../src/kafka/ports.ts'
import type { LogSource } from '../../../../src/replay/ways/log-merge.ts'
import { deliveryCatchUps } from '../../../../topics/delivery-catch-ups.ts'
import { deliveryState } from '../../../../topics/delivery-state.ts'

export type MemoryLog = ReturnType<typeof createMemoryLog>

/** Records that a catch-up reads at once. */
const PAGE_RECORDS = 200
/** Records that a shard receives at once. */
const BATCH_RECORDS = 125
const STATE_TOPICS = [deliveryState.name, deliveryCatchUps.name]

export const isState = (topic: string) => STATE_TOPICS.includes(topic)

interface Partition {
  records: LogRecord[]
  /** Offsets whose markers have not arrived: nothing from the first of them on is visible. */
  open: Set<number>
  firstOffset: number
}

const emptyPartition = (): Partition => ({ records: [], open: new Set(), firstOffset: 0 })

const startOf = ({ records, firstOffset }: Partition) => records[0]?.offset ?? firstOffset
const endOf = (of: Partition) => startOf(of) + of.records.length
const stableEndOf = (of: Partition) => (of.open.size === 0 ? endOf(of) : Math.min(...of.open))

export function createMemoryLog({ log, partitions, nowMs }: { log: string; partitions: number; nowMs(): number }) {
  const topics = new Map<string, Partition[]>()

  function partitionsOf(topic: string): Partition[] {
    const known = topics.get(topic)
    if (known) return known
    const made = Array.from({ length: topic === log ? partitions : 1 }, emptyPartition)
    topics.set(topic, made)
    return made
  }

  const only = (topic: string) => partitionsOf(topic)[0]!

  /** Returns the record's offset. */
  function append(record: OutRecord, partition = 0, isVisible = true): number {
    const to = partitionsOf(record.topic)[partition]!
    const offset = endOf(to)
    if (!isVisible) to.open.add(offset)
    const bytes = (value: Buffer | string | null) => (value === null ? null : Buffer.from(value as string))
    to.records.push({
      topic: record.topic,
      partition,
      offset,
      timestampMs: nowMs(),
      key: bytes(record.key),
      value: bytes(record.value),
      headers: Object.fromEntries((record.headers ?? []).map(([name, value]) => [name, Buffer.from(value as string)])),
    })
    return offset
  }

  /** The newest record of each key. */
  function stateOf(topic: string): LogRecord[] {
    const newest = new Map<string, LogRecord>()
    for (const record of only(topic).records) newest.set(record.key!.toString(), record)
    return [...newest.values()]
  }

  /** Retention deletes nothing of open transactions. */
  function dropBefore(partition: Partition, atMs: number): void {
    const end = stableEndOf(partition)
    const first = partition.records.findIndex(({ timestampMs, offset }) => timestampMs >= atMs || offset >= end)
    const count = first < 0 ? partition.records.length : first
    if (count === 0) return
    partition.firstOffset = partition.records[0]!.offset + count
    partition.records = partition.records.slice(count)
  }

  return {
    source: createSource(partitionsOf),
    append,
    stateOf,
    stateRecords: () => STATE_TOPICS.flatMap(stateOf),
    records: (topic: string) => only(topic).records,
    partitionCount: (topic: string) => partitionsOf(topic).length,
    /** The visible records from this offset on, as many as one batch may have. */
    batch(topic: string, from: number): LogRecord[] {
      const of = only(topic)
      const first = startOf(of)
      const at = Math.max(0, from - first)
      return of.records.slice(at, Math.min(stableEndOf(of) - first, at + BATCH_RECORDS))
    },
    /** The record's marker has arrived. */
    close: (topic: string, partition: number, offset: number) =>
      void partitionsOf(topic)[partition]!.open.delete(offset),
    closeAll() {
      for (const each of topics.values()) for (const partition of each) partition.open.clear()
    },
    /** Compaction, and retention of records that are no longer read. */
    clean(): void {
      for (const topic of STATE_TOPICS) {
        const of = only(topic)
        const kept = stateOf(topic).filter(({ value }) => value !== null)
        of.records = kept.map((record, at) => ({ ...record, offset: at }))
        of.firstOffset = 0
      }
    },
    /** Retention: what was written before this time is gone. */
    dropBefore(topic: string, atMs: number) {
      for (const partition of partitionsOf(topic)) dropBefore(partition, atMs)
    },
    /** The topic's log is cut at this offset. */
    cut(topic: string, offset: number) {
      const of = only(topic)
      of.records = of.records.filter(record => record.offset < offset)
      of.firstOffset = of.records[0]?.offset ?? offset
    },
    /** A further partition. */
    grow: () => void partitionsOf(log).push(emptyPartition()),
    /** Records as they were written elsewhere. */
    load(records: LogRecord[]) {
      for (const record of records) {
        const to = partitionsOf(record.topic)
        while (to.length <= record.partition) to.push(emptyPartition())
        to[record.partition]!.records.push(record)
      }
    },
  }
}

/** The log as catch-ups and replays read it. */
function createSource(partitionsOf: (topic: string) => Partition[]): LogSource {
  return {
    pages: {
      async read(topic, partition, from) {
        const of = partitionsOf(topic)[partition]!
        const at = Math.max(0, from - startOf(of))
        const stableEnd = stableEndOf(of)
        const records = of.records.slice(at, at + PAGE_RECORDS).filter(({ offset }) => offset < stableEnd)
        const nextOffset = records.length > 0 ? records.at(-1)!.offset + 1 : Math.max(from, stableEnd)
        return { records, nextOffset, stableEnd }
      },
      async search(topic, partition, reached) {
        const of = partitionsOf(topic)[partition]!
        let low = 0
        let high = of.records.length
        while (low < high) {
          const middle = (low + high) >> 1
          if (reached(of.records[middle]!)) high = middle
          else low = middle + 1
        }
        return startOf(of) + low
      },
    },
    ends: {
      all: async topic => new Map(partitionsOf(topic).map((each, partition) => [partition, endOf(each)])),
      of: async (topic, partition) => endOf(partitionsOf(topic)[partition]!),
    },
  }
}
