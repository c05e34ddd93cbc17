/** Ids of delivery targets: webhooks, sinks, and external peers of federation groups. */

import { subscriberKey } from '../../events/subscribers.ts'
import type { Ids } from '../../model/ids.ts'
import type { Webhook } from '../../model/webhooks.ts'

/**
 * An id whose subscriber key none of the organization's webhooks has: the log knows a webhook by that key alone.
 * `drawn`: an id to use if it is free. `webhooks`: all of the organization, of both environments.
 */
export function freeWebhookId(
  ids: Ids,
  prefix: 'wh' | 'cefm' | 'snk',
  webhooks: readonly Webhook[],
  drawn = ids.next(prefix),
): string {
  const taken = new Set(webhooks.map(({ id }) => subscriberKey(id)))
  let id = drawn
  while (taken.has(subscriberKey(id))) id = ids.next(prefix)
  return id
}
