/** The row of a run as `run` answers it, in the form in which the history has it. */
import type { RunRow } from '../../../topics/audit-runs.ts'
import type { StoredRun } from '../../analytics/read/run-reads.ts'

/** `value`: JSON of a RunRow. */
export function answeredRun(value: Buffer): StoredRun {
  const { tickMs, startedAtMs, finishedAtMs, durationMs, ...row } = JSON.parse(value.toString()) as RunRow
  return {
    ...row,
    ...{ tick: timeOf(tickMs), startedAt: timeOf(startedAtMs)!, finishedAt: timeOf(finishedAtMs), durationMs },
  }
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
