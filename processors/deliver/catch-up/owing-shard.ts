/** The shard, as the owed ranges see it. */
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { Origin, Unsent, Waiting } from '../delivery.ts'

export interface OwingShard {
  take(record: RetryRecord, origin: Origin): void
  /** Deliveries of the webhook that wait for a slot and have made no attempt. */
  unattempted(webhookId: string): Waiting[]
  waiting(webhookId: string): number
  /** Deliveries that wait for their turn in a lane. */
  queued(webhookId: string): number
  /** It waits with the range from now on. */
  deferred(delivery: Unsent): void
  isAboveHalf(): boolean
  /** Fed deliveries in hand, of all webhooks. */
  fedOut(): number
}
