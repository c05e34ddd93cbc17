/**
 * How far one input partition has been worked off. Records end in any order, so there is a position (all before it has ended) and, beyond
 * it, what has ended already, in blocks of 1,024 offsets. Both are state records of the transaction in which the ends happened: after a
 * crash reading starts at the position, and what the blocks name is passed over.
 *
 *     ended ended ended | open ENDED open ENDED ENDED | not read yet
 *                       ▲ position                    ▲ where reading is
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { BLOCK_OFFSETS, deliveryPositionCodec, deliveryState, deliveryStateKeys, doneBlockCodec } from '../../../topics/delivery-state.ts'

/** A record that has been read and has not ended. */
export interface Begun {
  readonly offset: number
  /** Parts (webhooks) that have not ended. */
  open: number
  /** Places of those that have, of a record with several. */
  ended: number[]
}

export interface Progress {
  readonly topic: string
  /** Whether reading has come past all that had ended before a restart. */
  isReadAgain(): boolean
  /** A position record, as stored. */
  restorePosition(value: Buffer): void
  /** A block record, as stored; null: it is over. */
  restoreBlock(block: number, value: Buffer | null): void
  /** Where to start reading; undefined if nothing was ever stored. */
  position(): number | undefined
  /** All records before this offset have been begun. */
  readTo(): number
  /** Records that have been begun and have not ended. */
  open(): number
  /** A record of one part beyond `readTo`, to be ended before it is read; undefined if it has been begun or has ended. */
  ahead(offset: number): Begun | undefined
  /** A record of `parts` parts was read. Undefined if all of it has ended before; else `ended` names the parts that have. */
  begin(offset: number, parts: number): Begun | undefined
  /** Reading has come to this offset; all records before it have been begun. */
  advance(nextOffset: number): void
  /** Part `place` of the record has ended. Each part ends once. */
  end(record: Begun, place: number): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
}

interface Block {
  ended: Buffer
  /** The highest offset with a bit. */
  highest: number
  partial: Map<number, number[]>
  changed: boolean
  stored: boolean
}

const COMPACT_AT = 1024

export function createProgress(topic: string): Progress {
  const blocks = new Map<number, Block>()
  let begun: Begun[] = []
  let head = 0
  let nextOffset = 0
  let storedPosition: number | undefined

  function blockOf(offset: number): Block {
    const number = Math.floor(offset / BLOCK_OFFSETS)
    const known = blocks.get(number)
    if (known) return known
    const made: Block = { ended: Buffer.alloc(BLOCK_OFFSETS / 8), highest: -1, partial: new Map(), changed: false, stored: false }
    blocks.set(number, made)
    return made
  }

  function oldest(): Begun | undefined {
    while (head < begun.length && begun[head]!.open === 0) head++
    if (head >= COMPACT_AT && head * 2 >= begun.length) {
      begun = begun.slice(head)
      head = 0
    }
    return begun[head]
  }

  const position = () => oldest()?.offset ?? nextOffset

  /** The block's record, if what it says is news; blocks wholly before the position are over. */
  function sealBlock(number: number, block: Block, partition: number): OutRecord | undefined {
    const key = deliveryStateKeys.ofDone(topic, number)
    if ((number + 1) * BLOCK_OFFSETS <= position()) {
      blocks.delete(number)
      return block.stored ? { topic: deliveryState.name, partition, key, value: null } : undefined
    }
    if (!block.changed || (block.highest < position() && block.partial.size === 0)) return undefined
    block.changed = false
    block.stored = true
    const partial = [...block.partial].map(([offset, webhooks]) => ({ offset, webhooks }))
    return { topic: deliveryState.name, partition, key, value: doneBlockCodec.encode({ ended: block.ended, partial }) }
  }

  let restoredTo = 0

  return {
    topic,
    isReadAgain: () => nextOffset >= restoredTo,
    restorePosition(value) {
      storedPosition = deliveryPositionCodec.decode(value).nextOffset
      nextOffset = storedPosition
    },
    restoreBlock(number, value) {
      if (!value) {
        blocks.delete(number)
        return
      }
      const { ended, partial } = doneBlockCodec.decode(value)
      const highest = highestBit(ended)
      if (highest >= 0) restoredTo = Math.max(restoredTo, number * BLOCK_OFFSETS + highest + 1)
      for (const { offset } of partial) restoredTo = Math.max(restoredTo, offset + 1)
      blocks.set(number, {
        ended: Buffer.from(ended),
        highest: highest < 0 ? -1 : number * BLOCK_OFFSETS + highest,
        partial: new Map(partial.map(({ offset, webhooks }) => [offset, webhooks])),
        changed: false,
        stored: true,
      })
    },
    position: () => storedPosition,
    readTo: () => nextOffset,
    open() {
      let open = 0
      for (let at = head; at < begun.length; at++) if (begun[at]!.open > 0) open++
      return open
    },
    ahead(offset) {
      const block = blocks.get(Math.floor(offset / BLOCK_OFFSETS))
      if (offset < nextOffset || (block && hasBit(block.ended, offset % BLOCK_OFFSETS))) return undefined
      return { offset, open: 1, ended: [] }
    },
    begin(offset, parts) {
      nextOffset = offset + 1
      const block = blocks.get(Math.floor(offset / BLOCK_OFFSETS))
      if (parts === 0 || (block && hasBit(block.ended, offset % BLOCK_OFFSETS))) return undefined
      const ended = block?.partial.get(offset) ?? []
      const record: Begun = { offset, open: parts - ended.length, ended }
      begun.push(record)
      return record
    },
    advance(offset) {
      nextOffset = Math.max(nextOffset, offset)
    },
    end(record, place) {
      record.open--
      const block = blockOf(record.offset)
      block.changed = true
      if (record.open > 0) {
        record.ended.push(place)
        block.partial.set(record.offset, record.ended)
        return
      }
      block.partial.delete(record.offset)
      block.highest = Math.max(block.highest, record.offset)
      setBit(block.ended, record.offset % BLOCK_OFFSETS)
    },
    seal(partition) {
      const records: OutRecord[] = []
      for (const [number, block] of blocks) {
        const record = sealBlock(number, block, partition)
        if (record) records.push(record)
      }
      const now = position()
      if (now !== (storedPosition ?? 0)) {
        storedPosition = now
        const value = deliveryPositionCodec.encode({ nextOffset: now })
        records.push({ topic: deliveryState.name, partition, key: deliveryStateKeys.ofPosition(topic), value })
      }
      return records
    },
  }
}

const hasBit = (bits: Buffer, at: number) => (bits[at >> 3]! & (1 << (at & 7))) !== 0

function setBit(bits: Buffer, at: number): void {
  bits[at >> 3]! |= 1 << (at & 7)
}

/** -1 if none is set. */
function highestBit(bits: Buffer): number {
  for (let at = bits.length * 8 - 1; at >= 0; at--) if (hasBit(bits, at)) return at
  return -1
}
