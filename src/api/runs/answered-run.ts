/** Rows of a run as `run` answers them, in the form in which the history has them. */
import type { RunRow, StepRow } from '../../../topics/audit-runs.ts'
import type { StoredRun, StoredStep } from '../../analytics/read/run-reads.ts'

/** `value`: JSON of a RunRow. */
export const answeredRun = (value: Buffer): StoredRun => storedRun(JSON.parse(value.toString()) as RunRow)

export function storedRun({ tickMs, startedAtMs, finishedAtMs, durationMs, ...row }: RunRow): StoredRun {
  return {
    ...row,
    ...{ tick: timeOf(tickMs), startedAt: timeOf(startedAtMs)!, finishedAt: timeOf(finishedAtMs), durationMs },
  }
}

export const storedStep = ({ startedAtMs, ...row }: StepRow): StoredStep => ({
  ...{ ...row, startedAt: timeOf(startedAtMs)! },
})

/** Of a path, the last end counts. */
export function lastOfEachPath(steps: readonly StoredStep[]): StoredStep[] {
  const byPath = new Map(steps.map(step => [step.path, step]))
  return [...byPath.values()].sort((one, other) => one.number - other.number)
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
