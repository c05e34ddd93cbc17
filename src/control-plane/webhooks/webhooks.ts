/**
 * Webhooks: URL, selectors, signatures, schedule. The engine reads them at each attempt, so a change applies to the
 * next one.
 */
import type { Clock, Random } from '../../clock.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import { privateKeyOf, publicKeyText } from '../../delivery/profiles/ed25519.ts'
import { generateSecret } from '../../delivery/sign.ts'
import { signatory } from '../../delivery/signing-context.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { isOwnReceiver, isWebhook, type SignatureProfile, type Webhook } from '../../model/webhooks.ts'
import type { Validators } from '../../registry/validators.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import { retryDelaysMs } from './retry-policy.ts'
import { type ResumeFrom, switched } from './switched.ts'
import { freeWebhookId } from './webhook-ids.ts'
import { checkWebhookQuota, checkWritable } from './webhook-plan.ts'
import { rotated } from './webhook-rotation.ts'
import { type CheckUrl, checkedSettings, type WebhookSettings } from './webhook-settings.ts'

/** The date of the shapes of answers and bodies that a webhook is created with, and keeps (`apiVersion`). */
export const WEBHOOK_API_VERSION = '2026-01-01'

/** The settings of a webhook created with nothing but a URL and selectors. */
export const WEBHOOK_DEFAULTS = {
  ...{ timeoutMs: 30_000, maxInFlight: 10, conditions: null, ordering: 'none' },
  ...{ signatureProfiles: ['standard'] as SignatureProfile[], wireFormat: 'default' },
  ...{
    encryptedHeaders: null,
    headerNames: [] as string[],
    previousEncryptedSecret: null,
    previousSecretExpiresAt: null,
  },
  ...{ health: 'healthy', failingSince: null, autoDisableAfterDays: null, resumeAfter: null, peer: null },
} satisfies Partial<Webhook>

export type NewWebhook = WebhookSettings
export type WebhookPatch = Partial<WebhookSettings>

/** Proves the receiver before a webhook is created or switched on; rejects when the receiver fails the check. */
export type Prove = (webhook: Webhook) => Promise<void>

export interface Rotation {
  /** Instead of a generated one. */
  secret?: string
  /** The former secret ends at once, instead of after 24 hours. */
  immediate?: boolean
}

export interface Webhooks {
  /**
   * The answer is the only one with `secret`. Errors: those of the settings, `webhook_quota_exceeded`, and those of
   * `prove`.
   */
  create(caller: Caller, owner: Owner, input: NewWebhook, prove?: Prove): Promise<{ webhook: Webhook; secret: string }>
  /** `revision`: the one that the caller read; any other is `revision_conflict`. Other errors as for `create`. */
  patch(
    caller: Caller,
    owner: Owner,
    id: string,
    patch: WebhookPatch,
    revision?: number,
    prove?: Prove,
  ): Promise<Webhook>
  /** Switches it on, if it is off. See docs/specification/webhooks.md#pause-and-activation. */
  activate(
    caller: Caller,
    owner: Owner,
    id: string,
    resume: ResumeFrom,
    revision?: number,
    prove?: Prove,
  ): Promise<Webhook>
  /** The answer is the only one with `secret`. Errors: `secret_rotation_in_progress`, `webhook_quota_exceeded`. */
  rotate(
    caller: Caller,
    owner: Owner,
    id: string,
    rotation: Rotation,
    revision?: number,
  ): Promise<{ webhook: Webhook; secret: string }>
  delete(caller: Caller, owner: Owner, id: string, revision?: number): Promise<void>
  /** `whpk_…` if it signs with Ed25519, else null. */
  publicKeyOf(webhook: Webhook): string | null
}

