/**
 * One audit partition on its way into ClickHouse: what has been read but not sent, and the place up to which everything is in.
 *
 * A lane is *repeating* from its restore until the block that was under way then has been made again, from exactly its offsets; otherwise it
 * cuts blocks of what has come, up to a bound.
 */
import type { RowBytes } from '../../src/analytics/table-rows.ts'
import type { LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import { type RecordState, recordState, recordStateCodec } from '../../topics/record-state.ts'
import { type Block, ROWS_OF } from './blocks.ts'

export interface LaneBounds {
  /** Most table rows of one block; a single record may exceed it. */
  blockRowsMax: number
  /** Most record bytes of one block; a single record may exceed it. */
  blockBytesMax: number
  /** Record bytes read but not sent, beyond which reading pauses. */
  bufferBytesMax: number
}

/** What a lane does to its input. */
export interface LaneInput {
  pause(): void
  resume(): void
}

export interface Lane {
  readonly topic: string
  /** Where to read from. */
  readonly from: number | 'earliest'
  /** Enough is waiting for a block of full size, or the last one left something behind. */
  readonly isFull: boolean
  /** The block that was under way before the restore has not been read again to its end. */
  readonly isIncomplete: boolean
  /** When the oldest record was written that has been read and is not in ClickHouse; undefined: there is none. */
  readonly oldestAtMs: number | undefined
  restore(state: RecordState): void
  /** Throws when a record is not of the topic's schema. */
  receive(records: LogRecord[], nextOffset: number): void
  /** Cuts the next block and counts it as under way, or answers undefined if there is nothing to send yet. */
  cut(): Block | undefined
  /** The block under way is in. */
  finish(): void
  /** The state record, if it is not what was last answered here. */
  takeChange(): OutRecord | undefined
}

/** A record that has become rows. */
interface Waiting {
  offset: number
  timestampMs: number
  bytes: number
  rows: RowBytes[]
}

export function createLane(topic: string, shard: number, bounds: LaneBounds, input: LaneInput): Lane {
  const rowsOf = ROWS_OF[topic]
  if (!rowsOf) throw new Error(`${topic} is not an audit topic`)
  const waiting: Waiting[] = []
  let waitingBytes = 0
  let from: number | undefined
  let through: number | null = null
  let readTo = 0
  let isRepeating = false
  let isPaused = false
  let isChanged = false
  let leftSome = false
  /** Of the block under way. */
  let sentFromMs: number | undefined

  const isIncomplete = (): boolean => isRepeating && through !== null && readTo <= through

  /** How many of the waiting records make the next block. */
  function countRepeated(last: number): number {
    const beyond = waiting.findIndex(record => record.offset > last)
    return beyond < 0 ? waiting.length : beyond
  }

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
    restore(state) {
      from = state.from
      through = state.through
      isRepeating = through !== null
    },
    receive(records, nextOffset) {
      for (const record of records) {
        const { offset, timestampMs } = record
        const one = { offset, timestampMs, bytes: bytesOf(record), rows: rowsOf(record.value ?? NOTHING, record) }
        waiting.push(one)
        waitingBytes += sizeOf(one)
      }
      readTo = nextOffset
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
        return { topic, partition: shard, first: from as number, last: through, rows }
      }
      const head = waiting[0]
      if (head === undefined) return undefined
      sentFromMs = head.timestampMs
      const { rows, records } = fill(waiting.length, true)
      from ??= head.offset
      through = (waiting[records - 1] as Waiting).offset
      isChanged = true
      leftSome = records < waiting.length
      take(records)
      return { topic, partition: shard, first: from, last: through, rows }
    },
    finish() {
      from = (through as number) + 1
      through = null
      sentFromMs = undefined
      isRepeating = false
      isChanged = true
    },
    takeChange() {
      if (!isChanged || from === undefined) return undefined
      isChanged = false
      return {
        topic: recordState.name,
        partition: shard,
        key: `${topic}/${shard}`,
        value: recordStateCodec.encode({ from, through }),
      }
    },
  }
}

const NOTHING = Buffer.alloc(0)

/** What the record holds, and what it costs besides. */
const sizeOf = (record: Waiting): number => record.bytes + 200

function bytesOf({ value, headers }: LogRecord): number {
  let bytes = value?.length ?? 0
  for (const name in headers) bytes += headers[name]!.length
  return bytes
}
