/**
 * Rows of runs that this owner has written: the steps of live runs, and the runs that have ended lately. What does not
 * fit is in the history. A look is answered from here, and says from which step on it can.
 */
import type { RunRow, StepRow } from '../../../topics/audit-runs.ts'

export interface RecentRuns {
  step(row: StepRow): void
  ended(row: RunRow): void
  endOf(runId: string): RunRow | undefined
  /** Ended ones, oldest first. */
  ends(): Iterable<RunRow>
  /** In the order of their ends; undefined: none of them is known here. */
  stepsOf(runId: string): readonly StepRow[] | undefined
}

interface Entry {
  steps: StepRow[]
  end: RunRow | undefined
  bytes: number
}

const ENDED_MAX = 2_000
const BYTES_MAX = 32 * 1024 * 1024
const ROW_BYTES = 600

export function createRecentRuns({ endedMax = ENDED_MAX, bytesMax = BYTES_MAX } = {}): RecentRuns {
  /** Those that were written to longest ago come first. */
  const entries = new Map<string, Entry>()
  /** The run that was written to last: its steps follow each other. */
  let newest = ''
  let bytes = 0
  let ended = 0

  function entryOf(runId: string): Entry {
    const known = entries.get(runId)
    const entry = known ?? { steps: [], end: undefined, bytes: 0 }
    if (known !== undefined && runId === newest) return known
    newest = runId
    if (known !== undefined) entries.delete(runId)
    entries.set(runId, entry)
    return entry
  }

  function add(entry: Entry, size: number): void {
    entry.bytes += size
    bytes += size
    while (bytes > bytesMax || ended > endedMax) forgetOldest()
  }

  function forgetOldest(): void {
    const [oldest] = entries
    if (oldest === undefined) return
    const [runId, entry] = oldest
    entries.delete(runId)
    bytes -= entry.bytes
    if (entry.end !== undefined) ended--
  }

  return {
    step(row) {
      const entry = entryOf(row.runId)
      entry.steps.push(row)
      add(entry, bytesOfStep(row))
    },
    ended(row) {
      const entry = entryOf(row.runId)
      if (entry.end === undefined) ended++
      entry.end = row
      add(entry, ROW_BYTES + 2 * (row.scopes.length + (row.output?.length ?? 0) + row.warnings.length))
    },
    endOf: runId => entries.get(runId)?.end,
    *ends() {
      for (const { end } of entries.values()) if (end !== undefined) yield end
    },
    stepsOf: runId => entries.get(runId)?.steps,
  }
}

export const bytesOfStep = ({ input, output, variables }: StepRow): number =>
  ROW_BYTES + 2 * ((input?.length ?? 0) + (output?.length ?? 0) + (variables?.length ?? 0))
