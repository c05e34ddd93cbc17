/** The events of messages, read from the organization's log by their places. */
import type { LogRecord } from '../kafka/ports.ts'
import type { PageCache } from './page-cache.ts'
import { OffsetAhead, OffsetExpired } from './strict-pages.ts'

interface At {
  partition: number
  offset: number
}

/** By `partition/offset`. An event that retention has deleted is not among them. Throws `KafkaError`. */
export async function readEvents(
  cache: Pick<PageCache, 'read'>,
  topic: string,
  places: readonly At[],
): Promise<Map<string, LogRecord>> {
  const found = new Map<string, LogRecord>()
  await Promise.all(
    [...Map.groupBy(places, ({ partition }) => partition)].map(([partition, list]) =>
      readPartition(
        { cache, topic, partition, found },
        list.map(({ offset }) => offset).sort((a, b) => a - b),
      ),
    ),
  )
  return found
}

interface Reading {
  cache: Pick<PageCache, 'read'>
  topic: string
  partition: number
  found: Map<string, LogRecord>
}

/** One page often has several of them. */
async function readPartition({ cache, topic, partition, found }: Reading, offsets: readonly number[]): Promise<void> {
  const wanted = new Set(offsets)
  const last = offsets.at(-1)!
  let readTo = -1
  for (const offset of offsets) {
    if (offset < readTo) continue
    try {
      const page = await cache.read(topic, partition, BigInt(offset))
      for (const record of page.records) {
        // A page has hundreds of others.
        if (record.offset > last) break
        if (wanted.has(record.offset)) found.set(placeOf(record), record)
      }
      readTo = Number(page.nextOffset)
    } catch (error) {
      if (!(error instanceof OffsetExpired || error instanceof OffsetAhead)) throw error
    }
  }
}

export const placeOf = ({ partition, offset }: At): string => `${partition}/${offset}`
