/** Pages of runs: the history, and on the first page what the owner of the runs knows beyond it. */
import type { RunRow } from '../../../topics/audit-runs.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { RunFilter, StoredRun } from '../../analytics/read/run-reads.ts'
import { writeCursor } from '../../model/cursors.ts'
import type { Owner } from '../../model/environments.ts'
import type { RunLooks } from '../../run-calls/run-looks.ts'
import { storedRun } from './answered-run.ts'

export interface ListedRuns {
  items: StoredRun[]
  nextCursor: string | null
  isLive: boolean
}

export type ListRuns = (owner: Owner, filter: RunFilter) => Promise<ListedRuns>

export function createListRuns({ reads, runLooks }: { reads: Reads; runLooks: RunLooks }): ListRuns {
  return async (owner, filter) => {
    const isFirst = filter.cursor === undefined
    const [page, rows] = await Promise.all([
      reads.listRuns(owner, filter),
      isFirst ? runLooks.runs(owner, filter.workflowId) : undefined,
    ])
    if (rows === undefined) return { ...page, isLive: false }
    const all = merged(page.items, rows, filter)
    if (all.length <= filter.limit) return { items: all, nextCursor: page.nextCursor, isLive: true }
    const items = all.slice(0, filter.limit)
    const { startedAt, runId } = items.at(-1)!
    return { items, nextCursor: writeCursor(filter.list, [startedAt, runId]), isLive: true }
  }
}

/** A run that both know is as its owner says. The page keeps its end, which the cursor names. */
function merged(recorded: readonly StoredRun[], rows: readonly RunRow[], filter: RunFilter): StoredRun[] {
  const own = new Map(rows.map(row => [row.runId, storedRun(row)]))
  const known = recorded.filter(({ runId }) => !own.has(runId))
  const last = recorded.length < filter.limit ? undefined : recorded.at(-1)
  const live = [...own.values()].filter(run => fits(run, filter) && (last === undefined || isBefore(run, last)))
  return [...known, ...live].sort((one, other) => (isBefore(one, other) ? -1 : 1))
}

const isBefore = (one: StoredRun, other: StoredRun): boolean =>
  one.startedAt === other.startedAt ? one.runId > other.runId : one.startedAt > other.startedAt

function fits(run: StoredRun, { status, mode, code, eventId, eventName, replayId, from, to }: RunFilter): boolean {
  return (
    (status === undefined || run.status === status) &&
    (mode === undefined || run.mode === mode) &&
    (code === undefined || run.errorCode === code) &&
    (eventId === undefined || run.eventId === eventId) &&
    (replayId === undefined || run.replayId === replayId) &&
    (eventName === undefined || hasName(run.canonicalName, eventName)) &&
    (from === undefined || from === null || run.startedAt >= from) &&
    (to === undefined || to === null || run.startedAt < to)
  )
}

const hasName = (canonicalName: string | null, name: string): boolean =>
  canonicalName === name || canonicalName?.includes(`:${name}@`) === true
