/**
 * Shadow delivery: when the first attempt of a live delivery has ended, the same request goes once to a candidate, and
 * the two answers are compared. It is no attempt: nothing waits for it, and what becomes of it changes nothing. A crash
 * leaves out what was under way. See docs/specification/webhooks.md#shadow-delivery.
 */
import type { Clock } from '../../src/clock.ts'
import type { SecretBox } from '../../src/crypto/secret-box.ts'
import type { AttemptResult, Sender } from '../../src/delivery/send.ts'
import { isChosen } from '../../src/delivery/shadow-share.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Shadow } from '../../src/model/shadows.ts'
import type { ShadowRow } from '../../topics/audit-attempts.ts'
import type { InFlight, Waiting } from './delivery.ts'

/** Requests in flight of one shard, over all candidates: each keeps a body. */
const IN_FLIGHT_MAX = 100

export interface Shadows {
  /** The answer to its first attempt has ended. */
  ended(delivery: InFlight, result: AttemptResult): void
  /** Later answers are ignored. */
  close(): void
}

/** The candidate that this delivery goes to besides, if any. */
export function shadowOf(
  view: Pick<ControlView, 'find'>,
  { trigger, attempts, fed, event, webhookId }: Pick<Waiting, 'trigger' | 'attempts' | 'fed' | 'event' | 'webhookId'>,
  nowMs: number,
): Shadow | undefined {
  if (trigger !== 'live' || attempts > 0 || fed !== undefined) return undefined
  const shadow = view.find('shadow', event.organizationId, webhookId)
  return shadow !== undefined && isChosen(shadow, event.eventId, nowMs) ? shadow : undefined
}

export function createShadows(deps: {
  sender: Pick<Sender, 'send'>
  secrets: Pick<SecretBox, 'decrypt' | 'openedBy'>
  clock: Clock
  write(row: ShadowRow): void
}): Shadows {
  const { sender, clock, write } = deps
  const headersOf = createHeaders(deps.secrets)
  /** Requests under way, by webhook. */
  const inFlight = new Map<string, number>()
  let all = 0
  let closed = false

  function count(webhookId: string, change: number): void {
    all += change
    const left = (inFlight.get(webhookId) ?? 0) + change
    if (left > 0) inFlight.set(webhookId, left)
    else inFlight.delete(webhookId)
  }

  return {
    ended(delivery, real) {
      const { webhook, headers, mirrored } = delivery.attempt
      if (mirrored === undefined || closed) return
      const { shadow, body } = mirrored
      const mostInFlight = Math.max(1, Math.floor(webhook.maxInFlight / 2))
      const own = headersOf(shadow)
      if (own === undefined || all >= IN_FLIGHT_MAX || (inFlight.get(webhook.id) ?? 0) >= mostInFlight) {
        write({ ...factsOf(delivery, shadow, real), ...LEFT_OUT, startedAtMs: Math.round(clock.nowMs()) })
        return
      }
      const facts = factsOf(delivery, shadow, real)
      count(webhook.id, 1)
      const request = { url: shadow.url, body, headers: withOwn(headers, own), timeoutMs: webhook.timeoutMs }
      void sender.send({ ...request, hashesAnswer: true }).then(result => {
        count(webhook.id, -1)
        if (!closed) write({ ...facts, ...comparedWith(real, result) })
      })
    },
    close() {
      closed = true
    },
  }
}

/** The candidate's own headers take the place of those of the same name. */
function withOwn(headers: Record<string, string>, own: Record<string, string>): Record<string, string> {
  const replaced = new Set(Object.keys(own).map(name => name.toLowerCase()))
  const kept = Object.entries(headers).filter(([name]) => !replaced.has(name.toLowerCase()))
  return { ...Object.fromEntries(kept), ...own, 'X-Clarion-Shadow': '1' }
}

const LEFT_OUT = { answer: 'left_out', durationMs: 0, responseStatus: null, errorKind: null } as const

type Facts = Omit<ShadowRow, keyof typeof LEFT_OUT | 'startedAtMs'>

function factsOf({ deliveryId, webhookId, event }: InFlight, { url }: Shadow, real: AttemptResult): Facts {
  const { organizationId, environment, eventId, type: eventType } = event
  return {
    ...{ deliveryId, webhookId, organizationId, environment, eventId, eventType, url },
    ...{ realDurationMs: real.durationMs, realStatus: real.status, realErrorKind: real.errorKind },
  }
}

const comparedWith = (real: AttemptResult, result: AttemptResult) => ({
  startedAtMs: Math.round(result.startedAtMs),
  answer: isSameBody(real, result) ? ('same_body' as const) : ('other_body' as const),
  durationMs: result.durationMs,
  responseStatus: result.status,
  errorKind: result.errorKind,
})

/** An answer that did not come has no body. */
const isSameBody = (real: AttemptResult, result: AttemptResult): boolean =>
  real.status !== null && result.status !== null && real.bodyHash === result.bodyHash

/** Opened once per record. Undefined: they cannot be opened. */
function createHeaders(secrets: Pick<SecretBox, 'decrypt' | 'openedBy'>) {
  const known = new WeakMap<Shadow, Record<string, string>>()
  return (shadow: Shadow): Record<string, string> | undefined => {
    const { encryptedHeaders } = shadow
    if (encryptedHeaders === null) return {}
    const found = known.get(shadow)
    if (found !== undefined) return found
    if (secrets.openedBy(encryptedHeaders) === undefined) return undefined
    const opened = JSON.parse(secrets.decrypt(encryptedHeaders)) as Record<string, string>
    known.set(shadow, opened)
    return opened
  }
}
