/** Notification channels, and which system notices go to which of them. */
import type { Clock } from '../../clock.ts'
import type { ChannelSettings } from '../../control-plane/notifications/channel-settings.ts'
import {
  type Channels,
  getChannel,
  type MadeChannel,
  type NewChannel,
} from '../../control-plane/notifications/channels.ts'
import { type Notices, type Preferences, presentPreferences } from '../../control-plane/notifications/preferences.ts'
import { byCreation } from '../../control-plane/store/view-store.ts'
import type { ControlView } from '../../model/control-view.ts'
import { channelsOf } from '../../notifications/channels.ts'
import { organizationOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentChannel } from './presenter.ts'

export function createChannelHandlers(deps: {
  channels: Channels
  notificationPreferences: Preferences
  view: ControlView
  clock: Clock
}) {
  const { channels, notificationPreferences, view, clock } = deps
  const own = (call: Call) => organizationOf(call).id
  const name = (call: Call) => call.params.id!
  const present = (channel: MadeChannel['channel']) => presentChannel(view, channel, clock.nowMs())
  const withSecret = ({ channel, secret }: MadeChannel) => ({
    ...present(channel),
    ...(secret === undefined ? {} : { secret }),
  })

  return {
    create: async (call: Call): Promise<Answer> => ({
      data: withSecret(await channels.create(call.caller, own(call), call.body as NewChannel)),
    }),
    async list(call: Call): Promise<Answer> {
      const oldestFirst = channelsOf(view, own(call)).sort(byCreation)
      const { items, nextCursor } = pageOf('notification-channels', oldestFirst, pagingOf(call.query))
      return { data: items.map(present), nextCursor }
    },
    get: (call: Call): Answer => ({ data: present(getChannel(view, own(call), name(call))) }),
    async patch(call: Call): Promise<Answer> {
      const patch = call.body as ChannelSettings
      return { data: present(await channels.patch(call.caller, own(call), name(call), patch, call.expectedRevision)) }
    },
    async rotate(call: Call): Promise<Answer> {
      const { immediate = false } = call.body as { immediate?: boolean }
      const made = await channels.rotate(call.caller, own(call), name(call), immediate, call.expectedRevision)
      return { data: withSecret(made) }
    },
    async delete(call: Call): Promise<Answer> {
      const id = await channels.delete(call.caller, own(call), name(call), call.expectedRevision)
      return { data: { id, deleted: true } }
    },
    preferences: (call: Call): Answer => ({ data: presentPreferences(view, own(call)) }),
    async putPreferences(call: Call): Promise<Answer> {
      const { notices } = call.body as { notices: Notices }
      await notificationPreferences.put(call.caller, own(call), notices, call.expectedRevision)
      return { data: presentPreferences(view, own(call)) }
    },
  }
}
