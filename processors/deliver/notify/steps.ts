/** The rows of notifications in `audit.notifications`, packed into few records. */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { NotificationChannel } from '../../../src/model/notifications.ts'
import {
  auditNotifications,
  auditNotificationsCodec,
  type NotificationStep,
} from '../../../topics/audit-notifications.ts'
import type { NotificationRecord } from '../../../topics/notifications.ts'

const RECORD_BYTES_MAX = 512 * 1024
const ROW_BYTES = 500

export interface Steps {
  add(step: NotificationStep): void
  seal(): OutRecord[]
}

export function createSteps(shard: number): Steps {
  let steps: NotificationStep[] = []
  let bytes = 0
  let packed: OutRecord[] = []

  function pack(): void {
    if (steps.length === 0) return
    const value = auditNotificationsCodec.encode({ steps })
    packed.push({ topic: auditNotifications.name, partition: shard, key: null, value })
    steps = []
    bytes = 0
  }

  return {
    add(step) {
      // A character is at most three bytes.
      const size = ROW_BYTES + 3 * (step.message.length + (step.data?.length ?? 0) + (step.error?.length ?? 0))
      if (bytes + size > RECORD_BYTES_MAX) pack()
      steps.push(step)
      bytes += size
    },
    seal() {
      pack()
      const records = packed
      packed = []
      return records
    },
  }
}

type Progress = Pick<NotificationStep, 'step' | 'status'> & Partial<NotificationStep>

/** Step 0 carries the content; the other steps leave it out. */
export function stepOf(
  notification: NotificationRecord,
  channel: Pick<NotificationChannel, 'id' | 'name' | 'type'> | undefined,
  progress: Progress,
  nowMs: number,
): NotificationStep {
  const { id, organizationId, environment, createdAtMs, kind, severity, sourceKind, sourceId } = notification
  const isFirst = progress.step === 0
  return {
    ...{ id, organizationId, environment, createdAtMs, atMs: Math.round(nowMs) },
    channelId: channel?.id ?? notification.channelId ?? '',
    channel: channel?.name ?? notification.channelId ?? '',
    channelType: channel?.type ?? 'deleted',
    ...{ kind, severity, sourceKind, sourceId },
    title: isFirst ? notification.title : null,
    message: isFirst ? notification.message : '',
    data: isFirst ? notification.data : null,
    dedupeKey: isFirst ? notification.dedupeKey : null,
    ...{ suppressedReason: null, durationMs: null, responseStatus: null, error: null },
    ...{ nextAttemptAtMs: null, readAtMs: null },
    ...progress,
  }
}
