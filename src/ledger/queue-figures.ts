/**
 * Figures of queues from Kafka: what each has in its books, and how many events of its log it should have taken between
 * two places. Read on request, and not kept.
 */
import { events } from '../../topics/events.ts'
import { queueGroupCodec, queueHeadCodec, queueStateKeys, queuesState } from '../../topics/queues-state.ts'
import { conditionsHold } from '../events/conditions-hold.ts'
import { readEventHeaders } from '../events/log-record.ts'
import { createSelectorIndex } from '../events/selector.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { Wire } from '../kafka/protocol/wire.ts'
import type { LogPages } from '../kafka/read/log-pages.ts'
import type { QueueRecord } from '../model/queues.ts'

/** Of a queue that was called at least once, as of one commit. */
export interface QueueBooks {
  queueId: string
  organizationId: string
  /** By partition of the log. */
  offsets: readonly number[]
  purge: number
  matched: number
  brought: number
  left: number
  /** Acked, expired, purged, or dropped from a full dead list. */
  settled: number
  /** Out, waiting or dead. */
  here: number
}

export interface QueueFigures {
  /** Of one shard; those whose owner is of an earlier release have none. */
  books(shard: number): Promise<Map<string, QueueBooks>>
  /** Events between both places that the queue selects. Undefined: the log has lost some, or there are too many. */
  matching(queue: QueueRecord, from: readonly number[], to: readonly number[]): Promise<number | undefined>
}

/** Of one queue and check: half a minute of a core at worst. */
const RECORDS_MAX = 500_000

export function createQueueFigures({ pages, wire }: { pages: LogPages; wire: Pick<Wire, 'offset'> }): QueueFigures {
  async function readState(shard: number, take: (record: LogRecord) => void): Promise<void> {
    for (let offset = await wire.offset(queuesState.name, shard, 'earliest'); ; ) {
      const page = await pages.read(queuesState.name, shard, offset)
      for (const record of page.records) take(record)
      if (page.nextOffset >= page.stableEnd || page.nextOffset === offset) return
      offset = page.nextOffset
    }
  }

  /** Undefined: not all of them are there. */
  async function recordsBetween(
    topic: string,
    partition: number,
    { from, to }: { from: number; to: number },
    take: (record: LogRecord) => void,
  ): Promise<true | undefined> {
    if (from >= to) return true
    if ((await wire.offset(topic, partition, 'earliest')) > from) return undefined
    for (let offset = from; offset < to; ) {
      const { records, nextOffset } = await pages.read(topic, partition, offset)
      for (const record of records) if (record.offset < to) take(record)
      if (nextOffset === offset) return undefined
      offset = nextOffset
    }
    return true
  }

  return {
    async books(shard) {
      const heads = new Map<string, ReturnType<typeof queueHeadCodec.decode> & { organizationId: string }>()
      const groups = new Map<string, Map<number, number>>()
      await readState(shard, ({ key, value }) => {
        const parsed = key === null ? undefined : queueStateKeys.parse(key.toString())
        if (parsed === undefined || !('queueId' in parsed)) return
        const { queueId, organizationId } = parsed
        if ('group' in parsed) {
          const ofQueue = groups.get(queueId) ?? new Map<number, number>()
          groups.set(queueId, ofQueue)
          const group = Number(parsed.group)
          if (value === null) ofQueue.delete(group)
          else ofQueue.set(group, queueGroupCodec.decode(value).messages.length)
        } else if (value === null) heads.delete(queueId)
        else heads.set(queueId, { ...queueHeadCodec.decode(value), organizationId })
      })
      const found = new Map<string, QueueBooks>()
      for (const [queueId, head] of heads) {
        const { books, acked, expired, purged, overflowed, organizationId, offsets, purge } = head
        if (books === null) continue
        const sizes: number[] = [...(groups.get(queueId) ?? new Map<string, number>()).values()]
        const here = sizes.reduce((sum, count) => sum + count, 0)
        const settled = acked + expired + purged + overflowed
        found.set(queueId, { queueId, organizationId, offsets, purge, ...books, settled, here })
      }
      return found
    },
    async matching({ organizationId, environment, selectors, conditions }, from, to) {
      const size = to.reduce((sum, offset, partition) => sum + offset - (from[partition] ?? 0), 0)
      if (size > RECORDS_MAX) return undefined
      const topic = events.nameFor(organizationId, environment)
      const index = createSelectorIndex([{ selectors: [...selectors], value: true }])
      let count = 0
      for (const [partition, offset] of to.entries()) {
        const range = { from: from[partition] ?? 0, to: offset }
        const isWhole = await recordsBetween(topic, partition, range, ({ headers, value }) => {
          // A record that somebody else wrote into the log is no event.
          if (headers['event-id'] === undefined) return
          const event = readEventHeaders(headers, organizationId)
          if (index.match(event).length === 0) return
          if (conditions === null || conditionsHold(conditions, event, payloadOf(value))) count++
        })
        if (isWhole === undefined) return undefined
      }
      return count
    },
  }
}

/** An erased event has none. */
const payloadOf = (value: Buffer | null): unknown =>
  value === null || value.length === 0 ? undefined : JSON.parse(value.toString())