export interface WebhooksDeps {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  random: Random
  announce: Announce
  secrets: SecretBox
  checkUrl: CheckUrl
  /** Compiles contracts. */
  validators: Validators
  /** `CLARION_TIME_SCALE`; 1 by default. */
  timeScale?: number
}

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { store, view, ids, clock, announce, secrets } = deps

  /** Changes one webhook. `decide` answers the changed fields, from the newest state. */
  function change<T>(
    caller: Caller,
    owner: Owner,
    id: string,
    revision: number | undefined,
    decide: (
      before: Webhook,
      current: DecisionView,
    ) => { fields: Partial<Webhook>; types: string[]; data: object; result(webhook: Webhook): T },
  ): Promise<T> {
    return store.change(ids.next('chg'), (current): Decision<T> => {
      const before = getWebhook(current, owner, id)
      checkRevision(before, revision)
      const { fields, types, data, result } = decide(before, current)
      if (Object.keys(fields).length === 0) return { records: [], changes: [], result: result(before) }
      const webhook = revised(before, fields, clock.nowMs())
      const about = { previousStatus: statusOf(before), status: statusOf(webhook), data: { ...data } }
      const changes = types.map(type => announce(caller, { ...of(webhook, type), ...about }))
      return { records: [{ kind: 'webhook', record: webhook }], changes, result: result(webhook) }
    })
  }

  async function create(caller: Caller, owner: Owner, input: NewWebhook, prove?: Prove) {
    const secret = input.secret ?? generateSecret(deps.random)
    const now = new Date(clock.nowMs()).toISOString()
    const draft: Webhook = {
      ...{
        id: freeWebhookId(ids, 'wh', view.webhooks(owner.organizationId)),
        ...owner,
        revision: 1,
        createdAt: now,
        updatedAt: now,
      },
      ...{ name: null, description: null, url: input.url, events: input.events },
      ...{ active: input.active ?? true, pausedAt: input.active === false ? now : null },
      ...{ ...WEBHOOK_DEFAULTS, retryDelaysMs: retryDelaysMs(), apiVersion: WEBHOOK_API_VERSION, encryptedSecret: '' },
      ...checkedSettings({ ...input, secret }, deps),
    }
    if (prove !== undefined) {
      checkWebhookQuota(getOrganization(view, owner.organizationId), view.webhooks(owner.organizationId))
      await prove(draft)
    }
    return store.change(ids.next('chg'), current => {
      const existing = current.webhooks(owner.organizationId)
      checkWebhookQuota(getOrganization(current, owner.organizationId), existing)
      const webhook = { ...draft, id: freeWebhookId(ids, 'wh', existing, draft.id) }
      const data = { url: webhook.url, events: webhook.events }
      return {
        records: [{ kind: 'webhook', record: webhook }],
        changes: [announce(caller, { ...of(webhook, 'WEBHOOK_CREATED'), status: statusOf(webhook), data })],
        result: { webhook, secret },
      }
    })
  }

  async function patch(
    caller: Caller,
    owner: Owner,
    id: string,
    input: WebhookPatch,
    revision?: number,
    prove?: Prove,
  ) {
    const fields = checkedSettings(input, deps)
    // Setting a secret ends the former one at once; keeping both for a while is what rotation is for.
    if (input.secret !== undefined)
      Object.assign(fields, { previousEncryptedSecret: null, previousSecretExpiresAt: null })
    if (prove !== undefined) await prove({ ...changeable(view, owner, id, revision), ...fields })
    return change(caller, owner, id, revision, (before, current) => {
      if (!isPause(input)) changeable(current, owner, id, revision)
      return {
        fields: { ...fields, ...switched(input.active, before, 'from_pause', clock.nowMs()) },
        types: ['WEBHOOK_UPDATED', ...(input.secret === undefined ? [] : ['WEBHOOK_SECRET_ROTATED'])],
        data: { changed: Object.keys(input) },
        result: webhook => webhook,
      }
    })
  }

  return {
    create,
    patch,
    async activate(caller, owner, id, resume, revision, prove) {
      const existing = getWebhook(view, owner, id)
      if (prove !== undefined && !existing.active) await prove(changeable(view, owner, id, revision))
      return change(caller, owner, id, revision, (before, current) => {
        changeable(current, owner, id, revision)
        const fields = switched(true, before, resume, clock.nowMs())
        return { fields, types: ['WEBHOOK_UPDATED'], data: { changed: ['active'], resume }, result: webhook => webhook }
      })
    },
    async rotate(caller, owner, id, { secret = generateSecret(deps.random), immediate = false }, revision) {
      const { encryptedSecret } = checkedSettings({ secret }, deps)
      return change(caller, owner, id, revision, (before, current) => {
        changeable(current, owner, id, revision)
        const fields = rotated(before, encryptedSecret!, immediate, clock.nowMs(), deps.timeScale ?? 1)
        const data = { immediate, previousSecretExpiresAt: fields.previousSecretExpiresAt }
        return { fields, types: ['WEBHOOK_SECRET_ROTATED'], data, result: webhook => ({ webhook, secret }) }
      })
    },
    delete: (caller, owner, id, revision) =>
      store.change(ids.next('chg'), current => {
        const webhook = getWebhook(current, owner, id)
        checkRevision(webhook, revision)
        return {
          records: [
            { kind: 'webhook', remove: { organizationId: owner.organizationId, id } },
            ...withoutShadow(current, webhook),
          ],
          changes: [
            announce(caller, {
              ...of(webhook, 'WEBHOOK_DELETED'),
              previousStatus: statusOf(webhook),
              status: 'deleted',
            }),
          ],
          result: undefined,
        }
      }),
    publicKeyOf({ id, signatureProfiles, encryptedSecret }) {
      // Null too when the secret cannot be opened: the webhook can still be read, and given a new one.
      if (!signatureProfiles.includes('ed25519') || secrets.openedBy(encryptedSecret) === undefined) return null
      return publicKeyText(
        privateKeyOf(signatory(secrets, id, secrets.decrypt(encryptedSecret), encryptedSecret).seed()),
      )
    },
  }
}

/**
 * Throws `not_found`, also for a webhook of the other environment (a test key does not see live ones), and for sinks
 * and external peers of federation groups, which are no webhooks to their owner.
 */
export function getWebhook(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Webhook {
  const webhook = getReceiver(view, owner, id)
  if (!isWebhook(webhook)) throw new ClarionError('not_found', 'There is no such webhook.')
  return webhook
}

/** The same for a webhook or a sink. */
export function getReceiver(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Webhook {
  const webhook = view.find('webhook', owner.organizationId, id)
  if (webhook?.environment !== owner.environment || !isOwnReceiver(webhook))
    throw new ClarionError('not_found', 'There is no such webhook.')
  return webhook
}

/** The removal of its candidate, if it has one. */
function withoutShadow(current: Pick<ControlView, 'find'>, { organizationId, id }: Webhook): Change[] {
  return current.find('shadow', organizationId, id) ? [{ kind: 'shadow', remove: { organizationId, id } }] : []
}

/** The webhook, if its revision and the plan allow a change. */
export function changeable(
  current: Pick<ControlView, 'find' | 'organization' | 'webhooks'>,
  owner: Owner,
  id: string,
  revision?: number,
): Webhook {
  const webhook = getWebhook(current, owner, id)
  checkRevision(webhook, revision)
  checkWritable(getOrganization(current, owner.organizationId), current.webhooks(owner.organizationId), id)
  return webhook
}

const isPause = (input: WebhookPatch): boolean => input.active === false && Object.keys(input).length === 1

const of = (webhook: Webhook, type: string): Announcement => ({
  organizationId: webhook.organizationId,
  type,
  entityType: 'webhook',
  entityId: webhook.id,
})

const statusOf = (webhook: Webhook) => (webhook.active ? 'active' : 'paused')
