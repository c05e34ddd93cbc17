/**
 * Bits for the records of one input partition that have ended while one before them is still open, in blocks of 1,024
 * offsets. Each block is a state record.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { BLOCK_OFFSETS, deliveryState, deliveryStateKeys, doneBlockCodec } from '../../../topics/delivery-state.ts'

/** Some records before `to` have ended, of epochs up to `epoch`; infinite where their epoch is not known. */
export interface KnownEnds {
  readonly to: number
  readonly epoch: number
}

interface At {
  readonly offset: number
  readonly leaderEpoch: number
}

export interface DoneBlocks {
  /** As restored; null: removed. */
  restore(number: number, value: Buffer | null): void
  /** Whether all parts of this record have ended. */
  has(offset: number): boolean
  /** The parts of this record that have ended, while others are open. */
  partsOf(offset: number): number[]
  /** All of this record has ended. */
  end(record: At): void
  /** These parts of this record have ended. */
  endParts(record: At, parts: number[]): void
  /** Removes everything at this offset and beyond. */
  cut(offset: number): void
  known(): KnownEnds
  /** Records of the blocks that have changed; those wholly before the position are removed. */
  seal(partition: number, position: number): OutRecord[]
}

interface Block {
  ended: Buffer
  /** The highest offset with a bit; -1: none. */
  highest: number
  partial: Map<number, number[]>
  /** The newest epoch of its records; infinite: not known. */
  leaderEpoch: number
  changed: boolean
  stored: boolean
  /** Its stored state names records that are lost. */
  isCut: boolean
}

const numberOf = (offset: number) => Math.floor(offset / BLOCK_OFFSETS)
const isEmpty = ({ highest, partial }: Block) => highest < 0 && partial.size === 0

export function createDoneBlocks(topic: string): DoneBlocks {
  const blocks = new Map<number, Block>()

  function changing({ offset, leaderEpoch }: At): Block {
    const number = numberOf(offset)
    const block = blocks.get(number) ?? emptyBlock()
    blocks.set(number, block)
    block.changed = true
    block.leaderEpoch = Math.max(block.leaderEpoch, leaderEpoch)
    return block
  }

  function sealBlock(number: number, block: Block, partition: number, position: number): OutRecord | undefined {
    const key = deliveryStateKeys.ofDone(topic, number)
    if ((number + 1) * BLOCK_OFFSETS <= position || isEmpty(block)) {
      blocks.delete(number)
      return block.stored ? { topic: deliveryState.name, partition, key, value: null } : undefined
    }
    const isNews = block.isCut || block.highest >= position || block.partial.size > 0
    if (!block.changed || !isNews) return undefined
    block.changed = block.isCut = false
    block.stored = true
    return { topic: deliveryState.name, partition, key, value: encode(block) }
  }

  return {
    restore(number, value) {
      if (value) blocks.set(number, decode(number, value))
      else blocks.delete(number)
    },
    has(offset) {
      const block = blocks.get(numberOf(offset))
      return block !== undefined && hasBit(block.ended, offset % BLOCK_OFFSETS)
    },
    partsOf: offset => blocks.get(numberOf(offset))?.partial.get(offset) ?? [],
    end(record) {
      const block = changing(record)
      block.partial.delete(record.offset)
      block.highest = Math.max(block.highest, record.offset)
      setBit(block.ended, record.offset % BLOCK_OFFSETS)
    },
    endParts: (record, parts) => void changing(record).partial.set(record.offset, parts),
    cut(offset) {
      for (const [number, block] of blocks) if ((number + 1) * BLOCK_OFFSETS > offset) cutBlock(number, block, offset)
    },
    known() {
      let to = 0
      let epoch = -1
      for (const { highest, partial, leaderEpoch } of blocks.values()) {
        to = Math.max(to, highest + 1, ...[...partial.keys()].map(offset => offset + 1))
        epoch = Math.max(epoch, leaderEpoch)
      }
      return { to, epoch }
    },
    seal(partition, position) {
      const records = [...blocks].map(([number, block]) => sealBlock(number, block, partition, position))
      return records.filter(record => record !== undefined)
    },
  }
}

const emptyBlock = (): Block => ({
  ended: Buffer.alloc(BLOCK_OFFSETS / 8),
  highest: -1,
  partial: new Map(),
  leaderEpoch: -1,
  changed: false,
  stored: false,
  isCut: false,
})

function encode(block: Block): Buffer {
  const partial = [...block.partial].map(([offset, webhooks]) => ({ offset, webhooks }))
  const leaderEpoch = Number.isFinite(block.leaderEpoch) ? block.leaderEpoch : -1
  return doneBlockCodec.encode({ ended: block.ended, partial, leaderEpoch })
}

function decode(number: number, value: Buffer): Block {
  const { ended, partial, leaderEpoch } = doneBlockCodec.decode(value)
  return {
    ended: Buffer.from(ended),
    highest: highestOffset(number, ended),
    partial: new Map(partial.map(({ offset, webhooks }) => [offset, webhooks])),
    leaderEpoch: leaderEpoch < 0 ? Number.POSITIVE_INFINITY : leaderEpoch,
    changed: false,
    stored: true,
    isCut: false,
  }
}

/** Removes entries at or beyond the offset. */
function cutBlock(number: number, block: Block, offset: number): void {
  const first = number * BLOCK_OFFSETS
  for (let at = Math.max(0, offset - first); at < BLOCK_OFFSETS; at++) clearBit(block.ended, at)
  for (const each of block.partial.keys()) if (each >= offset) block.partial.delete(each)
  block.highest = highestOffset(number, block.ended)
  // A topic that was made anew counts its epochs from 0.
  if (isEmpty(block)) block.leaderEpoch = -1
  block.changed = true
  block.isCut = block.stored
}

/** -1 if no bit is set. */
function highestOffset(number: number, bits: Buffer): number {
  for (let at = bits.length * 8 - 1; at >= 0; at--) if (hasBit(bits, at)) return number * BLOCK_OFFSETS + at
  return -1
}

const hasBit = (bits: Buffer, at: number) => (bits[at >> 3]! & (1 << (at & 7))) !== 0

function setBit(bits: Buffer, at: number): void {
  bits[at >> 3]! |= 1 << (at & 7)
}

function clearBit(bits: Buffer, at: number): void {
  bits[at >> 3]! &= ~(1 << (at & 7))
}
