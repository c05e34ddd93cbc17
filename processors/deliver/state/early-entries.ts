/**
 * Early entries of one webhook: deliveries that wait with its range although they lie before it. They are kept by the
 * position of their records, in blocks, and are fed by number before anything of the range.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { deliveries } from '../../../topics/deliveries.ts'
import { deliveriesCommands } from '../../../topics/deliveries-commands.ts'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import {
  catchUpKeys,
  deliveryCatchUps,
  EARLY_BLOCK_ENTRIES,
  type EarlyEntry,
  earlyBlockCodec,
} from '../../../topics/delivery-catch-ups.ts'

/** A webhook cannot have more. */
export const EARLY_ENTRIES_MAX = 20_000

/** The topics that hold records of early entries; the index of each is stored, so new ones are appended. */
export const EARLY_INPUTS: readonly string[] = [
  deliveries.name,
  deliveriesCommands.name,
  ...RETRY_TIERS.map(tier => tier.topic.name),
]

export interface EarlyEntries {
  size(): number
  /** False when there are too many. */
  add(entry: EarlyEntry): boolean
  /** The next ones that have not begun, by number. */
  waiting(limit: number): EarlyEntry[]
  /** How many have not begun. */
  left(): number
  /** Those with this number that have not begun: deliveries of one event, live or of replays. */
  withNumber(number: number): EarlyEntry[]
  /** It exists, and has not begun. */
  isWaiting(entry: EarlyEntry): boolean
  begin(entry: EarlyEntry): void
  /** It began and comes back unended. */
  restart(entry: EarlyEntry): void
  remove(entry: EarlyEntry): void
  restoreBlock(block: number, value: Buffer | null): void
  seal(partition: number): OutRecord[]
  tombstones(partition: number): OutRecord[]
}

export function createEarlyEntries(webhookId: string, onChange: () => void): EarlyEntries {
  const blocks = new Map<number, EarlyEntry[]>()
  const blockOf = new Map<EarlyEntry, number>()
  const begun = new Set<EarlyEntry>()
  const changed = new Set<number>()
  const stored = new Set<number>()
  /** By number, sorted on demand; removed ones leave it later. */
  let order: EarlyEntry[] = []
  let isSorted = true
  let last = 0

  function sorted(): EarlyEntry[] {
    if (order.length > 64 && order.length > 2 * blockOf.size) order = order.filter(entry => blockOf.has(entry))
    if (!isSorted) order.sort((a, b) => a.number - b.number || a.dueAtMs - b.dueAtMs)
    isSorted = true
    return order
  }

  const record = (partition: number, block: number, value: Buffer | null): OutRecord => ({
    topic: deliveryCatchUps.name,
    partition,
    key: catchUpKeys.ofEarly(webhookId, block),
    value,
  })

  return {
    size: () => blockOf.size,
    add(entry) {
      if (blockOf.size >= EARLY_ENTRIES_MAX) return false
      while ((blocks.get(last)?.length ?? 0) >= EARLY_BLOCK_ENTRIES) last++
      const block = blocks.get(last) ?? []
      blocks.set(last, block)
      block.push(entry)
      blockOf.set(entry, last)
      changed.add(last)
      onChange()
      order.push(entry)
      isSorted = false
      return true
    },
    waiting(limit) {
      const found: EarlyEntry[] = []
      for (const entry of sorted()) {
        if (found.length >= limit) break
        if (blockOf.has(entry) && !begun.has(entry)) found.push(entry)
      }
      return found
    },
    left: () => blockOf.size - begun.size,
    withNumber: number => sorted().filter(entry => entry.number === number && blockOf.has(entry) && !begun.has(entry)),
    isWaiting: entry => blockOf.has(entry) && !begun.has(entry),
    begin: entry => void begun.add(entry),
    restart: entry => void begun.delete(entry),
    remove(entry) {
      const at = blockOf.get(entry)
      if (at === undefined) return
      blockOf.delete(entry)
      begun.delete(entry)
      const block = blocks.get(at)!.filter(each => each !== entry)
      if (block.length > 0) blocks.set(at, block)
      else blocks.delete(at)
      changed.add(at)
      onChange()
    },
    restoreBlock(at, value) {
      for (const entry of blocks.get(at) ?? []) blockOf.delete(entry)
      blocks.delete(at)
      stored.delete(at)
      if (value) {
        const { entries } = earlyBlockCodec.decode(value)
        blocks.set(at, entries)
        stored.add(at)
        for (const entry of entries) blockOf.set(entry, at)
      }
      order = [...blockOf.keys()]
      isSorted = false
    },
    seal(partition) {
      const records: OutRecord[] = []
      for (const at of changed) {
        const entries = blocks.get(at)
        if (entries) {
          records.push(record(partition, at, earlyBlockCodec.encode({ entries })))
          stored.add(at)
        } else if (stored.delete(at)) records.push(record(partition, at, null))
      }
      changed.clear()
      return records
    },
    tombstones: partition => [...stored].map(at => record(partition, at, null)),
  }
}
