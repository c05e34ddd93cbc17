/**
 * The progress in one input partition. Records end in any order, so there is a position (all before it have ended) and,
 * beyond it, bits for records that have already ended, in blocks of 1,024 offsets. Both are state records in the
 * transaction of those ends: after a crash reading starts at the position, and records with a bit are skipped.
 *
 *     ended ended ended | open ENDED open ENDED ENDED | not read yet
 *                       ▲ position                    ▲ where reading is
 *
 * An offset identifies a record only together with its leader epoch, and epochs only grow. So a record at an offset
 * that was known already, with a higher epoch than those known there, is another one: the log was cut at or before it,
 * and all that is known from there on is void.
 */
import type { KnownPosition, LogRecord, OutRecord } from '../../../src/kafka/ports.ts'
import {
  type DeliveryPosition,
  deliveryPositionCodec,
  deliveryState,
  deliveryStateKeys,
} from '../../../topics/delivery-state.ts'
import { createDoneBlocks, type KnownEnds } from './done-blocks.ts'

/** A record that has been read and has not ended. */
export interface OpenRecord {
  readonly offset: number
  readonly leaderEpoch: number
  /** Its record is no longer in the log: another one may get its offset, and its end concerns neither. */
  isLost: boolean
  /** Parts (webhooks) that have not ended. */
  open: number
  /** Indexes of those that have ended, for a record with several. */
  ended: number[]
}

export interface Progress {
  readonly topic: string
  /** Whether reading has passed everything that had ended before a restart. */
  isReadAgain(): boolean
  /** A position record, as restored. */
  restorePosition(value: Buffer): void
  /** A block record, as restored; null: removed. */
  restoreBlock(block: number, value: Buffer | null): void
  /** Where to start reading; undefined if nothing was ever stored. */
  position(): number | undefined
  /** The topic id and leader epoch of the record before the position. */
  known(): KnownPosition
  /**
   * Call this before any of these records is opened, with the epoch of the last. Returns the offset from which on the
   * log is another one, and forgets everything from there on; undefined: the log is unchanged.
   */
  follow(records: readonly LogRecord[], last: Required<KnownPosition> | undefined): number | undefined
  /** All records before this offset have been opened. */
  nextOffset(): number
  /** Records that are open. */
  open(): number
  /**
   * Opens a record of one part beyond `nextOffset`, to end it before it is read; undefined if it is open or has ended.
   */
  ahead(record: Pick<LogRecord, 'offset' | 'leaderEpoch'>): OpenRecord | undefined
  /**
   * A record of `parts` parts was read. Undefined if all of it had already ended; else `ended` lists the parts that
   * had.
   */
  begin(record: Pick<LogRecord, 'offset' | 'leaderEpoch'>, parts: number): OpenRecord | undefined
  /** Reading has reached this offset; all records before it have been opened. */
  advance(nextOffset: number): void
  /** Part `part` of the record has ended. Each part ends once. */
  end(record: OpenRecord, part: number): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
}

const COMPACT_AT = 1024
const NOTHING_STORED: DeliveryPosition = { nextOffset: 0, topicId: null, leaderEpoch: -1 }
const NO_ENDS: KnownEnds = { to: 0, epoch: -1 }

