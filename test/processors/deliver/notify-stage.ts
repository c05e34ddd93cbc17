/**
 * The notifications of one shard, driven through their ports: a topic and state in memory, a clock that moves by hand,
 * and channels that answer as the test says. A commit becomes visible at once or not at all.
 */
import { createNotify, type Notify } from '../../../processors/deliver/notify/notify.ts'
import { createOutbox } from '../../../processors/deliver/notify/outbox.ts'
import { createProgress } from '../../../processors/deliver/state/progress.ts'
import { controlKey, createControlView } from '../../../src/control-plane/store/view-store.ts'
import type { LogRecord, OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { createLogger } from '../../../src/logger.ts'
import type { NotificationChannel } from '../../../src/model/notifications.ts'
import { CHANNEL_DEFAULTS, findChannel } from '../../../src/notifications/channels.ts'
import type { Message } from '../../../src/notifications/message.ts'
import type { TryResult } from '../../../src/notifications/send-notification.ts'
import {
  auditNotifications,
  auditNotificationsCodec,
  type NotificationStep,
} from '../../../topics/audit-notifications.ts'
import { notificationState } from '../../../topics/notification-state.ts'
import { type NotificationRecord, notificationRecordCodec, notifications } from '../../../topics/notifications.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'

export const ORGANIZATION = 'org_00000000000000000000000001'
const SENT: TryResult = { handed: 'sent', durationMs: 1, responseStatus: 200, error: null, retryAfterMs: undefined }
export const FAILED: TryResult = { ...SENT, handed: 'failed', responseStatus: 500, error: 'The receiver answered 500.' }

export function createNotifyStage() {
  const clock = createManualClock(Date.parse('2026-06-01T12:00:00.000Z'))
  const view = createControlView({ clock })
  const state = new Map<string, Buffer>()
  const steps: NotificationStep[] = []
  const sent: Array<{ channel: string; id: string; atMs: number }> = []
  const reports: string[] = []
  const announced: string[] = []
  const ended: string[] = []
  const outbox = createOutbox()
  let answer: (channel: NotificationChannel, message: Message) => TryResult | Promise<TryResult> = () => SENT
  let control = 0
  let offset = 0
  let made = 0
  let pausedTimes = 0
  let session: { notify: Notify; filling: OutRecord[]; dirty: boolean; ended: boolean } | undefined

  function apply(kind: 'organization' | 'notification-channel' | 'notification-preferences', record: { id: string }) {
    view.apply({
      ...{ topic: 'control', partition: 0, offset: control++, timestampMs: 0, headers: {} },
      key: Buffer.from(controlKey(kind, ORGANIZATION, record.id)),
      value: Buffer.from(JSON.stringify(record)),
    })
  }
  const stored = { organizationId: ORGANIZATION, revision: 1, createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '' }
  const organization = (changes: object = {}) =>
    apply('organization', {
      ...{ ...stored, id: ORGANIZATION, slug: 'acme', name: 'Acme', plan: 'PRO', status: 'active' },
      ...{ ownerEmail: 'owner@example.test', namespaceAllowlist: [], partitions: 1, testEnvironment: false },
      ...changes,
    })
  organization()

  function open(): void {
    const opened = { notify: undefined as unknown as Notify, filling: [] as OutRecord[], dirty: false, ended: false }
    const handle = {
      ...{ role: 'deliver', shard: 0, ...NO_PAUSES, isHeld: () => !opened.ended, uncommittedForMs: () => 0 },
      write(records: OutRecord[]) {
        opened.filling.push(...records)
        opened.dirty = true
      },
      pause: () => void pausedTimes++,
      resume: () => undefined,
      fail(error: Error) {
        throw error
      },
    } as unknown as ShardHandle
    opened.notify = createNotify({
      ...{ handle, view, clock, outbox, logger: createLogger('silent'), timeScale: 1, drainMsMax: 1_000 },
      progress: createProgress(notifications.name),
      async send(channel, message) {
        sent.push({ channel: channel.name, id: message.id, atMs: clock.nowMs() })
        return answer(channel, message)
      },
      reportChannel: async ({ channelId, health }) => {
        reports.push(`${findChannel(view, ORGANIZATION, channelId)?.name} ${health}`)
      },
      announce: ({ id }, channel, { status, tries }) => void announced.push(`${id} ${channel.name} ${status} ${tries}`),
      onEnd: (type, status) => void ended.push(`${type} ${status}`),
    })
    for (const [key, value] of state) opened.notify.restore(key, value)
    opened.notify.start()
    session = opened
  }

  function commit(): boolean {
    const of = session
    if (!of?.dirty) return false
    const records = [...of.filling, ...of.notify.seal(0)]
    of.filling = []
    of.dirty = false
    for (const { topic, key, value } of records) {
      if (topic === auditNotifications.name) steps.push(...auditNotificationsCodec.decode(value as Buffer).steps)
      if (topic !== notificationState.name) continue
      if (value === null) state.delete(key as string)
      else state.set(key as string, value as Buffer)
    }
    of.notify.committed()
    return true
  }

  async function settle(): Promise<void> {
    for (let idle = 0; idle < 5; ) {
      await new Promise<void>(resolve => setImmediate(resolve))
      clock.advance(0)
      idle = commit() ? 0 : idle + 1
    }
  }

  const stage = {
    ...{ clock, view, state, steps, sent, reports, announced, ended, organization, settle, open },
    pauses: () => pausedTimes,
    channel(name: string, changes: Partial<NotificationChannel> = {}): NotificationChannel {
      const record: NotificationChannel = {
        ...{ ...CHANNEL_DEFAULTS, ...stored, id: `chn_${name}`, name, type: 'generic_webhook', url: 'https://x.test' },
        ...changes,
      }
      apply('notification-channel', record)
      return record
    },
    preferences: (notices: Record<string, string[]>) =>
      apply('notification-preferences', { ...stored, id: 'preferences', notices } as never),
    answerWith(next: typeof answer) {
      answer = next
    },
    /** Appends and lets everything happen that can happen now. Answers the id. */
    async notify(changes: Partial<NotificationRecord> = {}, within: { commit?: boolean } = {}): Promise<string> {
      const record: NotificationRecord = {
        ...{ id: `ntf_${++made}`, organizationId: ORGANIZATION, environment: 'live', channelId: 'chn_ops', kind: null },
        ...{ title: null, message: 'text', severity: 'info', data: null, dedupeKey: null, dedupeMs: 900_000 },
        ...{ sourceKind: 'api', sourceId: 'key_1', isRepeatable: false, createdAtMs: clock.nowMs(), controlOffset: -1 },
        ...changes,
      }
      const log: LogRecord = {
        ...{ topic: notifications.name, partition: 0, offset: offset++, timestampMs: 0, headers: {}, leaderEpoch: 0 },
        ...{ key: null, value: notificationRecordCodec.encode(record) },
      }
      session!.notify.receive([log], offset)
      if (within.commit !== false) await settle()
      return record.id
    },
    async advance(ms: number): Promise<void> {
      clock.advance(ms)
      session!.notify.sweep()
      await settle()
    },
    /** Nothing uncommitted survives, and no result of a try in flight. */
    crash() {
      if (session === undefined) return
      session.ended = true
      session.notify.close()
      session = undefined
    },
    drain: async () => {
      const draining = session!.notify.drain()
      await settle()
      clock.advance(1_000)
      await draining
      await settle()
      stage.crash()
    },
    /** The end of each notification, or its suppression. */
    ends: () =>
      steps
        .filter(({ status }) => status !== 'queued' && status !== null)
        .map(({ channel, status, suppressedReason }) => `${channel} ${suppressedReason ?? status}`),
  }
  return stage
}
