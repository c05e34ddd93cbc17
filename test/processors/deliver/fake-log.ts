/**
 * A log of several partitions in memory, of which a test decides what is visible: late markers, new partitions,
 * retention, an unavailable broker.
 */

import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { LogSource } from '../../../src/replay/ways/log-merge.ts'

interface Partition {
  records: LogRecord[]
  /** Offsets from here on belong to a transaction whose markers have not arrived. */
  stableEnd: number
  firstOffset: number
  end: number
}

export function createFakeLog(topic = 'events.org_1') {
  const partitions: Partition[] = []
  let isAway = false
  let pageReads = 0

  const partitionOf = (partition: number): Partition => {
    if (isAway) throw new Error('the broker is away')
    const found = partitions[partition]
    if (!found) throw new Error(`no partition ${partition}`)
    return found
  }

  const source: LogSource = {
    pages: {
      async read(_topic, partition, from) {
        const { records, stableEnd, firstOffset } = partitionOf(partition)
        const visible = records
          .filter(({ offset }) => offset >= Math.max(from, firstOffset) && offset < stableEnd)
          .slice(0, 100)
        const last = visible.at(-1)
        // As a real page: markers and aborted records after the last visible one are skipped.
        const rest = records.some(({ offset }) => last !== undefined && offset > last.offset && offset < stableEnd)
        const nextOffset =
          last === undefined
            ? Math.max(from, Math.min(stableEnd, partitionOf(partition).end))
            : rest
              ? last.offset + 1
              : stableEnd
        return { records: visible, nextOffset, stableEnd }
      },
      async search(_topic, partition, reached) {
        const { records, firstOffset, end } = partitionOf(partition)
        return records.find(record => record.offset >= firstOffset && reached(record))?.offset ?? end
      },
    },
    ends: {
      async all() {
        pageReads++
        if (isAway) throw new Error('the broker is away')
        return new Map(partitions.map(({ end }, partition) => [partition, end]))
      },
      of: async (_topic, partition) => partitionOf(partition).end,
    },
  }

  return {
    source,
    topic,
    /** Adds a partition; returns its number. */
    grow: () => partitions.push({ records: [], stableEnd: 0, firstOffset: 0, end: 0 }) - 1,
    /** Writes a record with this number. `late`: its markers are missing for now. */
    write(
      partition: number,
      number: number,
      headers: Record<string, string | Buffer> = {},
      late = false,
      value = `{"n":${number}}`,
    ): void {
      const to = partitions[partition]!
      const all = Object.entries({ sequence: String(number), ...headers })
      to.records.push({
        topic,
        partition,
        offset: to.end,
        timestampMs: 0,
        key: null,
        value: Buffer.from(value),
        headers: Object.fromEntries(all.map(([name, text]) => [name, Buffer.from(text)])),
      })
      to.end += 1
      if (!late) to.stableEnd = to.end
    },
    /** The markers of all late records have arrived. */
    settle(partition: number): void {
      partitions[partition]!.stableEnd = partitions[partition]!.end
    },
    /** Retention: all before this number is deleted. */
    dropBefore(number: number): void {
      for (const partition of partitions) {
        const first = partition.records.find(({ headers }) => Number(headers.sequence!.toString()) >= number)
        partition.firstOffset = first?.offset ?? partition.end
      }
    },
    away(is: boolean): void {
      isAway = is
    },
    /** The highest number ever written. */
    highest: () => Math.max(0, ...partitions.flatMap(({ records }) => Number(records.at(-1)?.headers.sequence ?? 0))),
    pageReads: () => pageReads,
  }
}

export type FakeLog = ReturnType<typeof createFakeLog>
