/**
 * What is sent in one attempt: the envelope, the signature and the headers that C.10 always adds.
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { Webhook } from '../control-plane/records.ts'
import { renderEnvelope } from '../events/envelope.ts'
import { signatureHeaders } from './sign.ts'

const USER_AGENT = 'Clarion-Webhooks/1.0'
const CONTENT_TYPE = 'application/json; charset=utf-8'
const REDACTED = '[redacted]'

export interface BuildAttemptOptions {
  webhook: Pick<Webhook, 'apiVersion'>
  /** In clear. */
  secret: string
  event: EventFacts
  /** The payload's own bytes. */
  payload: Buffer
  deliveryId: string
  /** 1 for the first. */
  attempt: number
  /** What an emit caused by this delivery hands back as `chainToken`. */
  chainToken: string
  nowMs: number
}

export interface BuiltAttempt {
  body: Buffer
  headers: Record<string, string>
}

export function buildAttempt(options: BuildAttemptOptions): BuiltAttempt {
  const { event, deliveryId } = options
  const body = renderEnvelope(event, options.payload, { deliveryId, apiVersion: options.webhook.apiVersion })
  return {
    body,
    headers: {
      'Content-Type': CONTENT_TYPE,
      'User-Agent': USER_AGENT,
      'X-Event-Id': event.eventId,
      'X-Event-Sequence': String(event.sequence),
      'X-Delivery-Id': deliveryId,
      'X-Delivery-Attempt': String(options.attempt),
      'X-Event-Chain': options.chainToken,
      ...signatureHeaders(options.secret, deliveryId, Math.floor(options.nowMs / 1000), body),
    },
  }
}

/** For the attempt log: names in lower case, without what would let a reader of the log pose as us. */
export function redactHeaders(headers: Record<string, string>): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    shown[lower] = isSecret(lower) ? REDACTED : value
  }
  return shown
}

function isSecret(name: string): boolean {
  return name.endsWith('-signature') || name === 'authorization' || name === 'cookie'
}
