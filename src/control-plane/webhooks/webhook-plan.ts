/**
 * What a plan allows of webhooks (C.12). After a downgrade those beyond the limit, the newest, are read-only: they go on delivering as they
 * are, and may be paused and deleted, nothing else (docs/decisions/0045).
 */
import { ClarionError } from '../../model/codes.ts'
import { planOf } from '../../model/plans.ts'
import type { Organization, Webhook } from '../../model/records.ts'

/** Those of its own: external peers of federation groups are counted there. */
export const ownWebhooks = (webhooks: readonly Webhook[]): Webhook[] => webhooks.filter(({ peer }) => peer === null)

/** Throws `webhook_quota_exceeded` when there is no room for one more. */
export function checkRoom({ plan }: Organization, webhooks: readonly Webhook[]): void {
  const limit = planOf(plan).webhooks
  const used = ownWebhooks(webhooks).length
  if (used >= limit) throw exceeded(`The plan ${plan} has ${limit} webhooks; ${used} are used.`)
}

/** Throws `webhook_quota_exceeded` for a webhook that its organization's plan has no room for any more. `webhooks`: oldest first. */
export function checkWritable({ plan }: Organization, webhooks: readonly Webhook[], id: string): void {
  const limit = planOf(plan).webhooks
  const own = ownWebhooks(webhooks)
  if (own.length <= limit || own.findIndex(each => each.id === id) < limit) return
  throw exceeded(`The plan ${plan} has ${limit} webhooks; of ${own.length} the newest can only be paused or deleted.`)
}

const exceeded = (message: string) => new ClarionError('webhook_quota_exceeded', message)
