/** Webhooks of the key's environment. See docs/specification/webhooks.md#settings. */

import type { Reads } from '../../analytics/read/reads.ts'
import { NO_ACTIVITY, UNKNOWN_ACTIVITY } from '../../analytics/read/webhook-reads.ts'
import type { Clock } from '../../clock.ts'
import { selectsName } from '../../control-plane/webhooks/selects-name.ts'
import type { ResumeFrom } from '../../control-plane/webhooks/switched.ts'
import { ownWebhooks } from '../../control-plane/webhooks/webhook-plan.ts'
import {
  getWebhook,
  type NewWebhook,
  type Rotation,
  type WebhookPatch,
  type Webhooks,
} from '../../control-plane/webhooks/webhooks.ts'
import type { Pings } from '../../delivery/ping.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Webhook } from '../../model/webhooks.ts'
import { ownerOf } from '../http/caller.ts'
import { totalOf } from '../http/counted.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { isMeant } from '../http/text-search.ts'
import { unlessAway } from '../http/unless-away.ts'
import { presentWebhook } from './presenter.ts'
import type { WaitingWebhooks } from './waiting-webhooks.ts'

/**
 * Defaults of a webhook created by the alias header: signed, rendered and retried in the older way, unless the call
 * says otherwise; the standard signature is sent beside it. See docs/specification/conventions.md#bare-answers.
 */
const ORIGINAL_DEFAULTS = {
  signatureProfiles: ['platphorm', 'standard'],
  wireFormat: 'platphorm',
  retry: { preset: 'four' },
} satisfies Partial<NewWebhook>

interface WebhookQuery {
  q?: string
  health?: Webhook['health']
  active?: boolean
  /** A name that it would match. */
  event?: string
  count?: boolean
}

export function createWebhookHandlers(deps: {
  webhooks: Webhooks
  pings: Pings
  reads: Pick<Reads, 'webhookActivity'>
  waiting: Pick<WaitingWebhooks, 'of'>
  view: ControlView
  clock: Clock
}) {
  const { webhooks, pings, view, clock } = deps
  const id = (call: Call) => call.params.id!

  /** With the activity of their deliveries; the settings can be read and changed while the history is unavailable. */
  async function presentAll(all: readonly Webhook[]): Promise<object[]> {
    const [first] = all
    if (first === undefined) return []
    const ids = all.map(each => each.id)
    const activity = await deps.reads.webhookActivity(first.organizationId, first.environment, ids).catch(unlessAway)
    const activityOf = (webhook: Webhook) =>
      activity === undefined ? UNKNOWN_ACTIVITY : (activity.get(webhook.id) ?? NO_ACTIVITY)
    const factsOf = (webhook: Webhook) => ({ activity: activityOf(webhook), waiting: deps.waiting.of(webhook.id) })
    return all.map(webhook => presentWebhook(webhook, webhooks.publicKeyOf(webhook), factsOf(webhook), clock.nowMs()))
  }
  const present = async (webhook: Webhook): Promise<object> => (await presentAll([webhook]))[0]!

  /** The call's settings of the webhook, and the proof that its receiver must give, if any. */
  function inputOf<T>(call: Call): { input: T; prove: Pings['prove'] | undefined } {
    const { verifyOwnership, ...input } = call.body as T & { verifyOwnership?: boolean }
    return { input: input as T, prove: verifyOwnership === true ? pings.prove : undefined }
  }

  return {
    async create(call: Call): Promise<Answer> {
      const { input, prove } = inputOf<NewWebhook>(call)
      const withDefaults = call.principal?.viaAlias === true ? { ...ORIGINAL_DEFAULTS, ...input } : input
      const { webhook, secret } = await webhooks.create(call.caller, ownerOf(call), withDefaults, prove)
      return {
        data: {
          ...presentWebhook(
            webhook,
            webhooks.publicKeyOf(webhook),
            { activity: NO_ACTIVITY, waiting: null },
            clock.nowMs(),
          ),
          secret,
        },
      }
    },
    async list(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const { q, health, active, event, count } = call.query as WebhookQuery
      const selects = event === undefined ? () => true : selectsName(view, organizationId, event)
      const own = ownWebhooks(view.webhooks(organizationId)).filter(
        webhook =>
          webhook.environment === environment &&
          (health ?? webhook.health) === webhook.health &&
          (active ?? webhook.active) === webhook.active &&
          isMeant(q, webhook.id, [webhook.name, webhook.url]) &&
          selects(webhook.events),
      )
      const { items, nextCursor } = pageOf('webhooks', own, pagingOf(call.query))
      const meta = count === true ? { ...totalOf(own.length) } : {}
      return { data: await presentAll(items), nextCursor, meta }
    },
    get: async (call: Call): Promise<Answer> => ({ data: await present(getWebhook(view, ownerOf(call), id(call))) }),
    async patch(call: Call): Promise<Answer> {
      const { input, prove } = inputOf<WebhookPatch>(call)
      return {
        data: await present(
          await webhooks.patch(call.caller, ownerOf(call), id(call), input, call.expectedRevision, prove),
        ),
      }
    },
    async activate(call: Call): Promise<Answer> {
      const { input, prove } = inputOf<{ resume?: ResumeFrom }>(call)
      const { resume = 'from_pause' } = input
      return {
        data: await present(
          await webhooks.activate(call.caller, ownerOf(call), id(call), resume, call.expectedRevision, prove),
        ),
      }
    },
    async rotate(call: Call): Promise<Answer> {
      const { webhook, secret } = await webhooks.rotate(
        call.caller,
        ownerOf(call),
        id(call),
        call.body as Rotation,
        call.expectedRevision,
      )
      return { data: { ...(await present(webhook)), secret } }
    },
    test: async (call: Call): Promise<Answer> => ({
      data: await pings.send(getWebhook(view, ownerOf(call), id(call)), true),
    }),
    async delete(call: Call): Promise<Answer> {
      await webhooks.delete(call.caller, ownerOf(call), id(call), call.expectedRevision)
      return { data: { id: id(call), deleted: true } }
    },
  }
}
