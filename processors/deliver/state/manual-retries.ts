/**
 * Manual retries that have been taken up: a delivery with a given number of attempts is tried again once, however often
 * and through however many processes the retry is requested. The history, by which the api decides, lags; this state
 * does not.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import {
  type AskedDelivery,
  askedDeliveryCodec,
  deliveryState,
  deliveryStateKeys,
} from '../../../topics/delivery-state.ts'

/** Longer than the history ever lags. */
const REMEMBERED_MS = 86_400_000
/** For redrives of a range, which have many members and query the history once. */
const REMEMBERED_OF_RANGE_MS = 600_000

export interface ManualRetries {
  restore(deliveryId: string, value: Buffer | null): void
  /**
   * False when the delivery has already been taken up at this number of attempts or a later one. After a restart the
   * command that took it up may do so once more, if its attempt was in flight in a crash.
   */
  accept(deliveryId: string, attempts: number, by: string, nowMs: number, ofRange?: boolean): boolean
  /** It has ended without a further attempt, after this many: it may be taken up again. */
  endedUntried(deliveryId: string, attempts: number): void
  /** Whether this command was the last to take it up. */
  isBy(deliveryId: string, by: string): boolean
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
}

export function createManualRetries(): ManualRetries {
  /** The oldest request first. */
  const taken = new Map<string, AskedDelivery>()
  const changed = new Set<string>()
  /** As an earlier process left them. */
  const restored = new Set<string>()

  /** Those of ranges, in the same order; not known after a restart, which keeps them longer. */
  const ofRanges = new Map<string, number>()

  function forgetOld(nowMs: number): void {
    for (const [deliveryId, atMs] of ofRanges) {
      if (atMs > nowMs - REMEMBERED_OF_RANGE_MS) break
      ofRanges.delete(deliveryId)
      forget(deliveryId)
    }
    for (const [deliveryId, { atMs }] of taken) {
      if (atMs > nowMs - REMEMBERED_MS) return
      forget(deliveryId)
    }
  }

  function forget(deliveryId: string): void {
    taken.delete(deliveryId)
    restored.delete(deliveryId)
    changed.add(deliveryId)
  }

  return {
    restore(deliveryId, value) {
      taken.delete(deliveryId)
      restored.delete(deliveryId)
      if (!value) return
      taken.set(deliveryId, askedDeliveryCodec.decode(value))
      restored.add(deliveryId)
    },
    accept(deliveryId, attempts, by, nowMs, ofRange = false) {
      const before = taken.get(deliveryId)
      const isAnew = before?.by === by && restored.has(deliveryId)
      if (before && (before.attempts > attempts || (before.attempts === attempts && !isAnew))) return false
      restored.delete(deliveryId)
      taken.delete(deliveryId)
      taken.set(deliveryId, { attempts, atMs: Math.round(nowMs), by })
      changed.add(deliveryId)
      ofRanges.delete(deliveryId)
      if (ofRange) ofRanges.set(deliveryId, nowMs)
      forgetOld(nowMs)
      return true
    },
    endedUntried(deliveryId, attempts) {
      const one = taken.get(deliveryId)
      if (one?.attempts !== attempts) return
      // Calls for an earlier attempt stay refused.
      taken.set(deliveryId, { ...one, attempts: attempts - 1 })
      changed.add(deliveryId)
    },
    isBy: (deliveryId, by) => taken.get(deliveryId)?.by === by,
    seal(partition) {
      const records = [...changed].map(deliveryId => {
        const one = taken.get(deliveryId)
        return {
          topic: deliveryState.name,
          partition,
          key: deliveryStateKeys.ofAsked(deliveryId),
          value: one ? askedDeliveryCodec.encode(one) : null,
        }
      })
      changed.clear()
      return records
    },
  }
}
