/** What an attempt is made of, and what is sent. */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { Webhook } from '../model/webhooks.ts'
import type { AddressedSink } from './send.ts'

export interface AttemptFacts {
  webhook: Webhook
  event: EventFacts
  /** The payload's own bytes. */
  payload: Buffer
  deliveryId: string
  /** 1 for the first. */
  attempt: number
  /** Set on a delivery that a replay or a catch-up made, else null. */
  replayId: string | null
  /** Only on a delivery that a replay made: when the webhook received the event before; null if never or unknown. */
  originalDeliveredAtMs?: number | null
  /** The span that makes the request; without one the receiver gets the event's own trace context. */
  traceparent?: string | undefined
  /** An emit caused by this delivery returns it as `chainToken`. */
  chainToken: string
  nowMs: number
}

export interface BuiltAttempt {
  body: Buffer
  headers: Record<string, string>
  /** The body and the headers are those of a record. */
  sink?: AddressedSink
}
