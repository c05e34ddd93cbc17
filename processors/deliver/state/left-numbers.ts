/** Numbers that have left a range out of order: one bit for each, stored in blocks. */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import {
  catchUpKeys,
  deliveryCatchUps,
  OWED_BLOCK_NUMBERS,
  owedBlockCodec,
} from '../../../topics/delivery-catch-ups.ts'

export interface LeftNumbers {
  has(number: number): boolean
  add(number: number): void
  restoreBlock(block: number, value: Buffer | null): void
  /** Changed blocks, and tombstones for blocks that are no longer needed. */
  seal(partition: number, isNeeded: (firstNumber: number, lastNumber: number) => boolean): OutRecord[]
  /** Number of stored blocks. */
  tombstones(partition: number): OutRecord[]
}

interface Block {
  left: Buffer
  changed: boolean
  stored: boolean
}

export function createLeftNumbers(webhookId: string): LeftNumbers {
  const blocks = new Map<number, Block>()

  function blockOf(number: number): Block {
    const at = Math.floor(number / OWED_BLOCK_NUMBERS)
    const known = blocks.get(at)
    if (known) return known
    const made = { left: Buffer.alloc(OWED_BLOCK_NUMBERS / 8), changed: false, stored: false }
    blocks.set(at, made)
    return made
  }

  const record = (partition: number, at: number, value: Buffer | null): OutRecord => ({
    topic: deliveryCatchUps.name,
    partition,
    key: catchUpKeys.ofOwed(webhookId, at),
    value,
  })

  return {
    has(number) {
      const block = blocks.get(Math.floor(number / OWED_BLOCK_NUMBERS))
      const bit = number % OWED_BLOCK_NUMBERS
      return block !== undefined && (block.left[bit >> 3]! & (1 << (bit & 7))) !== 0
    },
    add(number) {
      const block = blockOf(number)
      const bit = number % OWED_BLOCK_NUMBERS
      block.left[bit >> 3]! |= 1 << (bit & 7)
      block.changed = true
    },
    restoreBlock(at, value) {
      if (value) blocks.set(at, { left: Buffer.from(owedBlockCodec.decode(value).left), changed: false, stored: true })
      else blocks.delete(at)
    },
    seal(partition, isNeeded) {
      const records: OutRecord[] = []
      for (const [at, block] of blocks) {
        const first = at * OWED_BLOCK_NUMBERS
        if (!isNeeded(first, first + OWED_BLOCK_NUMBERS - 1)) {
          blocks.delete(at)
          if (block.stored) records.push(record(partition, at, null))
        } else if (block.changed) {
          block.changed = false
          block.stored = true
          records.push(record(partition, at, owedBlockCodec.encode({ left: block.left })))
        }
      }
      return records
    },
    tombstones: partition => [...blocks].filter(([, { stored }]) => stored).map(([at]) => record(partition, at, null)),
  }
}
