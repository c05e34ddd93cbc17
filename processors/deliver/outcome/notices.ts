/**
 * Notices to the owner of an organization: kept until they are sent, five tries over an hour; then the result goes into
 * the audit trail. A notice whose answer was lost in a crash is sent again under the same message id. One without a
 * recipient is recorded at once and not retried.
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import { NoRecipient } from '../../../src/notifications/owner-notices.ts'
import {
  deliveryState,
  deliveryStateKeys,
  type PendingNotice,
  pendingNoticeCodec,
} from '../../../topics/delivery-state.ts'

const MINUTE_MS = 60_000
/** Before each try. */
const DELAYS_MS = [0, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 39 * MINUTE_MS]

export interface Notices {
  restore(noticeId: string, value: Buffer | null): void
  start(): void
  add(noticeId: string, notice: Omit<PendingNotice, 'tries' | 'dueAtMs'>): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
  committed(): void
  close(): void
}

export function createNotices(deps: {
  handle: ShardHandle
  clock: Clock
  timeScale: number
  logger: Logger
  send(noticeId: string, notice: PendingNotice): Promise<void>
  /** It was sent, or (`error`) given up. */
  settled(noticeId: string, notice: PendingNotice, error: string | undefined): void
  guarded(work: () => void): void
}): Notices {
  const { handle, clock, guarded } = deps
  const pending = new Map<string, PendingNotice>()
  const changed = new Set<string>()
  const timers = new Map<string, Timer>()
  /** Stored, and not sent yet. */
  let due: string[] = []
  let closed = false

  function schedule(noticeId: string): void {
    const notice = pending.get(noticeId)
    if (!notice || timers.has(noticeId) || closed) return
    timers.set(
      noticeId,
      clock.after(Math.max(0, notice.dueAtMs - clock.nowMs()), () => void send(noticeId, notice)),
    )
  }

  async function send(noticeId: string, notice: PendingNotice): Promise<void> {
    const failure = await deps.send(noticeId, notice).then(
      () => undefined,
      reason => (reason instanceof Error ? reason : new Error(String(reason))),
    )
    if (closed) return
    timers.delete(noticeId)
    guarded(() => {
      const tries = notice.tries + 1
      const error = failure?.message
      if (error === undefined || failure instanceof NoRecipient || tries >= DELAYS_MS.length) {
        pending.delete(noticeId)
        deps.settled(noticeId, { ...notice, tries }, error)
      } else {
        deps.logger.warn({ notice: noticeId, tries, error }, 'a notice could not be sent; trying again')
        pending.set(noticeId, {
          ...notice,
          tries,
          dueAtMs: Math.round(clock.nowMs() + DELAYS_MS[tries]! * deps.timeScale),
        })
      }
      changed.add(noticeId)
      handle.write([])
    })
  }

  return {
    restore(noticeId, value) {
      if (value) pending.set(noticeId, pendingNoticeCodec.decode(value))
      else pending.delete(noticeId)
    },
    start() {
      for (const noticeId of pending.keys()) schedule(noticeId)
    },
    add(noticeId, notice) {
      pending.set(noticeId, { ...notice, tries: 0, dueAtMs: notice.occurredAtMs })
      changed.add(noticeId)
    },
    seal(partition) {
      const records = [...changed].map(noticeId => {
        const notice = pending.get(noticeId)
        if (notice) due.push(noticeId)
        const value = notice ? pendingNoticeCodec.encode(notice) : null
        return { topic: deliveryState.name, partition, key: deliveryStateKeys.ofNotice(noticeId), value }
      })
      changed.clear()
      return records
    },
    committed() {
      if (due.length === 0) return
      const noticeIds = due
      due = []
      for (const noticeId of noticeIds) schedule(noticeId)
    },
    close() {
      closed = true
      for (const timer of timers.values()) timer.cancel()
    },
  }
}
