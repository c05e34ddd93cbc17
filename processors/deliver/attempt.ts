/**
 * One attempt: its request, and what its result means. The webhook is read when the attempt begins, so a change applies
 * to the next attempt.
 */
import type { Clock, Random } from '../../src/clock.ts'
import type { SecretBox } from '../../src/crypto/secret-box.ts'
import { createBuildAttempt } from '../../src/delivery/request.ts'
import { judge, nextAttempt, retryAfterMs } from '../../src/delivery/retry-schedule.ts'
import type { AttemptResult, Sender } from '../../src/delivery/send.ts'
import { createSigningContexts } from '../../src/delivery/signing-context.ts'
import { type ChainTokens, pathThrough } from '../../src/events/chain.ts'
import type { Logger } from '../../src/logger.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Webhook } from '../../src/model/webhooks.ts'
import { traceAttempt } from '../../src/observability/tracing/spans.ts'
import type { Tracing } from '../../src/observability/tracing/tracing.ts'
import type { InFlight, Waiting } from './delivery.ts'
import { shadowOf } from './shadows.ts'

/** The next step of a delivery after an attempt. */
export type Outcome =
  | { state: 'success' }
  | { state: 'retrying'; dueAtMs: number }
  | { state: 'failed'; reason: FailureReason }
  | { state: 'cancelled'; reason: string }

/** Its attempts are used up; its receiver answered 410 or `webhook-retry: no`; a manual retry was its only one. */
export type FailureReason = 'exhausted' | 'gone' | 'declined' | 'single_attempt'

export interface Attempts {
  /**
   * Signs and sends the next attempt. Undefined when the webhook's secret cannot be read: that is the platform's fault,
   * and counts as no attempt.
   */
  begin(delivery: Waiting, webhook: Webhook): Promise<AttemptResult> | undefined
  /** The next step of the delivery after this result (docs/specification/webhooks.md#answers). */
  decide(delivery: InFlight, result: AttemptResult): Outcome
}

/** A row has 31 bits for it. One that is due at once may say that it was due before it was made. */
const QUEUED_MS_MAX = 2 ** 31 - 1

const queuedFor = ({ dueAtMs, createdAtMs }: Waiting, nowMs: number): number =>
  Math.min(QUEUED_MS_MAX, Math.max(0, Math.round(nowMs - Math.max(dueAtMs, createdAtMs))))

export function createAttempts(deps: {
  secrets: SecretBox
  view: ControlView
  sender: Sender
  chains: ChainTokens
  clock: Clock
  random: Random
  timeScale: number
  logger: Logger
  tracing?: Tracing | undefined
}): Attempts {
  const { clock, random, timeScale, tracing } = deps
  const build = createBuildAttempt(createSigningContexts(deps))

  /** `traceparent`: of the span of the request, if there is one. */
  function send(delivery: Waiting, webhook: Webhook, traceparent?: string): Promise<AttemptResult> | undefined {
    const { event, payload, deliveryId, replayId, originalDeliveredAtMs = null } = delivery
    const { rootEventId, depth, eventId, organizationId } = event
    const path = pathThrough(event.path, webhook.id)
    const built = build({
      webhook,
      event,
      payload,
      deliveryId,
      attempt: delivery.attempts + 1,
      replayId,
      originalDeliveredAtMs,
      traceparent,
      chainToken: deps.chains.sign({ rootEventId, depth, eventId, organizationId, path }),
      nowMs: clock.nowMs(),
    })
    if (built === undefined) return undefined
    const { body, headers, sink } = built
    const nowMs = clock.nowMs()
    const request = { url: webhook.url, body, headers, timeoutMs: webhook.timeoutMs, ...(sink && { sink }) }
    const shadow = shadowOf(deps.view, delivery, nowMs)
    const mirrored = shadow && { mirrored: { shadow, body } }
    delivery.attempt = { webhook, headers, queuedMs: queuedFor(delivery, nowMs), ...mirrored }
    return deps.sender.send(shadow === undefined ? request : { ...request, hashesAnswer: true })
  }

  return {
    begin(delivery, webhook) {
      if (tracing === undefined) return send(delivery, webhook)
      return traceAttempt(tracing, delivery, webhook.url, traceparent => send(delivery, webhook, traceparent))
    },
    decide(delivery, result) {
      const verdict = judge(result)
      if (verdict === 'success') return { state: 'success' }
      if (verdict !== 'retry') return { state: 'failed', reason: verdict }
      if (delivery.cancel !== undefined) return { state: 'cancelled', reason: delivery.cancel }
      if (delivery.once) return { state: 'failed', reason: 'single_attempt' }
      const endedAtMs = Math.round(clock.nowMs())
      const next = nextAttempt({
        delaysMs: delivery.attempt.webhook.retryDelaysMs,
        attemptsMade: delivery.attempts + 1 - (delivery.attemptsBefore ?? 0),
        endedAtMs,
        timeScale,
        random,
        retryAfterMs: retryAfterMs(result, endedAtMs),
      })
      return next === 'exhausted'
        ? { state: 'failed', reason: 'exhausted' }
        : { state: 'retrying', dueAtMs: next.dueAtMs }
    },
  }
}
