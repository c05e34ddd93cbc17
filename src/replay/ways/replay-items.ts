/** Items of replays on their way to `audit.replays`, packed with the transaction in which the events are dealt with. */
import {
  auditReplays,
  auditReplaysCodec,
  type ReplayItemRow,
  type ReplayOutcome,
} from '../../../topics/audit-replays.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { OutRecord } from '../../kafka/ports.ts'
import { type Replay, type ReplayTarget, webhookIdOf } from '../../model/replays.ts'

/** Rows that wait for a transaction, beyond which no more are made. */
const WAITING_MAX = 4_000
/** Some 300 bytes each: a record stays below half a megabyte. */
const ROWS_PER_RECORD = 1_000

export interface ReplayItems {
  add(row: ReplayItemRow): void
  /** So many wait for a transaction that the next ones have to. */
  isCrowded(): boolean
  seal(partition: number): OutRecord[]
}

/** `onItem`: for metrics. */
export function createReplayItems(onItem?: (target: string, outcome: string) => void): ReplayItems {
  let rows: ReplayItemRow[] = []
  return {
    add(row) {
      rows.push(row)
      onItem?.(row.targetKind, row.outcome)
    },
    isCrowded: () => rows.length >= WAITING_MAX,
    seal(partition) {
      const records: OutRecord[] = []
      for (let at = 0; at < rows.length; at += ROWS_PER_RECORD) {
        const value = auditReplaysCodec.encode({ items: rows.slice(at, at + ROWS_PER_RECORD) })
        records.push({ topic: auditReplays.name, partition, key: null, value })
      }
      rows = []
      return records
    },
  }
}

export function itemRow(
  replay: Replay,
  target: Pick<ReplayTarget, 'kind' | 'id'>,
  event: EventFacts,
  end: { outcome: ReplayOutcome; reason: string | null; atMs: number; deliveryId?: string | undefined },
): ReplayItemRow {
  const { eventId, emitId, type: eventType, canonicalName, sequence, recordedAtMs } = event
  return {
    ...{ replayId: replay.id, organizationId: replay.organizationId, environment: replay.environment },
    // The history knows a subscription by its webhook.
    ...{ targetKind: target.kind, targetId: webhookIdOf(target.id) },
    ...{ eventId, emitId, eventType, canonicalName, sequence, recordedAtMs },
    ...{ outcome: end.outcome, reason: end.reason, atMs: Math.round(end.atMs), deliveryId: end.deliveryId ?? null },
  }
}
