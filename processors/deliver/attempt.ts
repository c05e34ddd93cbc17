/** One attempt: what is sent, and what comes of it. The webhook is read when the attempt begins (C.10, update semantics). */
import type { Clock, Random } from '../../src/clock.ts'
import type { Webhook } from '../../src/control-plane/records.ts'
import type { SecretBox } from '../../src/control-plane/secrets.ts'
import { buildAttempt } from '../../src/delivery/request.ts'
import { judge, nextAttempt, retryAfterMs } from '../../src/delivery/retry-schedule.ts'
import type { AttemptResult, Sender } from '../../src/delivery/send.ts'
import type { ChainTokens } from '../../src/events/chain.ts'
import type { Logger } from '../../src/observability/logger.ts'
import type { Delivery } from './delivery.ts'

const SECRETS_MAX = 10_000

/** What becomes of a delivery after an attempt. */
export type Outcome = { state: 'success' } | { state: 'retrying'; dueAtMs: number } | { state: 'failed' }

export interface Attempts {
  /** Signs and sends the next attempt. Undefined when the webhook's secret cannot be read: that is our fault, and no attempt. */
  begin(delivery: Delivery, webhook: Webhook): Promise<AttemptResult> | undefined
  /** What the result means for the delivery (C.10, rules). */
  decide(delivery: Delivery, webhook: Webhook, result: AttemptResult): Outcome
}

export function createAttempts(deps: {
  secrets: SecretBox
  sender: Sender
  chains: ChainTokens
  clock: Clock
  random: Random
  timeScale: number
  logger: Logger
}): Attempts {
  const { clock, random, timeScale } = deps
  const secretOf = openedSecrets(deps.secrets, deps.logger)

  return {
    begin(delivery, webhook) {
      const { event, payload, deliveryId } = delivery
      const secret = secretOf(webhook)
      if (secret === undefined) return undefined
      const { rootEventId, depth, eventId, organizationId } = event
      const { body, headers } = buildAttempt({
        webhook,
        secret,
        event,
        payload,
        deliveryId,
        attempt: delivery.attempts + 1,
        chainToken: deps.chains.sign({ rootEventId, depth, eventId, organizationId }),
        nowMs: clock.nowMs(),
      })
      delivery.attempt = { webhook, headers }
      return deps.sender.send({ url: webhook.url, body, headers, timeoutMs: webhook.timeoutMs })
    },
    decide(delivery, webhook, result) {
      const verdict = judge(result)
      if (verdict === 'success') return { state: 'success' }
      if (verdict === 'stop') return { state: 'failed' }
      const endedAtMs = Math.round(clock.nowMs())
      const next = nextAttempt({
        delaysMs: webhook.retryDelaysMs,
        attemptsMade: delivery.attempts + 1,
        endedAtMs,
        timeScale,
        random,
        retryAfterMs: retryAfterMs(result, endedAtMs),
      })
      return next === 'exhausted' ? { state: 'failed' } : { state: 'retrying', dueAtMs: next.dueAtMs }
    },
  }
}

/** Decrypting costs more than signing: secrets are kept in clear, by their sealed form. One that cannot be opened is told once. */
function openedSecrets(secrets: SecretBox, logger: Logger): (webhook: Webhook) => string | undefined {
  const opened = new Map<string, string | undefined>()
  return ({ id, encryptedSecret }) => {
    if (opened.has(encryptedSecret)) return opened.get(encryptedSecret)
    if (opened.size >= SECRETS_MAX) opened.clear()
    let secret: string | undefined
    try {
      secret = secrets.decrypt(encryptedSecret)
    } catch (error) {
      logger.error({ webhook: id, error: String(error) }, 'the secret of a webhook cannot be opened; its deliveries wait')
    }
    opened.set(encryptedSecret, secret)
    return secret
  }
}
