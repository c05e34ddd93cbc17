/**
 * One audit partition on its way into ClickHouse: records read but not sent, and the offset up to which everything is
 * inserted.
 *
 * After a restore a lane is *repeating* until it has made the block that was in flight again, from exactly its offsets;
 * otherwise it cuts blocks from new records, up to a bound.
 *
 * When the topic was made anew or its log was cut, records read from the former log are *left over*: they are sent
 * once, in blocks of their own, and reading goes on where the log differs. A block in flight that the cut affects
 * cannot be made again; its remaining records are sent anew.
 */
import type { RowBytes } from '../../src/analytics/write/table-rows.ts'
import type { KnownPosition, LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import { type RecordState, recordState, recordStateCodec } from '../../topics/record-state.ts'
import { type Block, ROWS_OF } from './blocks.ts'

export interface LaneBounds {
  /** Maximum table rows of one block; a single record may exceed it. */
  blockRowsMax: number
  /** Maximum record bytes of one block; a single record may exceed it. */
  blockBytesMax: number
  /** Record bytes read but not sent, beyond which reading pauses. */
  bufferBytesMax: number
}

/** A lane's control over its input. */
export interface LaneInput {
  pause(): void
  resume(): void
}

export interface Lane {
  readonly topic: string
  /** The offset to read from. */
  readonly from: number | 'earliest'
  /** The topic id and leader epoch of the record before it. */
  readonly known: KnownPosition
  /** Enough records wait for a block of full size, or the last one left some behind. */
  readonly isFull: boolean
  /** The block in flight before the restore has not been read again to its end. */
  readonly isIncomplete: boolean
  /** Append time of the oldest record read that is not in ClickHouse; undefined: there is none. */
  readonly oldestAtMs: number | undefined
  restore(state: RecordState): void
  /** `last`: topic id and leader epoch of the last record. Throws when a record does not match the topic's schema. */
  receive(records: readonly LogRecord[], nextOffset: number, last: Required<KnownPosition> | undefined): void
  /** Cuts the next block and marks it as in flight; undefined if there is nothing to send yet. */
  cut(): Block | undefined
  /** The block in flight is inserted. */
  finish(): void
  /** The state record, if it differs from the one last returned here. */
  takeChange(): OutRecord | undefined
}

/** A record converted to rows. */
interface Waiting {
  offset: number
  leaderEpoch: number
  /** Its topic id; undefined: not known. */
  topicId: string | undefined
  timestampMs: number
  bytes: number
  rows: RowBytes[]
  /** Its record is no longer in the log. */
  isLeftOver: boolean
}

export function createLane(topic: string, shard: number, bounds: LaneBounds, input: LaneInput): Lane {
  const rowsOf = ROWS_OF[topic]
  if (!rowsOf) throw new Error(`${topic} is not an audit topic`)
  const waiting: Waiting[] = []
  let waitingBytes = 0
  let from: number | undefined
  let through: number | null = null
  let position = 0
  let topicId: string | undefined
  /** Leader epochs of the record before `from`, of the one at `through`, and of the last one read; -1: not known. */
  let fromEpoch = -1
  let throughEpoch = -1
  let readEpoch = -1
  /** Where the log changed while a block was in flight: reading goes on from there once that is inserted. */
  let turnedTo: number | undefined
  let sendsLeftOver = false
  let isRepeating = false
  let isPaused = false
  let isChanged = false
  let leftSome = false
  /** Of the block in flight. */
  let sentFromMs: number | undefined

  const isIncomplete = (): boolean => isRepeating && through !== null && position <= through

  /** How many of the waiting records make the next block. */
  function countRepeated(last: number): number {
    const beyond = waiting.findIndex(record => record.offset > last)
    return beyond < 0 ? waiting.length : beyond
  }

  /** How many, from the first on, come from the same log as the first. */
  function countOfOneLog(): number {
    const [head] = waiting
    const other = waiting.findIndex(
      ({ isLeftOver, topicId: of }) => isLeftOver !== head!.isLeftOver || of !== head!.topicId,
    )
    return other < 0 ? waiting.length : other
  }

  /**
   * Whether another record was known at its offset: its epoch is newer than that of any record read, or to be read
   * again, there.
   */
  function isAnother({ offset, leaderEpoch = -1 }: LogRecord): boolean {
    if (offset < position) return readEpoch < 0 || leaderEpoch > readEpoch
    return isRepeating && through !== null && offset <= through && throughEpoch >= 0 && leaderEpoch > throughEpoch
  }

  /** From this offset on the log differs from the one that was read. */
  function turnBack(offset: number): void {
    for (const record of waiting) if (record.offset >= offset) record.isLeftOver = true
    position = Math.min(position, offset)
    if (isRepeating && through !== null && through >= offset) {
      isRepeating = false
      through = null
    }
    if (through !== null) turnedTo = Math.min(turnedTo ?? offset, offset)
    else goBackTo(offset)
  }

  function goBackTo(offset: number): void {
    if (from === undefined || from <= offset) return
    from = offset
    fromEpoch = -1
    isChanged = true
  }

  function follow(records: readonly LogRecord[], last: Required<KnownPosition> | undefined): void {
    const isNewTopic = last !== undefined && topicId !== undefined && last.topicId !== topicId
    const other = isNewTopic ? 0 : records.find(isAnother)?.offset
    if (other !== undefined) turnBack(other)
    if (isNewTopic) readEpoch = -1
    topicId = last?.topicId ?? topicId
    readEpoch = Math.max(readEpoch, last?.leaderEpoch ?? -1)
  }

  const logOf = (of: string | undefined, epoch: number) => (of === undefined ? undefined : `${of}.${epoch}`)

  /** Takes records until a bound is reached. */
  function fill(recordsMax: number, withinBounds: boolean): Pick<Block, 'rows'> & { records: number } {
    const rows: Block['rows'] = []
    let bytes = 0
    let count = 0
    let records = 0
    for (; records < recordsMax; records++) {
      const record = waiting[records] as Waiting
      bytes += record.bytes
      if (withinBounds && records > 0 && (bytes > bounds.blockBytesMax || count >= bounds.blockRowsMax)) break
      for (const piece of record.rows) {
        rows.push(piece)
        count += piece.rows
      }
    }
    return { rows, records }
  }

  function take(records: number): void {
    for (const record of waiting.splice(0, records)) waitingBytes -= sizeOf(record)
    if (!isPaused || waitingBytes > bounds.bufferBytesMax / 2) return
    isPaused = false
    input.resume()
  }

  return {
    topic,
    get from() {
      return from ?? 'earliest'
    },
    get isFull() {
      return waitingBytes >= bounds.blockBytesMax || (leftSome && waiting.length > 0)
    },
    get isIncomplete() {
      return isIncomplete()
    },
    get oldestAtMs() {
      return sentFromMs ?? waiting[0]?.timestampMs
    },
    get known() {
      return { ...(topicId !== undefined && { topicId }), leaderEpoch: fromEpoch }
    },
    restore(state) {
      from = state.from
      through = state.through
      position = state.from
      topicId = state.topicId ?? undefined
      fromEpoch = readEpoch = state.leaderEpoch
      throughEpoch = state.throughEpoch
      isRepeating = through !== null
    },
    receive(records, nextOffset, last) {
      follow(records, last)
      for (const record of records) {
        const { offset, timestampMs, leaderEpoch = -1 } = record
        if (offset < position) continue
        const rows = rowsOf(record.value ?? NOTHING, record)
        const one = { offset, leaderEpoch, topicId, timestampMs, bytes: bytesOf(record), rows, isLeftOver: false }
        waiting.push(one)
        waitingBytes += sizeOf(one)
      }
      position = Math.max(position, nextOffset)
      if (isPaused || isIncomplete() || waitingBytes <= bounds.bufferBytesMax) return
      isPaused = true
      input.pause()
    },
    cut() {
      if (isRepeating && through !== null) {
        if (isIncomplete()) return undefined
        sentFromMs = waiting[0]?.timestampMs
        const { rows, records } = fill(countRepeated(through), false)
        take(records)
        return {
          topic,
          partition: shard,
          first: from as number,
          last: through,
          log: logOf(topicId, throughEpoch),
          rows,
        }
      }
      const head = waiting[0]
      if (head === undefined) return undefined
      sentFromMs = head.timestampMs
      const { rows, records } = fill(countOfOneLog(), true)
      const { offset: end, leaderEpoch: epoch } = waiting[records - 1] as Waiting
      const log = logOf(head.topicId, epoch)
      leftSome = records < waiting.length
      take(records)
      sendsLeftOver = head.isLeftOver
      if (sendsLeftOver) return { topic, partition: shard, first: head.offset, last: end, log, rows }
      from ??= head.offset
      through = end
      throughEpoch = epoch
      isChanged = true
      return { topic, partition: shard, first: from, last: through, log, rows }
    },
    finish() {
      sentFromMs = undefined
      if (sendsLeftOver) {
        sendsLeftOver = false
        return
      }
      from = (through as number) + 1
      fromEpoch = throughEpoch
      through = null
      throughEpoch = -1
      isRepeating = false
      isChanged = true
      if (turnedTo !== undefined) goBackTo(turnedTo)
      turnedTo = undefined
    },
    takeChange() {
      if (!isChanged || from === undefined) return undefined
      isChanged = false
      return {
        topic: recordState.name,
        partition: shard,
        key: `${topic}/${shard}`,
        value: recordStateCodec.encode({
          from,
          through,
          topicId: topicId ?? null,
          leaderEpoch: fromEpoch,
          throughEpoch,
        }),
      }
    },
  }
}

const NOTHING = Buffer.alloc(0)

/** The content of the record, and its overhead. */
const sizeOf = (record: Waiting): number => record.bytes + 200

function bytesOf({ value, headers }: LogRecord): number {
  let bytes = value?.length ?? 0
  for (const name in headers) bytes += headers[name]!.length
  return bytes
}
