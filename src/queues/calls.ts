/** What calls of a queue say, and what is answered: JSON in `queues.commands` and `queues.state`. */
import type { DeadFrom, DeathReason, Place } from './message.ts'
import type { Claim, Settled } from './rules.ts'

export interface ReceiveBody {
  max: number
  waitMs: number
  /** Absent: the queue's own. */
  leaseMs?: number | undefined
  perSubject: number
  /** Settled in the same call. */
  ack: Claim[]
}

/** A message that is handed out; its event is read from the log. */
export interface HandedOut extends Place {
  eventId: string
  group: number
  purge: number
  receiveCount: number
  firstReceivedAtMs: number
  visibleAtMs: number
  deadFrom: DeadFrom | null
  /** The replay that brought it. */
  replayId: string | null
}

export interface ReceiveAnswer {
  messages: HandedOut[]
  results: Settled[]
}

export type SettleBody = { claims: Claim[] } & (
  | { as: 'ack' }
  /** Nobody has got these: the receive that they are of does not count. */
  | { as: 'giveBack' }
  | { as: 'nack'; delayMs?: number | undefined; dead?: boolean | undefined }
  | { as: 'extend'; forMs: number }
)

export interface SettleAnswer {
  results: Settled[]
}

export interface StatsAnswer {
  ready: number
  /** Matching events are still being counted. */
  approximate: boolean
  inFlight: number
  delayed: number
  held: number
  dead: number
  oldestReadyAtMs: number | null
  handedOut: number
  acked: number
  expired: number
  purged: number
  waitingReceives: number
  awake: boolean
  lastRedrive: LastRedrive | null
}

export interface LastRedrive {
  atMs: number
  moved: number
  /** Null: each to the queue that it came from. */
  toQueueId: string | null
}

export interface PeekBody {
  limit: number
}

export interface PeekAnswer {
  messages: Array<Place & { eventId: string; receiveCount: number }>
}

export interface DeadBody {
  limit: number
  /** How many come before the page. */
  after: number
}

export interface DeadLetter extends Place {
  eventId: string
  receiveCount: number
  reason: DeathReason
  deadAtMs: number
  firstReceivedAtMs: number
}

export interface DeadAnswer {
  dead: DeadLetter[]
  hasMore: boolean
}

export interface RedriveBody {
  /** Absent: all. */
  eventIds?: string[] | undefined
  toQueueId?: string | undefined
}

export interface RedriveAnswer {
  redriven: number
  notFound: string[]
}

export interface PurgeBody {
  dead: boolean
}

export interface PurgeAnswer {
  purged: number
}

/** The number of the receive whose caller has gone. */
export interface ForgetBody {
  correlation: number
}
