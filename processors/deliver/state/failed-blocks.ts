/**
 * Events with a failed delivery that another webhook is still owed as part of a range: one bit for each, until the last
 * delivery has ended and the emit's end is written.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import {
  deliveryState,
  deliveryStateKeys,
  FAILED_BLOCK_NUMBERS,
  type FailedBlock,
  failedBlockCodec,
} from '../../../topics/delivery-state.ts'

export interface LogName {
  organizationId: string
  environment: 'live' | 'test'
}

export interface FailedBlocks {
  restore(log: LogName, block: number, value: Buffer | null): void
  add(log: LogName, number: number): void
  has(log: LogName, number: number): boolean
  /** Whether it is noted; removes the note. */
  take(log: LogName, number: number): boolean
  /** Removes the blocks of these deleted organizations. Returns how many, at most `max`. */
  forget(isGone: (organizationId: string) => boolean, max: number): number
  seal(partition: number): OutRecord[]
}

const BYTES = FAILED_BLOCK_NUMBERS / 8

export function createFailedBlocks(): FailedBlocks {
  const blocks = new Map<string, { bits: Buffer; count: number }>()
  const stored = new Set<string>()
  const changed = new Set<string>()

  const keyOf = ({ organizationId, environment }: LogName, number: number) =>
    deliveryStateKeys.ofFailed(organizationId, environment, Math.floor(number / FAILED_BLOCK_NUMBERS))

  function has(log: LogName, number: number): boolean {
    if (blocks.size === 0) return false
    const bit = number % FAILED_BLOCK_NUMBERS
    return ((blocks.get(keyOf(log, number))?.bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
  }

  return {
    restore(log, block, value) {
      const key = deliveryStateKeys.ofFailed(log.organizationId, log.environment, block)
      if (!value) {
        blocks.delete(key)
        stored.delete(key)
        return
      }
      const bits = bitsOf(failedBlockCodec.decode(value))
      blocks.set(key, { bits, count: countOf(bits) })
      stored.add(key)
    },
    add(log, number) {
      if (has(log, number)) return
      const key = keyOf(log, number)
      const block = blocks.get(key) ?? { bits: Buffer.alloc(BYTES), count: 0 }
      const bit = number % FAILED_BLOCK_NUMBERS
      block.bits[bit >> 3]! |= 1 << (bit & 7)
      block.count++
      blocks.set(key, block)
      changed.add(key)
    },
    has,
    take(log, number) {
      if (!has(log, number)) return false
      const key = keyOf(log, number)
      const block = blocks.get(key)!
      const bit = number % FAILED_BLOCK_NUMBERS
      block.bits[bit >> 3]! &= ~(1 << (bit & 7))
      block.count--
      if (block.count === 0) blocks.delete(key)
      changed.add(key)
      return true
    },
    forget(isGone, max) {
      let count = 0
      for (const key of blocks.keys()) {
        if (count === max) break
        const parsed = deliveryStateKeys.parse(key)
        if (!parsed || !('failed' in parsed) || !isGone(parsed.failed)) continue
        blocks.delete(key)
        changed.add(key)
        count++
      }
      return count
    },
    seal(partition) {
      const records: OutRecord[] = []
      for (const key of changed) {
        const block = blocks.get(key)
        if (block) stored.add(key)
        else if (!stored.delete(key)) continue
        const value = block ? failedBlockCodec.encode(shortest(block.bits)) : null
        records.push({ topic: deliveryState.name, partition, key, value })
      }
      changed.clear()
      return records
    },
  }
}

const countOf = (bits: Buffer) => {
  let count = 0
  for (const byte of bits) for (let rest = byte; rest > 0; rest &= rest - 1) count++
  return count
}

function shortest(bits: Buffer): FailedBlock {
  const runs: number[] = []
  for (let at = 0; at < FAILED_BLOCK_NUMBERS; at++) {
    if ((bits[at >> 3]! & (1 << (at & 7))) === 0) continue
    const first = runs.at(-2)
    if (first !== undefined && first + runs.at(-1)! === at) runs[runs.length - 1]!++
    else runs.push(at, 1)
    // A number mostly takes two bytes: beyond this size, bits are shorter.
    if (runs.length > BYTES / 2) return { runs: [], bits }
  }
  return { runs, bits: Buffer.alloc(0) }
}

function bitsOf({ runs, bits }: FailedBlock): Buffer {
  if (bits.length > 0) return Buffer.from(bits)
  const made = Buffer.alloc(BYTES)
  for (let at = 0; at < runs.length; at += 2) {
    for (let bit = runs[at]!; bit < runs[at]! + runs[at + 1]!; bit++) made[bit >> 3]! |= 1 << (bit & 7)
  }
  return made
}
