/**
 * The request of one attempt: the body in the webhook's wire format, its signatures, the headers of every delivery and
 * the webhook's own (docs/specification/webhooks.md#the-request). Everything that does not change between attempts
 * (keys, own headers, format) is prepared once per webhook record (`signing-context.ts`).
 */
import { replayOf } from '../events/envelope.ts'
import { quoted } from '../json/quoted.ts'
import type { AttemptFacts, BuiltAttempt } from './attempt-facts.ts'
import type { AttemptResult } from './send.ts'
import type { SigningContexts } from './signing-context.ts'
import { sinkRecord } from './sink-record.ts'

const REDACTED = '"[redacted]"'
const NAMES_MAX = 10_000

/** Undefined when a sealed value of the webhook cannot be opened: an installation fault, logged once. */
export type BuildAttempt = (facts: AttemptFacts) => BuiltAttempt | undefined

export function createBuildAttempt({ contextFor }: SigningContexts): BuildAttempt {
  return facts => {
    const { webhook, deliveryId, nowMs } = facts
    const context = contextFor(webhook, nowMs)
    if (context === undefined) return undefined
    if (context.sink !== undefined) return sinkRecord(context.sink, facts)
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

/** The headers of an answer, or the place of a record; null if there was neither. */
export function loggedAnswer({ status, headers }: Pick<AttemptResult, 'status' | 'headers'>): string | null {
  return status === null && headers.offset === undefined ? null : JSON.stringify(headers)
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
