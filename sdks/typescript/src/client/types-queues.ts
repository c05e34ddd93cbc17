/** Input and output types of queues and their messages. */
import type { StoredEvent } from './types-reading.ts'

export interface QueueSettings {
  name?: string
  selectors?: string[]
  conditions?: unknown
  /** Lease of a message, 1–43,200 s; 30 by default. */
  visibilityTimeoutSeconds?: number
  /** Then a message that is not settled is dead; 10 by default. */
  maxReceives?: number
  nackBackoff?: { firstSeconds: number; factor: number; maxSeconds: number } | null
  retentionHours?: number
  /** Absent: the queue has a dead list of its own. */
  deadLetterQueueId?: string | null
  active?: boolean
}

export interface NewQueue extends QueueSettings {
  name: string
  selectors: string[]
  /** One event of a subject at a time. */
  ordered?: boolean
  /** `latest` (default), `earliest`, a time, or a cursor. */
  start?: string
}

export interface Queue {
  id: string
  revision: number
  createdAt: string
  updatedAt: string
  environment: 'live' | 'test'
  name: string
  selectors: string[]
  conditions: object | null
  visibilityTimeoutSeconds: number
  maxReceives: number
  nackBackoff: { firstSeconds: number; factor: number; maxSeconds: number } | null
  retentionHours: number
  ordered: boolean
  deadLetterQueueId: string | null
  active: boolean
  /** It is active, and within the plan. */
  receivable: boolean
}

/** An event under a lease. */
export type QueueMessage = StoredEvent & {
  receipt: string
  receiveCount: number
  firstReceivedAt: string
  /** The end of the lease. */
  visibleAt: string
  deadFrom?: { queueId: string; receiveCount: number; reason: 'max_receives' | 'rejected' }
}

export interface ReceiveOrder {
  /** 1–100; 1 by default. */
  max?: number
  /** How long to wait for a message, 0–20 s; 0 by default. */
  waitSeconds?: number
  visibilityTimeoutSeconds?: number
  /** Of ordered queues. */
  perSubject?: number
  /** Receipts that are settled in the same call. */
  ack?: string[]
}

export interface SettleResult {
  receipt: string
  status:
    | 'acked'
    | 'returned'
    | 'dead'
    | 'extended'
    | 'already_settled'
    | 'receipt_expired'
    | 'receipt_unknown'
    | 'extension_too_long'
  visibleAt?: string
}

export interface Received {
  messages: QueueMessage[]
  results?: SettleResult[]
}

export interface QueueStats {
  ready: number
  approximate: boolean
  inFlight: number
  delayed: number
  held: number
  dead: number
  oldestReadyAt: string | null
  handedOut: number
  acked: number
  expired: number
  purged: number
  waitingReceives: number
  awake: boolean
}

export interface QueueDeadLetter {
  eventId: string
  receiveCount: number
  reason: 'max_receives' | 'rejected'
  deadAt: string
  firstReceivedAt: string | null
  /** Null once the log has deleted it. */
  event: StoredEvent | null
}

export interface ConsumeOptions {
  /** Handlers at a time; 1 by default. */
  concurrency?: number
  /** Ends the loop: messages under way are finished, nothing new is received. */
  signal?: AbortSignal
  /** The lease of each message, which is extended while its handler runs; 30 s by default. */
  visibilityTimeoutSeconds?: number
  perSubject?: number
  /** A handler failed; its message was given back. */
  onError?: (error: unknown, message: QueueMessage) => void
}
