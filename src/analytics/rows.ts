/**
 * From what stands in the audit topics to rows of the tables. Columns have the fields' names; a time loses its `Ms` and becomes
 * `DateTime64(3)`. A row depends on its record alone, so that a block can be made again.
 */
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { ChangeRow } from '../../topics/audit-changes.ts'
import type { CompletionRow, VerdictRow } from '../../topics/audit-emits.ts'
import type { RelayRow } from '../../topics/audit-relays.ts'
import { traceIdOf } from '../observability/tracing/trace-context.ts'

export type Table = 'emits' | 'payloads' | 'completions' | 'attempts' | 'changes' | 'relays' | 'quarantine'

export interface TableRow {
  table: Table
  /** The table partition that it falls into, as in `migrations/`: a month or a day. One insert touches one. */
  partition: string
  row: object
}

/** One row of `emits` and, if there is a payload, one of `payloads`. */
export function verdictRows(verdict: VerdictRow): TableRow[] {
  const { timeMs, recordedAtMs, judgedAtMs, payload, ...facts } = verdict
  const recordedAt = time(recordedAtMs)
  const emit: TableRow = {
    table: 'emits',
    partition: month(recordedAtMs),
    row: { ...facts, traceId: traceIdOf(verdict.traceparent), time: time(timeMs), recordedAt, judgedAt: time(judgedAtMs) },
  }
  if (payload === null) return [emit]
  const { organizationId, environment, emitId } = verdict
  const kept = { organizationId, environment, emitId, recordedAt, payload: payload.toString('utf8') }
  return [emit, { table: 'payloads', partition: day(recordedAtMs), row: kept }]
}

export function completionRow(completion: CompletionRow): TableRow {
  const { recordedAtMs, completedAtMs, ...facts } = completion
  return {
    table: 'completions',
    partition: month(completedAtMs),
    row: { ...facts, recordedAt: time(recordedAtMs), completedAt: time(completedAtMs) },
  }
}

export function attemptRow(attempt: AttemptRow): TableRow {
  const { startedAtMs, nextAttemptAtMs, createdAtMs, ...facts } = attempt
  const nextAttemptAt = nextAttemptAtMs === null ? null : time(nextAttemptAtMs)
  return {
    table: 'attempts',
    partition: day(startedAtMs),
    row: { ...facts, startedAt: time(startedAtMs), nextAttemptAt, createdAt: time(createdAtMs) },
  }
}

export function changeRow(change: ChangeRow): TableRow {
  const { occurredAtMs, ...facts } = change
  return { table: 'changes', partition: month(occurredAtMs), row: { ...facts, occurredAt: time(occurredAtMs) } }
}

export function relayRow(relay: RelayRow): TableRow {
  const { queuedAtMs, atMs, ...facts } = relay
  return { table: 'relays', partition: day(queuedAtMs), row: { ...facts, queuedAt: time(queuedAtMs), at: time(atMs) } }
}

/** Seconds with their fraction, as text: ClickHouse reads it without loss. */
export const time = (ms: number): string => (ms / 1000).toFixed(3)
const month = (ms: number): string => day(ms).slice(0, 7)

const DAY_MS = 86_400_000
/** Rows come day by day, and writing a date is dear. */
let lastDay = { number: 0, name: '1970-01-01' }

export function day(ms: number): string {
  const number = Math.floor(ms / DAY_MS)
  if (number !== lastDay.number) lastDay = { number, name: new Date(ms).toISOString().slice(0, 10) }
  return lastDay.name
}
