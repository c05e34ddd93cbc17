/** A message of a queue: a place in the organization's log, and what has become of it since it left the head. */

/** `origin`: 0 for the queue's own reading of the log; another number for dead letters of one other queue, or one replay. */
export interface Place {
  origin: number
  partition: number
  offset: number
}

export type DeathReason = 'max_receives' | 'rejected'

/** The queue that a dead letter comes from. */
export interface DeadFrom {
  queueId: string
  receiveCount: number
  reason: DeathReason
}

/** `out`: under a lease until `dueAtMs`. `waiting`: handed out again from `dueAtMs` on. `dead`: in the queue's own list. */
export type MessageState = 'out' | 'waiting' | 'dead'

export interface Message extends Place {
  /** The record that holds it; of one that is or was out, its receive. */
  group: number
  state: MessageState
  eventId: string
  /** Of ordered queues; '' else. */
  subject: string
  recordedAtMs: number
  receiveCount: number
  /** 0: never yet. */
  firstReceivedAtMs: number
  receivedAtMs: number
  dueAtMs: number
  deadFrom: DeadFrom | null
  deadAtMs: number
  deadReason: DeathReason | null
}

export const placeKey = ({ origin, partition, offset }: Place): string => `${origin}/${partition}/${offset}`

/** The order within a subject. */
export const comparePlaces = (a: Place, b: Place): number =>
  a.origin - b.origin || a.partition - b.partition || a.offset - b.offset

/** What is found in the log and has not been handed out yet. */
export interface Candidate {
  place: Place
  eventId: string
  subject: string
  recordedAtMs: number
}
