/**
 * Health of a channel, reported by the engine: announced once with each transition, as a lifecycle event and never as a
 * notification. Reports are idempotent.
 */
import type { Clock } from '../../clock.ts'
import type { Ids } from '../../model/ids.ts'
import { findChannel } from '../../notifications/channels.ts'
import type { Announce, Caller } from '../store/announce.ts'
import type { ControlStore } from '../store/store.ts'

export interface ChannelHealthReport {
  organizationId: string
  channelId: string
  health: 'healthy' | 'failing'
  /** Since when, ms since 1970. */
  sinceMs: number
}

export type ReportChannelHealth = (report: ChannelHealthReport) => Promise<void>

export function createReportChannelHealth(deps: {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
}): ReportChannelHealth {
  return ({ organizationId, channelId, health, sinceMs }) => {
    const commandId = deps.ids.next('chg')
    const caller: Caller = { actorId: 'system', requestId: commandId }
    return deps.store.change(commandId, current => {
      const before = findChannel(current, organizationId, channelId)
      if (before === undefined || before.health === health) return { records: [], changes: [], result: undefined }
      const failingSince = health === 'failing' ? new Date(sinceMs).toISOString() : null
      // Health alone does not raise the revision: an owner's edit under way does not conflict with it.
      const record = { ...before, health, failingSince }
      const type = health === 'failing' ? 'NOTIFICATION_CHANNEL_FAILING' : 'NOTIFICATION_CHANNEL_RECOVERED'
      const change = announce(type)
      return { records: [{ kind: 'notification-channel', record }], changes: [change], result: undefined }

      function announce(name: string) {
        return deps.announce(caller, {
          ...{ organizationId, type: name, entityType: 'notification-channel', entityId: before!.id },
          ...{ previousStatus: before!.health, status: health },
          data: { channel: before!.name, failingSince },
        })
      }
    })
  }
}
