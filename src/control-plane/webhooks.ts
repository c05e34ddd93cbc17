/** Webhooks (C.10): a URL, selectors, a secret, a schedule. First cut: create, patch, delete; the engine reads them at each attempt. */
import type { Clock, Random } from '../clock.ts'
import { ClarionError, type Finding } from '../codes.ts'
import { generateSecret } from '../delivery/sign.ts'
import type { Ids } from '../events/ids.ts'
import { parseSelector } from '../events/selector.ts'
import { planOf } from '../registry/plans.ts'
import type { Announce, Announcement, Caller } from './announce.ts'
import { getOrganization } from './organizations.ts'
import type { Environment, Organization, SignatureProfile, Webhook } from './records.ts'
import { type RetryPolicy, retryDelaysMs } from './retry-policy.ts'
import { checkRevision, revised } from './revision.ts'
import type { SecretBox } from './secrets.ts'
import type { ControlStore } from './store.ts'
import type { ControlView } from './view.ts'

/** The date of the answer and body shapes that a webhook is created with, and keeps (C.10 `apiVersion`). */
export const WEBHOOK_API_VERSION = '2026-01-01'

/** What a webhook is that says no more than where and what. */
export const WEBHOOK_DEFAULTS = {
  ...{ timeoutMs: 30_000, maxInFlight: 10, conditions: null, ordering: 'none' },
  ...{ signatureProfiles: ['standard'] as SignatureProfile[], wireFormat: 'default' },
  ...{ encryptedHeaders: null, headerNames: [] as string[], previousEncryptedSecret: null, previousSecretExpiresAt: null },
  ...{ health: 'healthy', failingSince: null, autoDisableAfterDays: null, resumeAfter: null, peer: null },
} satisfies Partial<Webhook>

export interface NewWebhook {
  url: string
  events: string[]
  name?: string | null
  description?: string | null
  active?: boolean
  /** 16–256 characters; made if absent (K-6). */
  secret?: string
  timeoutMs?: number
  maxInFlight?: number
  retry?: RetryPolicy
}

export type WebhookPatch = Partial<NewWebhook>

/** Whose key it is: a webhook belongs to one environment of one organization. */
export interface Owner {
  organizationId: string
  environment: Environment
}

export interface Webhooks {
  /** `secret` is shown this once. Errors: those of the URL, `invalid_event_selector`, `invalid_retry_policy`, `webhook_quota_exceeded`. */
  create(caller: Caller, owner: Owner, input: NewWebhook): Promise<{ webhook: Webhook; secret: string }>
  /** `revision`: what the caller thinks it changes; another one is `revision_conflict`. */
  patch(caller: Caller, owner: Owner, id: string, patch: WebhookPatch, revision?: number): Promise<Webhook>
  delete(caller: Caller, owner: Owner, id: string, revision?: number): Promise<void>
}

