/**
 * Whether a webhook, in its current state, subscribes to an event: by selectors and conditions, as `admit` matches
 * them.
 */

import { conditionsHold } from '../../../src/events/conditions-hold.ts'
import { createSelectorIndex, type SelectorIndex } from '../../../src/events/selector.ts'
import { parseJson } from '../../../src/json/json.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'

export type Subscribes = (webhook: Webhook, event: EventFacts, payload: Buffer) => boolean

/** One index per webhook record; a changed webhook is another record. */
export function createSubscribes(): Subscribes {
  const indexes = new WeakMap<Webhook, SelectorIndex<Webhook>>()
  return (webhook, event, payload) => {
    let index = indexes.get(webhook)
    if (!index) {
      index = createSelectorIndex([{ selectors: webhook.events, value: webhook }])
      indexes.set(webhook, index)
    }
    if (index.match(event).length === 0) return false
    if (webhook.conditions === null) return true
    const parsed = parseJson(payload, { depthMax: Number.POSITIVE_INFINITY, duplicateKeys: 'refuse' })
    return parsed.ok && conditionsHold(webhook.conditions, event, parsed.value)
  }
}
