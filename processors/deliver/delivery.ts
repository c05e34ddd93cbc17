/**
 * One delivery while this process has it in hand: one event for one webhook, from the reading of its record to its end,
 * retry or return.
 */

import type { AttemptResult } from '../../src/delivery/send.ts'
import type { Shadow } from '../../src/model/shadows.ts'
import type { Webhook } from '../../src/model/webhooks.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Lane } from './dispatch/lane-table.ts'
import type { OpenRecord, Progress } from './state/progress.ts'

/** The record of a delivery. */
export interface Source {
  progress: Pick<Progress, 'end'> & { readonly topic?: string }
  record: OpenRecord
  part: number
  /** The number of webhooks in a record of `deliveries`. */
  webhookIds?: readonly string[]
}

/** The source of deliveries without an input record. */
export function sourceless(end: () => void = () => undefined): Source {
  return { progress: { end }, record: { offset: 0, leaderEpoch: -1, isLost: false, open: 1, ended: [] }, part: 0 }
}

/** A delivery that was fed from a range, or from an early entry. */
export interface Fed {
  /** The subscribers of its event, from the log; undefined for an early entry. */
  keys: readonly bigint[] | undefined
  /** It has left the range. */
  left(): void
  /** It waits with the range again, as if it had not been fed. */
  back(): void
  /** It waits for its turn in an ordered lane. */
  queued(): void
}

/**
 * How the end of its emit depends on it: as a part of a record that was read, as a single open delivery, as part of a
 * range, or not at all.
 */
export type CountedAs = 'hand' | 'away' | 'range' | 'nothing'

interface InHand extends RetryRecord {
  readonly owner: Owner
  readonly source: Source
  readonly fed: Fed | undefined
  readonly countedAs: CountedAs
  /** It comes from a retry topic. */
  readonly isRetry: boolean
  /** It comes from `deliveries`, and everything before it in its lane has been read. */
  readonly isNew: boolean
  /** Its share of the memory budget. */
  readonly bytes: number
  readonly takenAtMs: number
  /** Since when it has been waiting for a slot. */
  waitingSinceMs: number
  /** Its position in its lane, if its webhook has an order. */
  lane: Lane | undefined
  /** Why no further attempt follows the one in flight. */
  cancel: string | undefined
  /** The attempt made last. */
  attempt: Attempt | undefined
}

export interface Attempt {
  webhook: Webhook
  headers: Record<string, string>
  /** From when it was due until it began. */
  queuedMs: number
  /** It goes to a candidate besides, with the same body. */
  mirrored?: { shadow: Shadow; body: Buffer }
}

/**
 *     held (due later) ─► queued (before its turn) ─► waiting (for a slot) ─► inFlight ─► ended
 *                            └──────────────────────────┴──moved, cancelled, dropped──►┘
 */
export interface Held extends InHand {
  readonly stage: 'held'
}

export interface Queued extends InHand {
  readonly stage: 'queued'
}

export interface Waiting extends InHand {
  readonly stage: 'waiting'
}

export interface InFlight extends InHand {
  readonly stage: 'inFlight'
  attempt: Attempt
}

export interface Ended extends InHand {
  readonly stage: 'ended'
}

/** Without a request in flight: it may still be sent, moved, cancelled or dropped. */
export type Unsent = Held | Queued | Waiting
export type Delivery = Unsent | InFlight | Ended
export type Stage = Delivery['stage']

/** Stages change here alone: the same object goes through all of them. */
function enter(delivery: Delivery, stage: Stage): void {
  const changing: { stage: Stage } = delivery
  changing.stage = stage
}

export const toHeld = (delivery: Unsent): void => enter(delivery, 'held')
export const toQueued = (delivery: Unsent): void => enter(delivery, 'queued')
/** Its attempt has been sent. */
export const toInFlight = (delivery: Waiting): void => enter(delivery, 'inFlight')
export const toEnded = (delivery: Delivery): void => enter(delivery, 'ended')

export function toWaiting(delivery: Unsent): Waiting {
  enter(delivery, 'waiting')
  return delivery as Waiting
}

/** Also for a delivery that something called meanwhile may have ended. */
export const isEnded = (delivery: Delivery): boolean => delivery.stage === 'ended'

/** Where a delivery comes from, and how it counts. */
export type Origin = Pick<InHand, 'source' | 'countedAs'> & Partial<Pick<InHand, 'fed' | 'isRetry' | 'isNew'>>

/** The shard of a delivery, as the dispatcher sees it. */
export interface Owner {
  /** Begins the attempt. Undefined if there is none to make; the delivery has then been handled. Never throws. */
  begin(delivery: Waiting): Promise<AttemptResult> | undefined
  /** Whether a request may begin now; if not, this is checked again after the next commit. */
  mayBegin(): boolean
  /** The request has ended. Also called for deliveries that were dropped meanwhile. Never throws. */
  finish(delivery: Delivery, result: AttemptResult): void
}

/** Held until it is due. */
export function takeInHand(record: RetryRecord, origin: Origin, owner: Owner, takenAtMs: number): Held {
  return {
    ...record,
    owner,
    source: origin.source,
    countedAs: origin.countedAs,
    fed: origin.fed,
    isRetry: origin.isRetry ?? false,
    isNew: origin.isNew ?? false,
    stage: 'held',
    bytes: record.payload.length,
    takenAtMs,
    waitingSinceMs: 0,
    lane: undefined,
    cancel: undefined,
    attempt: undefined,
  }
}
