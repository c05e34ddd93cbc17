/**
 * Notification channels of an organization, for both of its environments. The two that are built in get a record with
 * their first change. See docs/specification/notifications.md#channels.
 */
import type { Clock, Random } from '../../clock.ts'
import { generateSecret } from '../../delivery/sign.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { ChannelType, NotificationChannel } from '../../model/notifications.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import { CHANNEL_DEFAULTS, channelsOf, findChannel, preferencesOf } from '../../notifications/channels.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore } from '../store/store.ts'
import { rotated } from '../webhooks/webhook-rotation.ts'
import { type ChannelSettings, checkedChannel, type SettingsDeps } from './channel-settings.ts'

export interface NewChannel extends ChannelSettings {
  name: string
  type: ChannelType
}

/** `secret`: of a generic webhook; this answer is the only one with it. */
export interface MadeChannel {
  channel: NotificationChannel
  secret: string | undefined
}

export interface Channels {
  /** Errors: those of the settings, `conflict` (name), `channel_quota_exceeded`. */
  create(caller: Caller, organizationId: string, input: NewChannel): Promise<MadeChannel>
  /** Errors: those of the settings, `channel_not_found`, `channel_built_in`, `conflict`, `revision_conflict`. */
  patch(
    caller: Caller,
    organizationId: string,
    nameOrId: string,
    patch: ChannelSettings,
    revision?: number,
  ): Promise<NotificationChannel>
  /** Errors: `conflict` for a channel without a secret, `secret_rotation_in_progress`. */
  rotate(
    caller: Caller,
    organizationId: string,
    nameOrId: string,
    immediate: boolean,
    revision?: number,
  ): Promise<MadeChannel>
  /** Answers the id. Errors: `channel_not_found`, `channel_built_in`. */
  delete(caller: Caller, organizationId: string, nameOrId: string, revision?: number): Promise<string>
}

export interface ChannelsDeps extends SettingsDeps {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  random: Random
  announce: Announce
  /** `CLARION_TIME_SCALE`; 1 by default. */
  timeScale?: number
}

export function createChannels(deps: ChannelsDeps): Channels {
  const { store, view, ids, clock, announce, secrets } = deps

  function change<T>(
    caller: Caller,
    of: { organizationId: string; nameOrId: string; revision: number | undefined; type: string },
    decide: (
      before: NotificationChannel,
      current: DecisionView,
    ) => { fields: Partial<NotificationChannel>; result(channel: NotificationChannel): T },
  ): Promise<T> {
    const { organizationId, nameOrId, revision, type } = of
    return store.change(ids.next('chg'), current => {
      const before = getChannel(current, organizationId, nameOrId)
      checkRevision(before, revision)
      const { fields, result } = decide(before, current)
      if (Object.keys(fields).length === 0) return { records: [], changes: [], result: result(before) }
      const record = revised(before, fields, clock.nowMs())
      const changes = [
        announce(caller, {
          ...about(record, type),
          data: { ...naming(record), changed: Object.keys(fields).map(shownName) },
        }),
      ]
      return { records: [{ kind: 'notification-channel', record }], changes, result: result(record) }
    })
  }

  return {
    async create(caller, organizationId, input) {
      const { type, ...settings } = input
      const fields = await checkedChannel(type, settings, deps, true)
      const secret = type === 'generic_webhook' ? generateSecret(deps.random) : undefined
      const now = new Date(clock.nowMs()).toISOString()
      const channel: NotificationChannel = {
        ...CHANNEL_DEFAULTS,
        ...{ id: ids.next('chn'), organizationId, revision: 1, createdAt: now, updatedAt: now },
        ...{ name: input.name, type },
        ...fields,
        encryptedSecret: secret === undefined ? null : secrets.encrypt(secret),
      }
      return store.change(ids.next('chg'), current => {
        checkQuota(getOrganization(current, organizationId), current)
        checkName(current, organizationId, channel)
        const data = { ...naming(channel), type }
        return {
          records: [{ kind: 'notification-channel', record: channel }],
          changes: [announce(caller, { ...about(channel, 'NOTIFICATION_CHANNEL_CREATED'), data })],
          result: { channel, secret },
        }
      })
    },
    async patch(caller, organizationId, nameOrId, patch, revision) {
      const existing = getChannel(view, organizationId, nameOrId)
      refuseBuiltIn(existing, patch)
      const fields = await checkedChannel(existing.type, patch, deps, false)
      const of = { organizationId, nameOrId: existing.id, revision, type: 'NOTIFICATION_CHANNEL_UPDATED' }
      return change(caller, of, (before, current) => {
        if (!isPause(patch)) checkWritable(getOrganization(current, organizationId), current, before)
        const after = { ...before, ...fields }
        if (after.name !== before.name) checkName(current, organizationId, after)
        return { fields, result: channel => channel }
      })
    },
    async rotate(caller, organizationId, nameOrId, immediate, revision) {
      const secret = generateSecret(deps.random)
      const encryptedSecret = secrets.encrypt(secret)
      const of = { organizationId, nameOrId, revision, type: 'NOTIFICATION_CHANNEL_UPDATED' }
      return change(caller, of, (before, current) => {
        if (before.encryptedSecret === null)
          throw new ClarionError('conflict', `A channel of type ${before.type} has no secret to rotate.`)
        checkWritable(getOrganization(current, organizationId), current, before)
        const sealed = { ...before, encryptedSecret: before.encryptedSecret }
        const fields = rotated(sealed, encryptedSecret, immediate, clock.nowMs(), deps.timeScale ?? 1)
        return { fields, result: channel => ({ channel, secret }) }
      })
    },
    delete: (caller, organizationId, nameOrId, revision) =>
      store.change(ids.next('chg'), current => {
        const channel = getChannel(current, organizationId, nameOrId)
        checkRevision(channel, revision)
        if (channel.builtIn !== null) throw builtIn('cannot be deleted: active: false switches it off')
        const records: Change[] = [
          { kind: 'notification-channel', remove: { organizationId, id: channel.id } },
          ...withoutChannel(current, channel, clock.nowMs()),
        ]
        const changes = [announce(caller, { ...about(channel, 'NOTIFICATION_CHANNEL_DELETED'), data: naming(channel) })]
        return { records, changes, result: channel.id }
      }),
  }
}

