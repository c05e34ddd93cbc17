/**
 * A partition read page by page, by whoever wants to go through a stretch of it once: committed records only, no session, no loop. For what
 * follows a log for good there is the log reader.
 */
import type { Clock } from '../../clock.ts'
import type { LogRecord } from '../ports.ts'
import { errorName } from '../protocol/error-codes.ts'
import { createLeaders } from '../protocol/leaders.ts'
import { decodeRecordSet } from '../protocol/record-batch.ts'
import { fetchRequest } from '../protocol/requests.ts'
import { patiently } from '../protocol/retry-transient.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'

export interface LogPage {
  records: LogRecord[]
  /** Where the next page begins, beyond markers and aborted records. */
  nextOffset: number
  /** Committed records ended here when the page was read. */
  stableEnd: number
}

export interface LogPages {
  /**
   * The page at `offset`; one that retention has overtaken begins at the first record there is. Throws `KafkaError`, of type
   * `UNKNOWN_TOPIC_OR_PARTITION` when there is no such topic (any more).
   */
  read(topic: string, partition: number, offset: number): Promise<LogPage>
  /**
   * Where to begin so that nothing for which `reached` holds is missed, given that it holds for everything after the first for which it does:
   * a search by halves, about twenty pages for a million records.
   */
  search(topic: string, partition: number, reached: (record: LogRecord) => boolean): Promise<number>
}

const PAGE_BYTES = 1024 * 1024
/** A search ends when so few are left: they are read in one page anyway. */
const PAGE_RECORDS = 64

export function createLogPages({ wire, clock }: { wire: Wire; clock: Clock }): LogPages {
  const leaders = createLeaders(wire)

  async function fetchPage(topic: string, partition: number, offset: number): Promise<LogPage> {
    const settings = { maxWaitMs: 0, bytesMin: 1, bytesMax: PAGE_BYTES, partitionBytesMax: PAGE_BYTES, sessionId: 0, sessionEpoch: -1 }
    const node = await leaders.find(topic, partition)
    const { partitions } = await wire.send(node, fetchRequest(settings, [{ topic, partition, offset }], []))
    const fetched = partitions[0]
    if (fetched?.errorCode !== 0) {
      leaders.forget(topic)
      throw new KafkaError(errorName(fetched?.errorCode ?? -1), `${topic}/${partition} cannot be read at ${offset}`)
    }
    const { stableEnd, recordSet, abortedTransactions } = fetched
    if (recordSet.length === 0) return { records: [], nextOffset: offset, stableEnd }
    return { ...decodeRecordSet(recordSet, topic, partition, offset, abortedTransactions), stableEnd }
  }

  return {
    async read(topic, partition, offset) {
      try {
        return await patiently(clock, () => fetchPage(topic, partition, offset))
      } catch (error) {
        if (!(error instanceof KafkaError) || error.type !== 'OFFSET_OUT_OF_RANGE') throw error
        return fetchPage(topic, partition, await wire.offset(topic, partition, 'earliest'))
      }
    },
    async search(topic, partition, reached) {
      let low = await patiently(clock, () => wire.offset(topic, partition, 'earliest'))
      let high = await patiently(clock, () => wire.offset(topic, partition, 'latest'))
      // Everything before `low` is not reached; from `high` on everything is, or there is nothing.
      while (high - low > PAGE_RECORDS) {
        const middle = low + Math.floor((high - low) / 2)
        const first = (await fetchPage(topic, partition, middle)).records[0]
        if (first === undefined || first.offset >= high || reached(first)) high = middle
        else low = first.offset + 1
      }
      return low
    },
  }
}
