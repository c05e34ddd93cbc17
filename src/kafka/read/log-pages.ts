/**
 * Reads a stretch of a partition once, page by page: committed records only, no session, no loop. The log reader
 * follows a log continuously. A leader that is unavailable or has moved is looked up again for half a minute.
 */
import type { Clock } from '../../clock.ts'
import type { LogRecord } from '../ports.ts'
import { errorName, LEADER_MOVED } from '../protocol/error-codes.ts'
import { fetchRequest } from '../protocol/fetch-request.ts'
import { decodeRecordSet } from '../protocol/record-batch.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'

export interface LogPage {
  records: LogRecord[]
  /** The offset of the next page, beyond markers and aborted records. */
  nextOffset: number
  /** Committed records ended here when the page was read. */
  stableEnd: number
}

export interface LogPages {
  /**
   * The page at `offset`; if retention has deleted it, the page begins at the first record that exists, and one beyond
   * the end is empty. Throws `KafkaError`, of type `UNKNOWN_TOPIC_OR_PARTITION` when there is no such topic (any more).
   * `bytesMax`: less than a megabyte; one batch comes in any case. `wanted`: the records have these headers alone, and
   * neither keys nor values, which takes less than half the time.
   */
  read(
    topic: string,
    partition: number,
    offset: number,
    bytesMax?: number,
    wanted?: ReadonlySet<string>,
  ): Promise<LogPage>
  /**
   * An offset from which on no record that satisfies `reached` is missed, given that all records after the first such
   * one satisfy it too: a binary search, about twenty pages for a million records.
   */
  search(topic: string, partition: number, reached: (record: LogRecord) => boolean): Promise<number>
}

/** For a reader that must notice what it has missed. */
export interface StrictLogPages extends Pick<LogPages, 'read' | 'search'> {
  /**
   * Like `read`; an offset that the log does not reach, before its start or beyond its end, throws `KafkaError` of type
   * `OFFSET_OUT_OF_RANGE`.
   */
  readStrictly(topic: string, partition: number, offset: number, bytesMax?: number): Promise<LogPage>
}

const PAGE_BYTES = 1024 * 1024
/** A search ends when this few are left: they are read in one page anyway. */
const PAGE_RECORDS = 64
/** A search looks at the first record of a page only. */
const PROBE_BYTES = 16 * 1024
/** Pages are large: no other request should wait behind them on a connection. */
const LANE = 'pages'
const PERSIST_MS = 30_000
const BACK_OFF_MS = { first: 50, most: 1_000 }

/** The leader has moved, or is unavailable for now. */
const NOT_YET: ReadonlySet<string> = new Set([
  ...LEADER_MOVED,
  'CONNECTION',
  'REQUEST_TIMEOUT',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
])

/** `persistMs`: how long a leader that is unavailable is looked up again; half a minute by default. */
export function createLogPages(deps: { wire: Wire; clock: Clock; persistMs?: number }): StrictLogPages {
  const { wire, clock, persistMs = PERSIST_MS } = deps
  const { cluster } = wire

  /** The leader and the topic id of a partition. */
  async function placeOf(topic: string, partition: number) {
    await cluster.load([topic])
    const topicId = cluster.known(topic)?.id
    const leader = cluster.leader(topic, partition)
    if (topicId && leader) return { topicId, leader }
    cluster.stale(topic)
    const type = topicId ? 'LEADER_NOT_AVAILABLE' : errorName(cluster.known(topic)?.errorCode || 3)
    throw new KafkaError(type, `${topic}/${partition} has no leader now`)
  }

  async function fetchPage(
    topic: string,
    partition: number,
    offset: number,
    bytesMax = PAGE_BYTES,
    wanted?: ReadonlySet<string>,
  ): Promise<LogPage> {
    const settings = {
      maxWaitMs: 0,
      bytesMin: 1,
      bytesMax,
      partitionBytesMax: bytesMax,
      sessionId: 0,
      sessionEpoch: -1,
    }
    const { topicId, leader } = await placeOf(topic, partition)
    const request = fetchRequest(
      settings,
      [{ topicId, partition, leaderEpoch: leader.epoch, offset, lastEpoch: -1 }],
      [],
    )
    const { errorCode, partitions, endpoints } = await wire.send(leader.node, request, LANE)
    const fetched = partitions[0]
    if (errorCode !== 0 || fetched?.errorCode !== 0) {
      const to = fetched?.leader
      if (!to || !cluster.moved(topic, partition, { ...to, ...endpoints.find(({ node }) => node === to.node) }))
        cluster.stale(topic)
      throw new KafkaError(
        errorName(errorCode || (fetched?.errorCode ?? -1)),
        `${topic}/${partition} cannot be read at ${offset}`,
      )
    }
    const { stableEnd, recordSet, abortedTransactions } = fetched
    if (recordSet.length === 0) return { records: [], nextOffset: offset, stableEnd }
    const { records, nextOffset } = decodeRecordSet(
      ...([recordSet, topic, partition, offset, abortedTransactions, undefined, wanted] as const),
    )
    return { records, nextOffset, stableEnd }
  }

  async function persistently<T>(topic: string, call: () => Promise<T>): Promise<T> {
    const deadlineMs = clock.monotonicMs() + persistMs
    for (let pauseMs = BACK_OFF_MS.first; ; pauseMs = Math.min(pauseMs * 2, BACK_OFF_MS.most)) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof KafkaError) || !NOT_YET.has(error.type) || clock.monotonicMs() > deadlineMs) throw error
        if (error.type === 'CONNECTION' || error.type === 'REQUEST_TIMEOUT') cluster.stale(topic)
        await clock.sleep(pauseMs)
      }
    }
  }

  /** The first record from `offset` on, if the log has one before `limit`; aborted records may fill whole pages. */
  async function firstRecord(topic: string, partition: number, offset: number, limit: number) {
    for (let at = offset; at < limit; ) {
      const page = await persistently(topic, () => fetchPage(topic, partition, at, PROBE_BYTES))
      if (page.records.length > 0 || page.nextOffset === at) return page.records[0]
      at = page.nextOffset
    }
    return undefined
  }

  const offsetOf = (topic: string, partition: number, at: 'earliest' | 'latest') =>
    persistently(topic, () => wire.offset(topic, partition, at))

  return {
    readStrictly: (topic, partition, offset, bytesMax) =>
      persistently(topic, () => fetchPage(topic, partition, offset, bytesMax)),
    async read(topic, partition, offset, bytesMax, wanted) {
      try {
        return await persistently(topic, () => fetchPage(topic, partition, offset, bytesMax, wanted))
      } catch (error) {
        if (!(error instanceof KafkaError) || error.type !== 'OFFSET_OUT_OF_RANGE') throw error
        const start = await offsetOf(topic, partition, 'earliest')
        // Beyond the end of a log that was cut: starting over would repeat records that were read long ago.
        if (start <= offset) return { records: [], nextOffset: offset, stableEnd: offset }
        return persistently(topic, () => fetchPage(topic, partition, start, bytesMax, wanted))
      }
    },
    async search(topic, partition, reached) {
      let low = await offsetOf(topic, partition, 'earliest')
      let high = await offsetOf(topic, partition, 'latest')
      // No record before `low` satisfies it; from `high` on all do, or there are none.
      while (high - low > PAGE_RECORDS) {
        const middle = low + Math.floor((high - low) / 2)
        const first = await firstRecord(topic, partition, middle, high)
        if (first === undefined || first.offset >= high || reached(first)) high = middle
        else low = first.offset + 1
      }
      return low
    },
  }
}
