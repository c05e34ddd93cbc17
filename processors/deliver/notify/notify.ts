/**
 * Notifications of one shard: notifications → audit.notifications, and out to channels.
 *
 *     read ─► (a system notice: one for each channel of its kind) ─► judged ─► suppressed
 *                                                                     ├─► in-app: sent
 *                                                                     └─► pending ─► tried ─► sent | failed
 *
 * Everything up to "pending" is one transaction; nothing is sent before it has committed. A failing notification makes
 * its channel failing, which is announced as a lifecycle event and never as a notification.
 */
import type { Clock } from '../../../src/clock.ts'
import type { LogRecord, OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { fixedId } from '../../../src/model/ids.ts'
import type { NotificationChannel } from '../../../src/model/notifications.ts'
import { channelsOfNotice, findChannel, mailChannel, mailChannelId } from '../../../src/notifications/channels.ts'
import { recipientsOf, type SendNotification, type TryResult } from '../../../src/notifications/send-notification.ts'
import type { NotificationState, NotificationStep } from '../../../topics/audit-notifications.ts'
import { notificationStateKeys, type PendingNotification } from '../../../topics/notification-state.ts'
import type { NotificationRecord } from '../../../topics/notifications.ts'
import type { Progress } from '../state/progress.ts'
import { type ChannelReports, createChannelReports, type ReportChannel } from './channel-reports.ts'
import { type ChannelPlace, createChannelStates } from './channel-states.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { suppressedBy } from './judge.ts'
import type { Outbox } from './outbox.ts'
import { createPending } from './pending.ts'
import { createSteps, stepOf } from './steps.ts'

const MINUTE_MS = 60_000
/** Before each try, scaled. */
const DELAYS_MS = [0, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 39 * MINUTE_MS]
/** The longest wait that a receiver may ask for, scaled. */
const RETRY_AFTER_MS_MAX = 60 * MINUTE_MS
/** A repetition of a call under the same id within this time is left out. */
const REPEATED_MS = 24 * 3_600_000
const SWEEP_MS = 60_000
const FINAL: readonly NotificationState[] = ['sent', 'partially_sent', 'suppressed', 'failed']

export interface Notify {
  restore(key: string, value: Buffer | null): void
  start(): void
  receive(records: LogRecord[], nextOffset: number): void
  /** Call this periodically. */
  sweep(): void
  seal(partition: number): OutRecord[]
  committed(): void
  drain(): Promise<void>
  close(): void
}

export interface NotifyDeps {
  handle: ShardHandle
  progress: Progress
  view: ControlView
  clock: Clock
  logger: Logger
  timeScale: number
  outbox: Outbox
  send: SendNotification
  reportChannel: ReportChannel
  /** The notification has ended: the lifecycle event of a message that left the platform, or did not. */
  announce(notification: NotificationRecord, channel: NotificationChannel, end: NotificationEnd): void
  onEnd?: ((type: string, status: string) => void) | undefined
  drainMsMax: number
}

export interface NotificationEnd {
  status: NotificationState
  tries: number
  error: string | null
}

export function createNotify(deps: NotifyDeps): Notify {
  const { handle, view, clock } = deps
  const states = createChannelStates()
  const steps = createSteps(handle.shard)
  const pending = createPending({ ...deps, isHeld: () => handle.isHeld(), send: attempt })
  const reports: ChannelReports = createChannelReports({ ...deps, states, changed: () => handle.write([]) })
  const inbox: Inbox = createInbox({ ...deps, isFull: pending.isFull, take, guarded: protectedly })
  let lastSweepMs = clock.nowMs()
  let closed = false

  /** Results of tries in flight are taken until the end of a drain. */
  function protectedly(work: () => void): void {
    if (closed) return
    try {
      work()
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  const isGone = (organizationId: string): boolean => view.organization(organizationId)?.status === 'deleted'

  function record(
    notification: NotificationRecord,
    channel: NotificationChannel | undefined,
    progress: Pick<NotificationStep, 'step' | 'status'> & Partial<NotificationStep>,
  ): void {
    steps.add(stepOf(notification, channel, progress, clock.nowMs()))
    if (FINAL.includes(progress.status!)) deps.onEnd?.(channel?.type ?? 'deleted', progress.status!)
  }

  function take(notification: NotificationRecord): void {
    const { organizationId, channelId, kind, id } = notification
    if (isGone(organizationId)) return
    if (channelId !== null) {
      judge(notification, channelId)
      return
    }
    for (const [at, channel] of channelsOfNotice(view, organizationId, kind!).entries()) {
      const ofChannel = fixedId('ntf', `${id}/${channel.id}`, notification.createdAtMs)
      judge(at === 0 ? notification : { ...notification, id: ofChannel }, channel.id)
    }
  }

  const channelOf = ({ mail, organizationId }: NotificationRecord, channelId: string) =>
    mail ? mailChannel(view, organizationId) : findChannel(view, organizationId, channelId)

  function judge(notification: NotificationRecord, channelId: string): void {
    const { organizationId, dedupeKey, createdAtMs, isRepeatable, sourceKind, mail } = notification
    const place = { organizationId, channelId }
    const channel = channelOf(notification, channelId)
    const repetition = `id/${notification.id}`
    if (isRepeatable) {
      if (states.isSeen(place, repetition, createdAtMs)) return
      states.saw(place, repetition, { atMs: createdAtMs, ms: REPEATED_MS, nowMs: clock.nowMs() })
    }
    const reason = suppressedBy(channel, notification, {
      hasRecipient: () => Boolean(mail) || channel!.type !== 'email' || recipientsOf(view, channel!).length > 0,
      isDuplicate: () => dedupeKey !== null && states.isSeen(place, dedupeKey, createdAtMs),
      isOverRate: () => states.isOverRate(place, channel!.rateLimit, createdAtMs) || !pending.hasRoomFor(place),
    })
    if (reason !== undefined) {
      // A system notice that repeats itself has said what there is to say.
      if (reason === 'dedupe' && sourceKind === 'system') return
      record(notification, channel, { step: 0, status: 'suppressed', suppressedReason: reason })
      return
    }
    accept(notification, channel!, place)
  }

  function accept(notification: NotificationRecord, channel: NotificationChannel, place: ChannelPlace): void {
    const { dedupeKey, dedupeMs, createdAtMs } = notification
    const nowMs = clock.nowMs()
    if (dedupeKey !== null) states.saw(place, dedupeKey, { atMs: createdAtMs, ms: dedupeMs, nowMs })
    states.counted(place, channel.rateLimit, createdAtMs)
    if (channel.type === 'in_app') {
      record(notification, channel, { step: 0, status: 'sent' })
      return
    }
    record(notification, channel, { step: 0, status: 'queued', nextAttemptAtMs: Math.round(nowMs) })
    pending.put({ notification, channelId: channel.id, tries: 0, dueAtMs: Math.round(nowMs) })
  }

  async function attempt(entry: PendingNotification): Promise<void> {
    const { notification, channelId } = entry
    const { organizationId } = notification
    const channel = channelOf(notification, channelId)
    if (isGone(organizationId)) return protectedly(() => drop(notification.id))
    if (channel === undefined || !channel.active) return protectedly(() => inactive(entry, channel))
    const result = await deps.send(channel, notification)
    protectedly(() => settle(entry, channel, result))
  }

  function drop(id: string): void {
    pending.remove(id)
    handle.write([])
  }

  /** Switched off or deleted since: it waits for no channel that may never come back. */
  function inactive({ notification, tries }: PendingNotification, channel: NotificationChannel | undefined): void {
    record(notification, channel, { step: tries + 1, status: 'suppressed', suppressedReason: 'inactive' })
    end(notification.id)
  }

  function end(id: string): void {
    pending.remove(id)
    handle.write([])
    inbox.goOn()
  }

  function settle(entry: PendingNotification, channel: NotificationChannel, result: TryResult): void {
    const { notification } = entry
    const place = { organizationId: notification.organizationId, channelId: channel.id }
    const tries = entry.tries + 1
    const { handed, durationMs, responseStatus, error } = result
    const facts = { step: tries, durationMs, responseStatus, error }
    // The addresses of one mail say nothing of the next one's.
    if (!notification.mail) noteHealth(place, handed)
    if (handed === 'failed' && tries < DELAYS_MS.length) {
      const dueAtMs = Math.round(clock.nowMs() + delayOf(tries, result))
      record(notification, channel, { ...facts, status: 'queued', nextAttemptAtMs: dueAtMs })
      pending.put({ ...entry, tries, dueAtMs })
      handle.write([])
      return
    }
    const status = handed === 'no_recipient' ? 'suppressed' : handed === 'gone' ? 'failed' : handed
    record(notification, channel, {
      ...facts,
      status,
      ...(handed === 'no_recipient' ? { suppressedReason: 'no_recipient' } : {}),
    })
    deps.announce(notification, channel, { status, tries, error })
    end(notification.id)
  }

  function noteHealth(place: ChannelPlace, handed: TryResult['handed']): void {
    if (handed === 'sent' || handed === 'partially_sent') states.succeeded(place, clock.nowMs())
    else if (handed !== 'no_recipient') states.failed(place, clock.nowMs(), handed === 'gone')
  }

  const delayOf = (tries: number, { retryAfterMs = 0 }: TryResult): number =>
    Math.max(DELAYS_MS[tries]! * deps.timeScale, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX * deps.timeScale))

  /** Of organizations and channels that are deleted nothing stays. */
  function forgetGone(): boolean {
    const gone = [...pending.organizations()].filter(isGone)
    for (const organizationId of gone)
      for (const { notification } of pending.ofOrganization(organizationId)) pending.remove(notification.id)
    const forgotten = states.forget(
      ({ organizationId, channelId }) =>
        isGone(organizationId) ||
        (channelId !== mailChannelId(organizationId) && findChannel(view, organizationId, channelId) === undefined),
    )
    return gone.length > 0 || forgotten > 0
  }

  return {
    restore(key, value) {
      const parsed = notificationStateKeys.parse(key)
      if (parsed === undefined) return
      if ('pending' in parsed) pending.restore(parsed.pending, value)
      else states.restore(parsed, value)
    },
    start() {
      pending.start()
      reports.start()
    },
    receive: inbox.receive,
    sweep() {
      const nowMs = clock.nowMs()
      if (nowMs - lastSweepMs < SWEEP_MS) return
      lastSweepMs = nowMs
      if ([states.sweep(nowMs) > 0, forgetGone()].some(Boolean)) handle.write([])
    },
    seal: partition => [...steps.seal(), ...pending.seal(partition), ...states.seal(partition)],
    committed() {
      pending.committed()
      reports.committed()
    },
    async drain() {
      await pending.drain(deps.drainMsMax)
    },
    close() {
      closed = true
      pending.close()
      reports.close()
    },
  }
}
