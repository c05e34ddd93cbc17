/** The channels of each kind of system notice. A kind without an entry goes to the built-in channels. */
import { NOTICE_KINDS } from '../../../topics/notifications.ts'
import type { Clock } from '../../clock.ts'
import { pointerTo } from '../../json/json-pointer.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { NotificationPreferences } from '../../model/notifications.ts'
import { channelsOfNotice, findChannel, PREFERENCES_ID, preferencesOf } from '../../notifications/channels.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { ControlStore } from '../store/store.ts'

/** By kind: names of channels. */
export type Notices = Record<string, string[]>

export interface Preferences {
  /** Replaces them all; kinds that are not named get the default. Errors: `channel_not_found`, `revision_conflict`. */
  put(caller: Caller, organizationId: string, notices: Notices, revision?: number): Promise<void>
}

export function createPreferences(deps: {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
}): Preferences {
  const { store, ids, clock, announce } = deps
  return {
    put: (caller, organizationId, notices, revision) =>
      store.change(ids.next('chg'), current => {
        getOrganization(current, organizationId)
        const before = preferencesOf(current, organizationId)
        checkRevision({ revision: before?.revision ?? 0 }, revision)
        const byId = Object.fromEntries(
          Object.entries(notices).map(([kind, names]) => [kind, idsOf(current, organizationId, kind, names)]),
        )
        const now = new Date(clock.nowMs()).toISOString()
        const record: NotificationPreferences = before
          ? revised(before, { notices: byId }, clock.nowMs())
          : { id: PREFERENCES_ID, organizationId, revision: 1, createdAt: now, updatedAt: now, notices: byId }
        const about = { organizationId, entityType: 'organization' as const, entityId: organizationId }
        return {
          records: [{ kind: 'notification-preferences', record }],
          changes: [announce(caller, { ...about, type: 'NOTIFICATION_PREFERENCES_UPDATED', data: { notices } })],
          result: undefined,
        }
      }),
  }
}

function idsOf(current: DecisionView, organizationId: string, kind: string, names: readonly string[]): string[] {
  const found = names.map((name, at) => {
    const channel = findChannel(current, organizationId, name)
    if (channel !== undefined) return channel.id
    const details = [{ path: `${pointerTo('/notices', kind)}/${at}`, rule: 'channel', message: 'names no channel' }]
    throw new ClarionError('channel_not_found', `There is no notification channel ${JSON.stringify(name)}.`, {
      details,
    })
  })
  return [...new Set(found)]
}

/** As they apply: every kind, with the names of its channels. */
export function presentPreferences(view: ControlView, organizationId: string) {
  const record = preferencesOf(view, organizationId)
  const notices = NOTICE_KINDS.map(kind => [kind, channelsOfNotice(view, organizationId, kind).map(({ name }) => name)])
  return {
    notices: Object.fromEntries(notices) as Notices,
    revision: record?.revision ?? 0,
    updatedAt: record?.updatedAt ?? null,
  }
}
