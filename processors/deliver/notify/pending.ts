/**
 * Notifications on their way: stored before their first try, and until the channel has taken them or five tries over an
 * hour have failed. One whose answer was lost in a crash is sent again under the same id.
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import {
  notificationState,
  notificationStateKeys,
  type PendingNotification,
  pendingNotificationCodec,
} from '../../../topics/notification-state.ts'
import type { Job, Outbox } from './outbox.ts'

/** Pending ones of one channel, and of one organization; of further ones none is accepted. */
const PER_CHANNEL_MAX = 500
const PER_ORGANIZATION_MAX = 2_000
/** Of all in a shard; reading pauses above, and resumes at half. */
const SHARD_BYTES_MAX = 32 * 1024 * 1024
const OVERHEAD_BYTES = 1_000
/** The outbox is full, or the shard may not act now. */
const AGAIN_MS = 1_000

export interface Pending {
  restore(notificationId: string, value: Buffer | null): void
  start(): void
  /** A new one, or one after a failed try. */
  put(pending: PendingNotification): void
  remove(notificationId: string): void
  hasRoomFor(place: { organizationId: string; channelId: string }): boolean
  isFull(): boolean
  organizations(): Iterable<string>
  ofOrganization(organizationId: string): PendingNotification[]
  seal(partition: number): OutRecord[]
  committed(): void
  /** Begins no further try. Resolves when those in flight have ended, or the time is up. */
  drain(withinMs: number): Promise<void>
  close(): void
}

export function createPending(deps: {
  clock: Clock
  outbox: Outbox
  /** Whether a try may begin now. */
  isHeld(): boolean
  /** Never rejects; its result is in the state when it resolves. */
  send(pending: PendingNotification): Promise<void>
}): Pending {
  const { clock, outbox } = deps
  const all = new Map<string, PendingNotification>()
  const counts = new Map<string, number>()
  const changed = new Set<string>()
  const timers = new Map<string, Timer>()
  const inFlight = new Set<Promise<void>>()
  /** Sealed, and not in the log yet. */
  let stored: string[] = []
  let bytes = 0
  let wasFull = false
  let closed = false

  function count(pending: PendingNotification, by: 1 | -1): void {
    const { organizationId } = pending.notification
    for (const key of [organizationId, `${organizationId}/${pending.channelId}`]) {
      const left = (counts.get(key) ?? 0) + by
      if (left === 0) counts.delete(key)
      else counts.set(key, left)
    }
    bytes += by * sizeOf(pending)
  }

  function set(id: string, pending: PendingNotification | undefined): void {
    const before = all.get(id)
    if (before) count(before, -1)
    if (pending) {
      all.set(id, pending)
      count(pending, 1)
    } else all.delete(id)
  }

  function schedule(id: string, atMs: number): void {
    timers.get(id)?.cancel()
    const timer = clock.after(Math.max(0, atMs - clock.nowMs()), () => {
      timers.delete(id)
      offer(id)
    })
    timers.set(id, timer)
  }

  function offer(id: string): void {
    const pending = all.get(id)
    if (pending === undefined || closed) return
    const job: Job = {
      organizationId: pending.notification.organizationId,
      channelId: pending.channelId,
      isDropped: () => closed || all.get(id) !== pending,
      run: () => run(id, pending),
    }
    if (!deps.isHeld() || !outbox.offer(job)) schedule(id, clock.nowMs() + AGAIN_MS)
  }

  function run(id: string, pending: PendingNotification): Promise<void> {
    if (!deps.isHeld()) {
      schedule(id, clock.nowMs() + AGAIN_MS)
      return Promise.resolve()
    }
    const sending = deps.send(pending)
    inFlight.add(sending)
    return sending.finally(() => inFlight.delete(sending))
  }

  return {
    restore: (id, value) => set(id, value === null ? undefined : pendingNotificationCodec.decode(value)),
    start() {
      for (const [id, { dueAtMs }] of all) schedule(id, dueAtMs)
    },
    put(pending) {
      const { id } = pending.notification
      set(id, pending)
      changed.add(id)
    },
    remove(id) {
      timers.get(id)?.cancel()
      timers.delete(id)
      set(id, undefined)
      changed.add(id)
    },
    hasRoomFor: ({ organizationId, channelId }) =>
      (counts.get(`${organizationId}/${channelId}`) ?? 0) < PER_CHANNEL_MAX &&
      (counts.get(organizationId) ?? 0) < PER_ORGANIZATION_MAX,
    isFull() {
      wasFull = bytes > (wasFull ? SHARD_BYTES_MAX / 2 : SHARD_BYTES_MAX)
      return wasFull
    },
    *organizations() {
      for (const key of counts.keys()) if (!key.includes('/')) yield key
    },
    ofOrganization: organizationId =>
      [...all.values()].filter(({ notification }) => notification.organizationId === organizationId),
    seal(partition) {
      const records = [...changed].map(id => {
        const pending = all.get(id)
        if (pending) stored.push(id)
        const value = pending ? pendingNotificationCodec.encode(pending) : null
        return { topic: notificationState.name, partition, key: notificationStateKeys.ofPending(id), value }
      })
      changed.clear()
      return records
    },
    committed() {
      if (stored.length === 0) return
      const ids = stored
      stored = []
      for (const id of ids) {
        const pending = all.get(id)
        if (pending && !closed) schedule(id, pending.dueAtMs)
      }
    },
    async drain(withinMs) {
      stop()
      const limit = Promise.withResolvers<void>()
      const timer = clock.after(withinMs, limit.resolve)
      await Promise.race([Promise.allSettled(inFlight), limit.promise])
      timer.cancel()
    },
    close: stop,
  }

  function stop(): void {
    closed = true
    for (const timer of timers.values()) timer.cancel()
    timers.clear()
    outbox.tidy()
  }
}

const sizeOf = ({ notification: { message, title, data, dedupeKey, mail } }: PendingNotification): number =>
  OVERHEAD_BYTES +
  2 * [message, title, data, dedupeKey, mail?.text, mail?.html].reduce((sum, text) => sum + (text?.length ?? 0), 0)
