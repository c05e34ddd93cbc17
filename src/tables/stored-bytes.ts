/**
 * Whether an organization has room for more. Sizes are measured when the last measure, and what was written since, come
 * near the limit or are old, so that an insert seldom costs a look at every table.
 */
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'

const FRESH_MS = 10_000
/** Indexes, row headers and dead rows, beside what a caller sends. */
const OVERHEAD_FACTOR = 3
const TENANTS_MAX = 10_000

export interface Room {
  /** Throws `table_quota_exceeded`. `bytes`: about to be written. */
  check(role: string, bytes: number, bytesMax: number): Promise<void>
}

export function createRoom({ measure, clock }: { measure(role: string): Promise<number>; clock: Clock }): Room {
  const known = new Map<string, { bytes: number; atMs: number }>()
  return {
    async check(role, bytes, bytesMax) {
      const last = known.get(role)
      const isUsable =
        last !== undefined && clock.monotonicMs() - last.atMs < FRESH_MS && last.bytes + bytes < bytesMax / 2
      const entry = isUsable ? last : { bytes: await measure(role), atMs: clock.monotonicMs() }
      if (entry.bytes + bytes > bytesMax)
        throw new ClarionError(
          'table_quota_exceeded',
          `The tables of this environment hold ${entry.bytes} bytes, and the plan allows ${bytesMax}.`,
        )
      entry.bytes += bytes * OVERHEAD_FACTOR
      if (known.size >= TENANTS_MAX) known.clear()
      known.set(role, entry)
    },
  }
}
