/** One delivery while this process has it in hand: one event for one webhook, from its record being read to its end, retry or return. */

import type { AttemptResult } from '../../src/delivery/send.ts'
import type { Webhook } from '../../src/model/records.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Lane } from './dispatch/subject-lanes.ts'
import type { Begun, Progress } from './state/progress.ts'

/**
 *     held (due later) ─► lined (before its turn) ─► waiting (for a slot) ─► flying ─► over
 *                            └──────────────────────────┴──moved, cancelled, dropped──►┘
 */
export type Stage = 'held' | 'lined' | 'waiting' | 'flying' | 'over'

/** The record that a delivery came by. */
export interface Source {
  progress: Pick<Progress, 'end'> & { readonly topic?: string }
  record: Begun
  place: number
  /** All webhooks of a record of `deliveries`. */
  webhookIds?: readonly string[]
}

/** Of what no record of an input stands behind. */
export function sourceless(end: () => void = () => undefined): Source {
  return { progress: { end }, record: { offset: 0, leaderEpoch: -1, isLost: false, open: 1, ended: [] }, place: 0 }
}

/** A delivery that was fed from a range, or from an early entry. */
export interface Fed {
  /** The subscribers of its event, as the log names them; undefined for an early entry. */
  keys: readonly bigint[] | undefined
  /** The range is rid of it. */
  left(): void
  /** It waits with the range again, as if it had not been fed. */
  back(): void
  /** It waits for its turn in an ordered lane. */
  lined(): void
}

/** How the end of its emit depends on it: as a part of a record that was read, one by one, as part of a range, or not at all. */
export type CountedAs = 'hand' | 'away' | 'range' | 'nothing'

export interface Delivery extends RetryRecord {
  readonly owner: Owner
  readonly source: Source
  readonly fed: Fed | undefined
  readonly countedAs: CountedAs
  /** It comes from a retry topic. */
  readonly isRetry: boolean
  /** It comes from `deliveries`, and everything before it in its lane has been read. */
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

/** Where a delivery comes from, and what it counts for. */
export type Origin = Pick<Delivery, 'source' | 'countedAs'> & Partial<Pick<Delivery, 'fed' | 'isRetry' | 'fresh'>>

/** The shard that a delivery belongs to, as the dispatcher sees it. */
export interface Owner {
  /** Begins the attempt. Undefined if there is none to make; the delivery is then taken care of. Never throws. */
  begin(delivery: Delivery): Promise<AttemptResult> | undefined
  /** Whether a request may begin now; when not, it is looked at again after the next commit. */
  mayBegin(): boolean
  /** The request has ended. Also called for what was dropped meanwhile. Never throws. */
  finish(delivery: Delivery, result: AttemptResult): void
}

/** Held, until it is due. */
export function takeInHand(record: RetryRecord, origin: Origin, owner: Owner, takenAtMs: number): Delivery {
  return {
    ...record,
    owner,
    source: origin.source,
    countedAs: origin.countedAs,
    fed: origin.fed,
    isRetry: origin.isRetry ?? false,
    fresh: origin.fresh ?? false,
    stage: 'held',
    bytes: record.payload.length,
    takenAtMs,
    waitingSinceMs: 0,
    lane: undefined,
    cancel: undefined,
    attempt: undefined,
  }
}