export interface WebhooksDeps {
  store: ControlStore
  ids: Ids
  clock: Clock
  random: Random
  announce: Announce
  secrets: SecretBox
  /** The egress guard: what is wrong with the URL, or undefined. */
  checkUrl(url: string): ClarionError | undefined
}

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { store, ids, clock, announce } = deps

  /** What of the record the input says; checked, so that only good values are stored. */
  function fieldsOf(input: WebhookPatch): Partial<Webhook> {
    const fields: Partial<Webhook> = {}
    if (input.url !== undefined) fields.url = checkedUrl(input.url)
    if (input.events !== undefined) fields.events = checkedSelectors(input.events)
    if (input.name !== undefined) fields.name = input.name
    if (input.description !== undefined) fields.description = input.description
    if (input.secret !== undefined) fields.encryptedSecret = deps.secrets.encrypt(input.secret)
    if (input.timeoutMs !== undefined) fields.timeoutMs = input.timeoutMs
    if (input.maxInFlight !== undefined) fields.maxInFlight = input.maxInFlight
    if (input.retry !== undefined) fields.retryDelaysMs = retryDelaysMs(input.retry)
    return fields
  }

  function checkedUrl(url: string): string {
    const refusal = deps.checkUrl(url)
    if (refusal !== undefined) throw refusal
    return url
  }

  /** `PATCH {active: false}` pauses: `pausedAt` is when (C.10). */
  function activity(active: boolean | undefined, before: Webhook | undefined): Partial<Webhook> {
    if (active === undefined || active === before?.active) return {}
    return { active, pausedAt: active ? null : new Date(clock.nowMs()).toISOString() }
  }

  async function create(caller: Caller, owner: Owner, input: NewWebhook) {
    const secret = input.secret ?? generateSecret(deps.random)
    const now = new Date(clock.nowMs()).toISOString()
    const webhook: Webhook = {
      ...{ id: ids.next('wh'), ...owner, revision: 1, createdAt: now, updatedAt: now },
      ...{ name: null, description: null, url: input.url, events: input.events, active: true, pausedAt: null },
      ...{ ...WEBHOOK_DEFAULTS, retryDelaysMs: retryDelaysMs(input.retry), apiVersion: WEBHOOK_API_VERSION, encryptedSecret: '' },
      ...fieldsOf({ ...input, secret }),
      ...activity(input.active ?? true, undefined),
    }
    return store.change(ids.next('chg'), current => {
      const organization = getOrganization(current, owner.organizationId)
      checkLimit(
        organization,
        current.webhooks(owner.organizationId).filter(each => each.peer === null).length,
        planOf(organization.plan).webhooks,
      )
      const data = { url: webhook.url, events: webhook.events }
      return {
        records: [{ kind: 'webhook', record: webhook }],
        changes: [announce(caller, { ...of(webhook, 'WEBHOOK_CREATED'), status: statusOf(webhook), data })],
        result: { webhook, secret },
      }
    })
  }

  async function patch(caller: Caller, owner: Owner, id: string, input: WebhookPatch, revision?: number) {
    const fields = fieldsOf(input)
    return store.change(ids.next('chg'), current => {
      const before = getWebhook(current, owner, id)
      checkRevision(before, revision)
      const webhook = revised(before, { ...fields, ...activity(input.active, before) }, clock.nowMs())
      const about: Announcement = { ...of(webhook, 'WEBHOOK_UPDATED'), previousStatus: statusOf(before), status: statusOf(webhook) }
      return {
        records: [{ kind: 'webhook', record: webhook }],
        changes: [announce(caller, { ...about, data: { changed: Object.keys(input) } })],
        result: webhook,
      }
    })
  }

  return {
    create,
    patch,
    delete: (caller, owner, id, revision) =>
      store.change(ids.next('chg'), current => {
        const webhook = getWebhook(current, owner, id)
        checkRevision(webhook, revision)
        return {
          records: [{ kind: 'webhook', remove: { organizationId: owner.organizationId, id } }],
          changes: [announce(caller, { ...of(webhook, 'WEBHOOK_DELETED'), previousStatus: statusOf(webhook), status: 'deleted' })],
          result: undefined,
        }
      }),
  }
}

/** Throws `not_found`, for a webhook of the other environment too: a test key does not see what is live. */
export function getWebhook(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Webhook {
  const webhook = view.find('webhook', owner.organizationId, id)
  // An external peer of a federation group is kept as a webhook, and is none to its owner (C.1).
  if (webhook?.environment !== owner.environment || webhook.peer !== null) throw new ClarionError('not_found', 'There is no such webhook.')
  return webhook
}

function checkedSelectors(events: string[]): string[] {
  const details: Finding[] = []
  for (const [index, selector] of events.entries()) {
    if (parseSelector(selector) === undefined)
      details.push({ path: `/events/${index}`, rule: 'selector', message: `'${selector}' is not an event selector` })
  }
  if (details.length > 0) throw new ClarionError('invalid_event_selector', details[0]!.message, { details })
  return [...new Set(events)]
}

function checkLimit(organization: Organization, used: number, limit: number): void {
  if (used < limit) return
  throw new ClarionError('webhook_quota_exceeded', `The plan ${organization.plan} has ${limit} webhooks; ${used} are used.`)
}

const of = (webhook: Webhook, type: string): Announcement => ({
  organizationId: webhook.organizationId,
  type,
  entityType: 'webhook',
  entityId: webhook.id,
})

const statusOf = (webhook: Webhook) => (webhook.active ? 'active' : 'paused')
