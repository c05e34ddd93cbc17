/** Events that a webhook or a sink is owed, as both show them. */
import { integer, nullable, number, object, oneOf, time } from '../http/schema-parts.ts'

/**
 * `held`: the webhook has more waiting than its share. `paused`: the webhook is off. `ordered`: earlier events of their
 * subjects are being retried.
 */
export const WAITING_REASONS = ['held', 'paused', 'ordered'] as const

export const waiting = nullable(
  object({
    count: integer,
    oldestAt: nullable(time),
    since: nullable(time),
    reason: oneOf(WAITING_REASONS),
    ratePerSecond: number,
  }),
)