/** By name or id. Throws `channel_not_found`. */
export function getChannel(
  view: Parameters<typeof findChannel>[0],
  organizationId: string,
  nameOrId: string,
): NotificationChannel {
  const channel = findChannel(view, organizationId, nameOrId)
  if (channel === undefined) throw new ClarionError('channel_not_found', 'There is no such notification channel.')
  return channel
}

/** A kind that went to this channel alone goes to the default ones again: a notice is not turned off by a deletion. */
function withoutChannel(current: DecisionView, { id, organizationId }: NotificationChannel, nowMs: number): Change[] {
  const preferences = preferencesOf(current, organizationId)
  if (!preferences || !Object.values(preferences.notices).some(channels => channels.includes(id))) return []
  const left = Object.entries(preferences.notices).flatMap(([kind, channels]) => {
    const kept = channels.filter(each => each !== id)
    return kept.length === 0 && channels.length > 0 ? [] : [[kind, kept] as const]
  })
  const record = revised(preferences, { notices: Object.fromEntries(left) }, nowMs)
  return [{ kind: 'notification-preferences', record }]
}

function checkName(current: DecisionView, organizationId: string, { id, name }: NotificationChannel): void {
  const other = channelsOf(current, organizationId).find(each => each.name === name && each.id !== id)
  if (other === undefined) return
  const details = [{ path: '/name', rule: 'unique', message: 'is the name of another channel' }]
  throw new ClarionError('conflict', `Another channel is called ${name}.`, { details })
}

const ownChannels = (current: Pick<DecisionView, 'list'>, organizationId: string) =>
  current.list('notification-channel', organizationId).filter(({ builtIn }) => builtIn === null)

function checkQuota({ id, plan }: Organization, current: DecisionView): void {
  const { channels: limit } = planOf(plan)
  if (ownChannels(current, id).length < limit) return
  throw new ClarionError(
    'channel_quota_exceeded',
    `The plan ${plan} has ${limit} notification channels, all of them in use.`,
  )
}

/** After a downgrade the newest channels beyond the limit are read-only: they may be switched off and deleted. */
function checkWritable({ id, plan }: Organization, current: DecisionView, channel: NotificationChannel): void {
  const { channels: limit } = planOf(plan)
  if (channel.builtIn !== null || ownChannels(current, id).findIndex(each => each.id === channel.id) < limit) return
  throw new ClarionError(
    'channel_quota_exceeded',
    `The plan ${plan} has ${limit} notification channels; this one is beyond them and can only be switched off or deleted.`,
  )
}

const isPause = (patch: ChannelSettings): boolean => patch.active === false && Object.keys(patch).length === 1

function refuseBuiltIn({ builtIn: name }: NotificationChannel, patch: ChannelSettings): void {
  if (name === null) return
  const field = (['name', 'config'] as const).find(each => patch[each] !== undefined)
  if (field !== undefined) throw builtIn(`keeps its ${field}`, `/${field}`)
}

function builtIn(what: string, path?: string): ClarionError {
  const details = path === undefined ? [] : [{ path, rule: 'channel_built_in', message: 'cannot be changed' }]
  return new ClarionError('channel_built_in', `The channel is built in and ${what}.`, { details })
}

const about = ({ organizationId, id }: NotificationChannel, type: string): Announcement => ({
  ...{ organizationId, type, entityType: 'notification-channel', entityId: id },
})

const naming = ({ name }: NotificationChannel) => ({ channel: name })

const SHOWN: Record<string, string> = {
  encryptedUrl: 'url',
  urlHint: 'url',
  encryptedHeaders: 'headers',
  headerNames: 'headers',
  encryptedSecret: 'secret',
  previousEncryptedSecret: 'secret',
  previousSecretExpiresAt: 'secret',
}
const shownName = (field: string): string => SHOWN[field] ?? field
