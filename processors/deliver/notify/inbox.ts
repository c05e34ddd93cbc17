/**
 * Reads the topic `notifications`. A record waits until the view of the control plane has reached the offset that its
 * producer had seen, so that a channel that was just made is found; while it waits, or too many notifications are
 * pending, reading pauses.
 */
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { type NotificationRecord, notificationRecordCodec, notifications } from '../../../topics/notifications.ts'
import type { OpenRecord, Progress } from '../state/progress.ts'

/** A view that is behind for longer judges by what it has. */
const CONTROL_WAIT_MS = 2_000

export interface Inbox {
  receive(records: LogRecord[], nextOffset: number): void
  /** There is room again. */
  goOn(): void
}

export function createInbox(deps: {
  handle: Pick<ShardHandle, 'shard' | 'pause' | 'resume' | 'write'>
  progress: Progress
  view: Pick<ControlView, 'appliedOffset' | 'waitFor'>
  isFull(): boolean
  take(notification: NotificationRecord): void
  guarded(work: () => void): void
}): Inbox {
  const { handle, progress, view } = deps
  let waiting: Array<{ open: OpenRecord; value: Buffer }> = []
  let isAwaited = false
  let isPaused = false

  function work(isSeen = false): void {
    let taken = 0
    for (; taken < waiting.length && !isAwaited && !deps.isFull(); taken++) {
      const { open, value } = waiting[taken]!
      const notification = notificationRecordCodec.decode(value)
      if (notification.controlOffset > view.appliedOffset && !(isSeen && taken === 0)) {
        awaitControl(notification.controlOffset)
        break
      }
      deps.take(notification)
      progress.end(open, 0)
    }
    if (taken > 0) handle.write([])
    waiting = waiting.slice(taken)
    setPaused(waiting.length > 0)
  }

  function awaitControl(offset: number): void {
    isAwaited = true
    void view.waitFor(offset, CONTROL_WAIT_MS).then(() =>
      deps.guarded(() => {
        isAwaited = false
        work(true)
      }),
    )
  }

  function setPaused(pause: boolean): void {
    if (pause === isPaused) return
    isPaused = pause
    if (pause) handle.pause(notifications.name, handle.shard)
    else handle.resume(notifications.name, handle.shard)
  }

  return {
    receive(records, nextOffset) {
      for (const record of records) {
        const open = progress.begin(record, 1)
        if (open === undefined) continue
        if (record.value === null) progress.end(open, 0)
        else waiting.push({ open, value: record.value })
      }
      progress.advance(nextOffset)
      if (records.length > 0) handle.write([])
      if (!isAwaited) work()
      else setPaused(waiting.length > 0)
    },
    goOn() {
      if (waiting.length > 0 && !isAwaited) work()
    },
  }
}
