/** A delivery that ends without an attempt, together with many others. */
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import type { OwedRange } from '../state/owed-range.ts'

export type BulkEnd = { state: 'failed' | 'skipped' | 'cancelled'; reason: string }

export const OUTSIDE_RETENTION: BulkEnd = { state: 'failed', reason: 'outside_retention' }

export interface BulkEnded extends BulkEnd {
  range: OwedRange
  webhook: Webhook | undefined
  event: EventFacts
  deliveryId: string
  /** The event's subscribers; undefined for an early entry. */
  keys: readonly bigint[] | undefined
  entry: EarlyEntry | undefined
}
