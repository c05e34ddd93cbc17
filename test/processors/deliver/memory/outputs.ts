/** The records that a shard has committed, decoded and counted. */
import type { DeadLetter } from '../../../../processors/deliver/catch-up/redrives.ts'
import type { DeadLettersOf, DeadLetter as FoundLetter } from '../../../../src/analytics/read/redrive-reads.ts'
import type { OutRecord } from '../../../../src/kafka/ports.ts'
import { type AttemptRow, auditAttempts, auditAttemptsCodec } from '../../../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec, type CompletionRow } from '../../../../topics/audit-emits.ts'
import { auditReplays, auditReplaysCodec, type ReplayItemRow } from '../../../../topics/audit-replays.ts'
import { type NoticeKind, notificationRecordCodec, notifications } from '../../../../topics/notifications.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../../topics/platform-emits.ts'

/** Rows of each kind that a forgetful shard keeps at most. */
const KEPT_MAX = 5_000

/** `forgetful`: keeps only the newest rows, for long runs. */
export function createMemoryOutputs({ forgetful }: { forgetful: boolean }) {
  const rows: AttemptRow[] = []
  const completions: CompletionRow[] = []
  const changes: ChangeRow[] = []
  /** System notices, by kind. */
  const notices: NoticeKind[] = []
  const items: ReplayItemRow[] = []
  const emits: PlatformEmit[] = []
  const written = { records: 0, bytes: 0, transactions: 0, byTopic: new Map<string, number>(), rows: 0, completions: 0 }

  function keep<T>(kept: T[], added: readonly T[]): void {
    kept.push(...added)
    if (forgetful && kept.length > KEPT_MAX) kept.splice(0, kept.length - KEPT_MAX / 2)
  }

  const readers: Record<string, (value: Buffer) => void> = {
    [auditAttempts.name](value) {
      const { attempts } = auditAttemptsCodec.decode(value)
      written.rows += attempts.length
      keep(rows, attempts)
    },
    [auditEmits.name](value) {
      const found = auditEmitsCodec.decode(value).completions
      written.completions += found.length
      keep(completions, found)
    },
    [auditChanges.name]: value => keep(changes, auditChangesCodec.decode(value).changes),
    [notifications.name]: value => notices.push(notificationRecordCodec.decode(value).kind!),
    [auditReplays.name]: value => items.push(...auditReplaysCodec.decode(value).items),
    [platformEmits.name]: value => emits.push(platformEmitCodec.decode(value)),
  }

  /** The deliveries as the history has them: the newest step of each. */
  function deadLetters(deliveryIds: string[]): DeadLetter[] {
    return deliveryIds.flatMap(id => {
      const step = rows.findLast(row => row.deliveryId === id)
      if (!step) return []
      const { state, reason, trigger, number, replayId, createdAtMs, startedAtMs } = step
      const times = { createdAt: new Date(createdAtMs).toISOString(), newestAt: new Date(startedAtMs).toISOString() }
      return [{ id, status: state, reason, trigger, attempts: number, replayId, ...times }]
    })
  }

  /** In the order of their events, as the history finds them. */
  function deadLettersOf({ webhookId, errorKind, responseStatus, asOf }: DeadLettersOf, from: number): FoundLetter[] {
    const newest = new Map(rows.filter(row => row.webhookId === webhookId).map(row => [row.deliveryId, row]))
    return [...newest.values()]
      .filter(({ sequence }) => sequence >= from)
      .filter(({ state, reason, startedAtMs, ...row }) =>
        state === 'failed'
          ? startedAtMs <= Date.parse(asOf) &&
            (errorKind === null || row.errorKind === errorKind) &&
            (responseStatus === null || row.responseStatus === responseStatus)
          : state === 'retrying' && reason === 'asked_for',
      )
      .map(({ deliveryId: id, number: attempts, createdAtMs, state, ...row }) => ({
        ...{ id, attempts, createdAt: new Date(createdAtMs).toISOString(), isTakenUp: state !== 'failed' },
        ...{ eventId: row.eventId, emitId: row.emitId, sequence: row.sequence, replayId: row.replayId },
      }))
      .sort((a, b) => a.sequence - b.sequence)
  }

  return {
    deadLettersOf,
    ...{ rows, completions, changes, notices, items, emits, written },
    note(record: OutRecord): void {
      written.records++
      written.bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0)
      written.byTopic.set(record.topic, (written.byTopic.get(record.topic) ?? 0) + 1)
      readers[record.topic]?.(record.value as Buffer)
    },
    deadLetters,
  }
}
