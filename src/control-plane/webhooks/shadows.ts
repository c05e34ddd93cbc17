/** Candidates beside webhooks: a share of their deliveries goes there too, for comparison, until a time. */
import type { Clock } from '../../clock.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import { finding } from '../../json/json-text.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { Shadow } from '../../model/shadows.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { Validators } from '../../registry/validators.ts'
import type { Announce, Caller } from '../store/announce.ts'
import type { ControlStore, Decision } from '../store/store.ts'
import { type CheckUrl, checkedSettings } from './webhook-settings.ts'
import { changeable, getWebhook, type Prove } from './webhooks.ts'

export interface NewShadow {
  url: string
  /** Per cent of the events, 1–100. */
  share: number
  headers?: Record<string, string> | null
  /** At most 7 days from now; a day by default. */
  until?: string
}

export interface Shadows {
  /** Replaces what was there; the report begins anew. Errors: those of a webhook's URL and headers, and of `prove`. */
  set(caller: Caller, owner: Owner, id: string, input: NewShadow, prove?: Prove): Promise<Shadow>
  /** Errors: `not_found`. */
  end(caller: Caller, owner: Owner, id: string): Promise<void>
}

const DAY_MS = 86_400_000
const DAYS_MAX = 7

export function createShadows(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
  secrets: SecretBox
  checkUrl: CheckUrl
  validators: Validators
}): Shadows {
  const { store, view, ids, clock, announce } = deps

  /** Throws `validation_failed`. */
  function untilOf(given: string | undefined, nowMs: number): string {
    const atMs = given === undefined ? nowMs + DAY_MS : Date.parse(given)
    if (atMs > nowMs && atMs <= nowMs + DAYS_MAX * DAY_MS) return new Date(atMs).toISOString()
    const message = `must be in the future, at most ${DAYS_MAX} days from now`
    throw new ClarionError('validation_failed', `The end of a shadow delivery ${message}.`, {
      details: [finding('/until', 'range', message)],
    })
  }

  const announced = (caller: Caller, { organizationId, id }: Webhook, data: object) => [
    announce(caller, {
      ...{ organizationId, type: 'WEBHOOK_UPDATED', entityType: 'webhook', entityId: id },
      data: { changed: ['shadow'], ...data },
    }),
  ]

  return {
    async set(caller, owner, id, input, prove) {
      const webhook = changeable(view, owner, id)
      const nowMs = clock.nowMs()
      const until = untilOf(input.until, nowMs)
      const { url, encryptedHeaders, headerNames } = checkedSettings(
        { url: input.url, headers: input.headers ?? null },
        deps,
      )
      if (prove !== undefined) await prove({ ...webhook, url: url! })
      return store.change(ids.next('chg'), (current): Decision<Shadow> => {
        const of = changeable(current, owner, id)
        const before = current.find('shadow', owner.organizationId, id)
        const now = new Date(nowMs).toISOString()
        const shadow: Shadow = {
          ...{
            id,
            ...owner,
            revision: (before?.revision ?? 0) + 1,
            createdAt: before?.createdAt ?? now,
            updatedAt: now,
          },
          ...{ url: url!, share: input.share, encryptedHeaders: encryptedHeaders ?? null },
          ...{ headerNames: headerNames ?? [], since: now, until },
        }
        return {
          records: [{ kind: 'shadow', record: shadow }],
          changes: announced(caller, of, { url: shadow.url, share: shadow.share, until }),
          result: shadow,
        }
      })
    },
    end: (caller, owner, id) =>
      store.change(ids.next('chg'), (current): Decision<void> => {
        const webhook = getWebhook(current, owner, id)
        getShadow(current, owner, id)
        return {
          records: [{ kind: 'shadow', remove: { organizationId: owner.organizationId, id } }],
          changes: announced(caller, webhook, { ended: true }),
          result: undefined,
        }
      }),
  }
}

/** Throws `not_found`. */
export function getShadow(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Shadow {
  const shadow = view.find('shadow', getWebhook(view, owner, id).organizationId, id)
  if (shadow === undefined) throw new ClarionError('not_found', 'The webhook has no shadow delivery.')
  return shadow
}
