/** Webhooks of the key's environment (C.10). */

import type { ControlView } from '../../control-plane/view.ts'
import { getWebhook, type NewWebhook, type WebhookPatch, type Webhooks } from '../../control-plane/webhooks.ts'
import { pageOf, pagingOf } from '../paging.ts'
import type { Answer, Call } from '../route.ts'
import { shownWebhook } from '../shown.ts'
import { ownerOf } from './caller.ts'

export function createWebhookHandlers({ webhooks, view }: { webhooks: Webhooks; view: ControlView }) {
  const id = (call: Call) => call.params.id!
  return {
    async create(call: Call): Promise<Answer> {
      const { webhook, secret } = await webhooks.create(call.caller, ownerOf(call), call.body as NewWebhook)
      return { data: { ...shownWebhook(webhook), secret } }
    },
    list(call: Call): Answer {
      const { organizationId, environment } = ownerOf(call)
      const own = view.webhooks(organizationId).filter(webhook => webhook.environment === environment && webhook.peer === null)
      const { items, nextCursor } = pageOf(own, pagingOf(call.query))
      return { data: items.map(shownWebhook), nextCursor }
    },
    get: (call: Call): Answer => ({ data: shownWebhook(getWebhook(view, ownerOf(call), id(call))) }),
    async patch(call: Call): Promise<Answer> {
      const webhook = await webhooks.patch(call.caller, ownerOf(call), id(call), call.body as WebhookPatch, call.expectedRevision)
      return { data: shownWebhook(webhook) }
    },
    async delete(call: Call): Promise<Answer> {
      await webhooks.delete(call.caller, ownerOf(call), id(call), call.expectedRevision)
      return { data: { id: id(call), deleted: true } }
    },
  }
}

/** PD-5: the bare answer of the original. */
export function bareWebhook(answer: Answer): unknown {
  const { id, url, events, secret, active, createdAt } = answer.data as Record<string, unknown>
  return { id, url, events, secret, active, createdAt }
}
