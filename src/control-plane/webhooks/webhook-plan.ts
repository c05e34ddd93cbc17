/**
 * The plan's limit of webhooks. After a downgrade the newest ones beyond the limit are read-only: they keep delivering,
 * and may be paused and deleted, nothing else (docs/decisions/0042).
 */
import { ClarionError } from '../../model/codes.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import { isOwnReceiver, isWebhook, type Webhook } from '../../model/webhooks.ts'

/** Without sinks and external peers. */
export const ownWebhooks = (webhooks: readonly Webhook[]): Webhook[] => webhooks.filter(isWebhook)

/** What the plan counts: webhooks and sinks. External peers of federation groups have a limit of their own. */
export const ownReceivers = (webhooks: readonly Webhook[]): Webhook[] => webhooks.filter(isOwnReceiver)

/** Throws `webhook_quota_exceeded` when the plan allows no further one. */
export function checkWebhookQuota({ plan }: Organization, webhooks: readonly Webhook[]): void {
  const limit = planOf(plan).webhooks
  const used = ownReceivers(webhooks).length
  if (used >= limit) throw exceeded(`The plan ${plan} has ${limit} webhooks and sinks; ${used} are used.`)
}

/**
 * Throws `webhook_quota_exceeded` for a webhook beyond the limit of its organization's plan. `webhooks`: oldest first.
 */
export function checkWritable({ plan }: Organization, webhooks: readonly Webhook[], id: string): void {
  const limit = planOf(plan).webhooks
  const own = ownReceivers(webhooks)
  if (own.length <= limit || own.findIndex(each => each.id === id) < limit) return
  throw exceeded(
    `The plan ${plan} has ${limit} webhooks and sinks; of ${own.length} the newest can only be paused or deleted.`,
  )
}

const exceeded = (message: string) => new ClarionError('webhook_quota_exceeded', message)
