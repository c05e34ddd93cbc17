/** One delivery while this process has it in hand: one event for one webhook, from its record being read to its end, retry or move. */
import type { Webhook } from '../../src/control-plane/records.ts'
import type { AttemptResult } from '../../src/delivery/send.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Lane } from './dispatch/subject-lanes.ts'
import type { Begun, Progress } from './state/progress.ts'

/**
 *     held (due later) ─► lined (before its turn) ─► waiting (for a slot) ─► flying ─► over
 *                            └───────────────────────────┴──moved, cancelled, dropped──►┘
 */
export type Stage = 'held' | 'lined' | 'waiting' | 'flying' | 'over'

export interface Delivery extends RetryRecord {
  readonly owner: Owner
  readonly source: { progress: Pick<Progress, 'end'>; record: Begun; place: number }
  /** It comes from `deliveries` and has not been in line before: what is off or catching up has it wait in the log. */
  readonly fresh: boolean
  stage: Stage
  /** What it counts for in memory. */
  readonly bytes: number
  readonly takenAtMs: number
  /** Since when it has been waiting for a slot. */
  waitingSinceMs: number
  /** Its place in line, if its webhook asks for an order. */
  lane: Lane | undefined
  /** Why no further attempt is to follow the one in flight. */
  cancel: string | undefined
  /** What is in flight. */
  attempt: { webhook: Webhook; headers: Record<string, string> } | undefined
}

/** The shard that a delivery belongs to, as the dispatcher sees it. */
export interface Owner {
  /** Begins the attempt. Undefined if there is none to make; the delivery is then taken care of. Never throws. */
  begin(delivery: Delivery): Promise<AttemptResult> | undefined
  /** The request has ended. Also called for what was dropped meanwhile. Never throws. */
  finish(delivery: Delivery, result: AttemptResult): void
  /** Into a retry topic without an attempt. Never throws. */
  move(delivery: Delivery): void
}
