/**
 * The request of one attempt: the body in the webhook's wire format, its signatures, the headers of every delivery and
 * the webhook's own (docs/specification/webhooks.md#the-request). Everything that does not change between attempts
 * (keys, own headers, format) is prepared once per webhook record (`signing-context.ts`).
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { ReplayFacts } from '../events/envelope.ts'
import { quoted } from '../json/quoted.ts'
import type { Webhook } from '../model/webhooks.ts'
import type { SigningContexts } from './signing-context.ts'

const REDACTED = '"[redacted]"'
const NAMES_MAX = 10_000

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
}

/** Undefined when a sealed value of the webhook cannot be opened: an installation fault, logged once. */
export type BuildAttempt = (facts: AttemptFacts) => BuiltAttempt | undefined

export function createBuildAttempt({ contextFor }: SigningContexts): BuildAttempt {
  return facts => {
    const { webhook, deliveryId, nowMs } = facts
    const context = contextFor(webhook, nowMs)
    if (context === undefined) return undefined
    const event = context.eventFor(facts.event)
    const body = context.render(event, facts.payload, {
      deliveryId,
      apiVersion: webhook.apiVersion,
      replay: replayOf(facts),
    })
    const headers: Record<string, string> = {
      ...context.headers,
      'X-Event-Id': event.eventId,
      'X-Event-Sequence': String(event.sequence),
      'X-Delivery-Id': deliveryId,
      'X-Delivery-Attempt': String(facts.attempt),
      'X-Event-Chain': facts.chainToken,
    }
    const traceparent = facts.traceparent ?? event.traceparent
    if (traceparent !== null) headers.traceparent = traceparent
    if (facts.replayId !== null) headers['X-Event-Replay'] = facts.replayId
    context.sign({ deliveryId, timestamp: String(Math.floor(nowMs / 1000)), body, eventType: event.type }, headers)
    return { body, headers }
  }
}

function replayOf({ replayId, originalDeliveredAtMs = null }: AttemptFacts): ReplayFacts | null {
  if (replayId === null) return null
  return {
    replayId,
    originalDeliveredAt: originalDeliveredAtMs === null ? null : new Date(originalDeliveredAtMs).toISOString(),
  }
}

/**
 * Headers for the attempt log, as a JSON object: names in lower case, without values that would let a reader of the log
 * impersonate the platform or the webhook's owner. No name occurs twice (`webhook-headers.ts`).
 */
export function loggedHeaders(headers: Record<string, string>, ownNames: readonly string[] = []): string {
  let shown = ''
  for (const name in headers) {
    const { key, isSecret } = facetsOf(name)
    const isHidden = isSecret || (ownNames.length > 0 && isOwn(name, ownNames))
    shown += `${shown === '' ? '' : ','}${key}:${isHidden ? REDACTED : quoted(headers[name]!)}`
  }
  return `{${shown}}`
}

const isOwn = (name: string, ownNames: readonly string[]): boolean => {
  const lower = name.toLowerCase()
  return ownNames.some(own => own.toLowerCase() === lower)
}

interface Facets {
  /** In lower case and in quotes. */
  key: string
  isSecret: boolean
}

/** Cache of names that were shown before; all webhooks of a process use few. */
const facets = new Map<string, Facets>()

function facetsOf(name: string): Facets {
  const known = facets.get(name)
  if (known !== undefined) return known
  if (facets.size >= NAMES_MAX) facets.clear()
  const lower = name.toLowerCase()
  const made = { key: quoted(lower), isSecret: isSecret(lower) }
  facets.set(name, made)
  return made
}

function isSecret(name: string): boolean {
  return (
    name.endsWith('-signature') || name.endsWith('-signature-next') || name === 'authorization' || name === 'cookie'
  )
}