export function createProgress(topic: string): Progress {
  const blocks = createDoneBlocks(topic)
  let openRecords: OpenRecord[] = []
  let head = 0
  let nextOffset = 0
  let stored: DeliveryPosition | undefined
  let topicId: string | undefined
  /** Epoch of the records before `nextOffset`. */
  let readEpoch = -1
  /** Records that had ended before a restore. Undefined: to be checked. */
  let restored: KnownEnds | undefined = NO_ENDS
  /** Records that ended before they were read in this session. */
  let ahead = NO_ENDS

  function oldest(): OpenRecord | undefined {
    while (head < openRecords.length && openRecords[head]!.open === 0) head++
    if (head >= COMPACT_AT && head * 2 >= openRecords.length) {
      openRecords = openRecords.slice(head)
      head = 0
    }
    return openRecords[head]
  }

  const position = () => oldest()?.offset ?? nextOffset

  /** Whether another record was known at its offset. */
  function isAnother({ offset, leaderEpoch = -1 }: LogRecord): boolean {
    if (offset < nextOffset) return readEpoch < 0 || leaderEpoch > readEpoch
    return [ofRestored(), ahead].some(({ to, epoch }) => offset < to && leaderEpoch > epoch)
  }

  function ofRestored(): KnownEnds {
    restored ??= blocks.known()
    return restored
  }

  /** Everything known from this offset on is void. */
  function turnBack(offset: number): void {
    for (const record of openRecords.slice(head)) if (record.offset >= offset) record.isLost = true
    openRecords = openRecords.slice(head).filter(({ isLost }) => !isLost)
    head = 0
    blocks.cut(offset)
    nextOffset = Math.min(nextOffset, offset)
    ahead = { ...ahead, to: Math.min(ahead.to, offset) }
    restored = { ...ofRestored(), to: Math.min(ofRestored().to, offset) }
  }

  const now = (): DeliveryPosition => {
    const open = oldest()
    return {
      nextOffset: open?.offset ?? nextOffset,
      topicId: topicId ?? null,
      leaderEpoch: open?.leaderEpoch ?? readEpoch,
    }
  }

  return {
    topic,
    isReadAgain: () => nextOffset >= ofRestored().to,
    restorePosition(value) {
      stored = deliveryPositionCodec.decode(value)
      nextOffset = stored.nextOffset
      topicId = stored.topicId ?? undefined
      readEpoch = stored.leaderEpoch
    },
    restoreBlock(number, value) {
      restored = undefined
      blocks.restore(number, value)
    },
    position: () => stored?.nextOffset,
    known: () => ({ ...(topicId !== undefined && { topicId }), leaderEpoch: readEpoch }),
    follow(records, last) {
      const isNewTopic = last !== undefined && topicId !== undefined && last.topicId !== topicId
      const from = isNewTopic ? 0 : records.find(isAnother)?.offset
      if (from !== undefined) turnBack(from)
      if (isNewTopic) {
        readEpoch = -1
        ahead = { ...ahead, epoch: -1 }
      }
      topicId = last?.topicId ?? topicId
      readEpoch = Math.max(readEpoch, last?.leaderEpoch ?? -1)
      return from
    },
    nextOffset: () => nextOffset,
    open() {
      let open = 0
      for (let at = head; at < openRecords.length; at++) if (openRecords[at]!.open > 0) open++
      return open
    },
    ahead({ offset, leaderEpoch = -1 }) {
      if (offset < nextOffset || blocks.has(offset)) return undefined
      ahead = { to: Math.max(ahead.to, offset + 1), epoch: Math.max(ahead.epoch, leaderEpoch) }
      return { offset, leaderEpoch, isLost: false, open: 1, ended: [] }
    },
    begin({ offset, leaderEpoch = -1 }, parts) {
      if (offset < nextOffset) return undefined
      nextOffset = offset + 1
      if (parts === 0 || blocks.has(offset)) return undefined
      const ended = blocks.partsOf(offset)
      const record: OpenRecord = { offset, leaderEpoch, isLost: false, open: parts - ended.length, ended }
      openRecords.push(record)
      return record
    },
    advance(offset) {
      nextOffset = Math.max(nextOffset, offset)
    },
    end(record, part) {
      record.open--
      if (record.isLost) return
      if (record.open > 0) {
        record.ended.push(part)
        blocks.endParts(record, record.ended)
      } else blocks.end(record)
    },
    seal(partition) {
      const records = blocks.seal(partition, position())
      const { nextOffset: at, topicId: of, leaderEpoch } = now()
      const { nextOffset: before, topicId: ofBefore, leaderEpoch: epochBefore } = stored ?? NOTHING_STORED
      if (at !== before || of !== ofBefore || leaderEpoch !== epochBefore) {
        stored = { nextOffset: at, topicId: of, leaderEpoch }
        const value = deliveryPositionCodec.encode(stored)
        records.push({ topic: deliveryState.name, partition, key: deliveryStateKeys.ofPosition(topic), value })
      }
      return records
    },
  }
}
