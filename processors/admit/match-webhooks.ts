import { conditionsHold, patternWork } from '../../src/events/conditions-hold.ts'
import { createSelectorIndex, type SelectorIndex } from '../../src/events/selector.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Environment } from '../../src/model/environments.ts'
import type { Webhook } from '../../src/model/webhooks.ts'
import type { EventFacts } from '../../topics/deliveries.ts'

export interface Matched {
  webhookIds: string[]
  /** Selected, but excluded from delivery. */
  skipped: Array<{ webhookId: string; reason: string }>
}

/** `payload`: its parsed value; called only where a webhook has conditions. */
export type MatchWebhooks = (
  organizationId: string,
  environment: Environment,
  event: EventFacts,
  payload: () => unknown,
) => Matched

const NONE: Matched = { webhookIds: [], skipped: [] }

/** One index per list of webhooks; the view returns another list when one of them changes. */
export function createWebhookMatcher(view: ControlView): MatchWebhooks {
  const indexes = new WeakMap<readonly Webhook[], Record<Environment, SelectorIndex<Webhook>>>()

  function indexOf(webhooks: readonly Webhook[]): Record<Environment, SelectorIndex<Webhook>> {
    const known = indexes.get(webhooks)
    if (known) return known
    const entries = (environment: Environment) =>
      webhooks
        .filter(webhook => webhook.environment === environment)
        .map(webhook => ({ selectors: webhook.events, value: webhook }))
    const made = { live: createSelectorIndex(entries('live')), test: createSelectorIndex(entries('test')) }
    indexes.set(webhooks, made)
    return made
  }

  return (organizationId, environment, event, payload) => {
    const webhooks = view.webhooks(organizationId)
    if (webhooks.length === 0) return NONE
    const selected = indexOf(webhooks)[environment].match(event)
    // A paused webhook is matched as well: `deliver` records it as owed.
    if (selected.every(webhook => webhook.conditions === null))
      return { webhookIds: selected.map(webhook => webhook.id), skipped: [] }
    const value = payload()
    const work = patternWork()
    const [met, unmet] = [[] as string[], [] as Matched['skipped']]
    for (const { id, conditions } of selected) {
      if (conditions === null || conditionsHold(conditions, event, value, work)) met.push(id)
      else unmet.push({ webhookId: id, reason: 'condition_false' })
    }
    return { webhookIds: met, skipped: unmet }
  }
}
