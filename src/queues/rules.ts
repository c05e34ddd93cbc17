/** Types of a queue's rules: their input and their answers. */
import type { Place } from './message.ts'

export interface QueueRules {
  ordered: boolean
  maxReceives: number
  nackBackoff: { firstSeconds: number; factor: number; maxSeconds: number } | null
  retentionMs: number
}

/** The content of a receipt, after its signature was checked. */
export interface Claim {
  place: Place
  group: number
  /** How often the queue had been purged. */
  purge: number
}

export type SettleStatus =
  | 'acked'
  | 'returned'
  | 'dead'
  | 'extended'
  | 'already_settled'
  | 'receipt_expired'
  | 'extension_too_long'

export interface Settled {
  status: SettleStatus
  /** Of `returned` and `extended`: when it is handed out again. */
  visibleAtMs?: number
}

export interface TakeOrder {
  max: number
  /** Of ordered queues: how many messages of one subject. */
  perSubject: number
  leaseMs: number
  nowMs: number
}

export interface QueueCounters {
  handedOut: number
  acked: number
  expired: number
  purged: number
  /** Dead letters that left the queue's own list because it was full. */
  overflowed: number
  /** Matching events of the log that the head has passed: handed out, held, too old, or purged. */
  matched: number
  /** Messages that replays brought, or that came from other queues. */
  brought: number
  /** Messages that went to other queues. */
  left: number
}

export interface QueueSeed {
  lastGroup: number
  purge: number
  counters: QueueCounters
}

export const NEW_QUEUE: QueueSeed = {
  ...{ lastGroup: 0, purge: 0 },
  counters: { handedOut: 0, acked: 0, expired: 0, purged: 0, overflowed: 0, matched: 0, brought: 0, left: 0 },
}
