/**
 * The channels of an organization. Two are built in and are there without a record: `account-owner`, mail to the
 * organization's owner, and `in-app`, the stored notification itself.
 */
import type { ControlView } from '../model/control-view.ts'
import { fixedId } from '../model/ids.ts'
import {
  BUILT_IN_CHANNELS,
  type BuiltInChannel,
  type NotificationChannel,
  type NotificationPreferences,
} from '../model/notifications.ts'
import type { Organization } from '../model/organizations.ts'
import { planOf } from '../model/plans.ts'

/** Id of the one record of preferences that an organization may have. */
export const PREFERENCES_ID = 'preferences'

export const DEFAULT_RATE = { max: 30, perMinutes: 60 } as const

/** The settings of a channel that was made with nothing but its name and type. */
export const CHANNEL_DEFAULTS = {
  ...{ builtIn: null, recipients: [] as string[], url: null, encryptedUrl: null, urlHint: null, template: null },
  ...{ encryptedHeaders: null, headerNames: [] as string[], encryptedSecret: null },
  ...{ previousEncryptedSecret: null, previousSecretExpiresAt: null },
  ...{ minSeverity: 'info', rateLimit: DEFAULT_RATE, quietHours: null },
  ...{ active: true, health: 'healthy', failingSince: null },
} satisfies Partial<NotificationChannel>

type View = Pick<ControlView, 'list' | 'organization' | 'find'>

/** Every channel, built-in ones first, then oldest first. */
export function channelsOf(view: View, organizationId: string): NotificationChannel[] {
  const records = view.list('notification-channel', organizationId)
  const organization = view.organization(organizationId)
  if (organization === undefined) return records
  const missing = BUILT_IN_CHANNELS.filter(name => !records.some(({ builtIn }) => builtIn === name))
  return [...missing.map(name => builtInChannel(organization, name)), ...records]
}

/** Mails of workflows to addresses of their own. It is in no list, and has no settings but its rate: a tenth of the plan's day in an hour. */
export function mailChannel(view: Pick<View, 'organization'>, organizationId: string): NotificationChannel | undefined {
  const organization = view.organization(organizationId)
  if (organization === undefined) return undefined
  const max = Math.ceil(planOf(organization.plan).notificationsPerDay / 10)
  const common = { organizationId, revision: 1, createdAt: organization.createdAt, updatedAt: organization.createdAt }
  return {
    ...{ ...CHANNEL_DEFAULTS, ...common, id: mailChannelId(organizationId), name: 'mail', type: 'email' },
    rateLimit: { max, perMinutes: 60 },
  }
}

export const mailChannelId = (organizationId: string): string => fixedId('chn', `${organizationId}/mail`)

/** By name or id. */
export function findChannel(view: View, organizationId: string, nameOrId: string): NotificationChannel | undefined {
  const record = view.find('notification-channel', organizationId, nameOrId)
  return record ?? channelsOf(view, organizationId).find(({ id, name }) => id === nameOrId || name === nameOrId)
}

/** As it is while no record says otherwise. */
function builtInChannel(organization: Organization, name: BuiltInChannel): NotificationChannel {
  const { id: organizationId, createdAt } = organization
  return {
    ...CHANNEL_DEFAULTS,
    id: fixedId('chn', `${organizationId}/${name}`),
    organizationId,
    revision: 1,
    createdAt,
    updatedAt: createdAt,
    name,
    type: name === 'in-app' ? 'in_app' : 'email',
    builtIn: name,
  }
}

export const preferencesOf = (view: Pick<ControlView, 'find'>, organizationId: string) =>
  view.find('notification-preferences', organizationId, PREFERENCES_ID)

/** The channels that a system notice of this kind goes to. Ids of channels that are gone name none. */
export function channelsOfNotice(view: View, organizationId: string, kind: string): NotificationChannel[] {
  const chosen = chosenFor(preferencesOf(view, organizationId), kind)
  const all = channelsOf(view, organizationId)
  return chosen === undefined
    ? BUILT_IN_CHANNELS.flatMap(name => all.filter(({ builtIn }) => builtIn === name))
    : chosen.flatMap(id => all.filter(channel => channel.id === id))
}

/** Undefined: the default. */
export const chosenFor = (preferences: NotificationPreferences | undefined, kind: string): string[] | undefined =>
  preferences !== undefined && Object.hasOwn(preferences.notices, kind) ? preferences.notices[kind] : undefined
