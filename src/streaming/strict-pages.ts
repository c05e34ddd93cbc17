/**
 * Reads the log of an organization by pages, and never past a gap: an offset whose records retention has deleted throws
 * `OffsetExpired` instead of continuing at the first record that is left. Committed records only. It has connections of
 * its own: a page of a megabyte must not delay metadata and positions of the rest of the process.
 */
import { logParts } from '../../topics/events.ts'
import type { LogRecord } from '../kafka/ports.ts'
import { errorName } from '../kafka/protocol/error-codes.ts'
import { KafkaError, type PartitionName, type Wire } from '../kafka/protocol/wire.ts'
import type { StrictLogPages } from '../kafka/read/log-pages.ts'
import type { Turns } from './turns.ts'

export interface Page {
  records: LogRecord[]
  /** Where the next page begins, beyond markers and aborted records. */
  nextOffset: bigint
  /** Committed records ended here when the page was read. */
  stableEnd: bigint
}

export interface Bounds {
  /** The first offset that retention has left. */
  earliest: bigint
  stableEnd: bigint
}

/** Retention has deleted the record at this offset. */
export class OffsetExpired extends Error {
  readonly earliest: bigint
  constructor(topic: string, partition: number, earliest: bigint) {
    super(`${topic}/${partition} begins at ${earliest} now`)
    this.name = 'OffsetExpired'
    this.earliest = earliest
  }
}

/** The log ends before this offset: it was restored from a backup, or cut. */
export class OffsetAhead extends Error {
  readonly end: bigint
  constructor(topic: string, partition: number, end: bigint) {
    super(`${topic}/${partition} ends at ${end}`)
    this.name = 'OffsetAhead'
    this.end = end
  }
}

export interface StrictPages {
  /** Throws `OffsetExpired`, `OffsetAhead`, and `KafkaError` while the partition cannot be read. */
  read(topic: string, partition: number, offset: bigint, maxBytes: number): Promise<Page>
  /** Of every partition, in order. `atLeast`: the partitions that the caller knows of. Throws `KafkaError`. */
  bounds(topic: string, atLeast?: number): Promise<Bounds[]>
  /** The first offset of each partition whose record was recorded at `timeMs` or later; its end if there is none. */
  offsetsAt(topic: string, timeMs: number): Promise<bigint[]>
  /** The same for the first record that satisfies `isReached`, given that all later ones satisfy it too. */
  offsetsFrom(topic: string, isReached: (record: LogRecord) => boolean): Promise<bigint[]>
}

/**
 * `wire`: with connections of its own; `pages` read over it. `turns` bounds searches, which make many requests.
 * `partitions`: how many an organization's logs have at least, by the control plane.
 */
export function createStrictPages(deps: {
  pages: StrictLogPages
  wire: Wire
  turns: Turns
  partitions: (organizationId: string) => number
}): StrictPages {
  const { pages, wire, turns } = deps
  const { cluster } = wire

  async function partitionsOf(topic: string, atLeast: number): Promise<number> {
    await cluster.load([topic])
    if ((cluster.known(topic)?.partitions.length ?? 0) < atLeast) {
      cluster.stale(topic)
      await cluster.load([topic])
    }
    const known = cluster.known(topic)
    if (known?.errorCode !== 0 || known.partitions.length === 0)
      throw new KafkaError(errorName(known?.errorCode || 3), `the partitions of ${topic} are not known`)
    return known.partitions.length
  }

  async function bounds(topic: string, atLeast = 1): Promise<Bounds[]> {
    // The cluster map may be older.
    const count = await partitionsOf(topic, Math.max(atLeast, deps.partitions(logParts(topic).organizationId)))
    const names = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    const [starts, ends] = await Promise.all([wire.starts(names), wire.stableEnds(names)])
    return names.map(({ partition }) => {
      const earliest = starts.get(`${topic}/${partition}`)
      const end = ends.get(`${topic}/${partition}`)
      if (earliest === undefined || end === undefined)
        throw new KafkaError('LEADER_NOT_AVAILABLE', `the bounds of ${topic}/${partition} are not known now`)
      // The log may have moved between the two requests.
      return { earliest: BigInt(earliest), stableEnd: BigInt(Math.max(earliest, end)) }
    })
  }

  async function outOfRange(topic: string, partition: number, offset: bigint): Promise<Error> {
    const earliest = BigInt(await wire.offset(topic, partition, 'earliest'))
    if (offset < earliest) return new OffsetExpired(topic, partition, earliest)
    const end = BigInt(await wire.offset(topic, partition, 'latest'))
    if (offset > end) return new OffsetAhead(topic, partition, end)
    // A broker that has just become the leader may have answered before it knew the end.
    return new KafkaError('LEADER_NOT_AVAILABLE', `${topic}/${partition} cannot be read at ${offset} now`)
  }

  async function read(topic: string, partition: number, offset: bigint, maxBytes: number): Promise<Page> {
    try {
      const page = await pages.readStrictly(topic, partition, Number(offset), maxBytes)
      return { records: page.records, nextOffset: BigInt(page.nextOffset), stableEnd: BigInt(page.stableEnd) }
    } catch (error) {
      if (!(error instanceof KafkaError) || error.type !== 'OFFSET_OUT_OF_RANGE') throw error
      throw await outOfRange(topic, partition, offset)
    }
  }

  async function offsetFrom(
    { topic, partition }: PartitionName,
    isReached: (record: LogRecord) => boolean,
    stableEnd: bigint,
  ): Promise<bigint> {
    let offset = await pages.search(topic, partition, isReached)
    while (offset < stableEnd) {
      const { records, nextOffset } = await pages.read(topic, partition, offset, SEARCH_BYTES)
      const found = records.find(isReached)
      if (found !== undefined) return BigInt(found.offset)
      if (nextOffset <= offset) break
      offset = nextOffset
    }
    return stableEnd
  }

  async function offsetsFrom(topic: string, isReached: (record: LogRecord) => boolean): Promise<bigint[]> {
    const found = await bounds(topic)
    const { organizationId } = logParts(topic)
    return Promise.all(
      found.map(({ stableEnd }, partition) =>
        turns.run(organizationId, () => offsetFrom({ topic, partition }, isReached, stableEnd)),
      ),
    )
  }

  return {
    read,
    bounds,
    offsetsAt: (topic, timeMs) => offsetsFrom(topic, record => recordedAtOf(record) >= timeMs),
    offsetsFrom,
  }
}

const SEARCH_BYTES = 64 * 1024

/** The time that retention and replays use. Records without the header were written by no release of ours. */
export const recordedAtOf = ({ headers, timestampMs }: LogRecord): number => {
  const text = headers['recorded-at']
  return text === undefined ? timestampMs : Date.parse(text.toString('latin1'))
}
