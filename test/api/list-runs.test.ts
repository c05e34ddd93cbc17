/** Pages of runs: what history has, and what the owner of the runs knows beyond it. */
import { describe, expect, it } from '@jest/globals'
import type { RunFilter, StoredRun } from '../../src/analytics/read/run-reads.ts'
import { createListRuns } from '../../src/api/runs/list-runs.ts'
import type { RunRow } from '../../topics/audit-runs.ts'

const OWNER = { organizationId: 'org_a', environment: 'live' } as const
const at = (second: number) => 1_785_000_000_000 + 1000 * second
const recorded = (second: number, more: Partial<StoredRun> = {}) =>
  ({ runId: `run_${second}`, startedAt: new Date(at(second)).toISOString(), status: 'succeeded', ...more }) as StoredRun
const owned = (second: number, more: Partial<RunRow> = {}) =>
  ({
    runId: `run_${second}`,
    startedAtMs: at(second),
    status: 'waiting',
    tickMs: null,
    finishedAtMs: null,
    ...more,
  }) as RunRow

async function listed(history: StoredRun[], owner: RunRow[] | undefined, filter: Partial<RunFilter> = {}) {
  const limit = filter.limit ?? 10
  const list = createListRuns({
    reads: {
      listRuns: async () => ({ items: history.slice(0, limit), nextCursor: history.length > limit ? 'c' : null }),
    } as never,
    runLooks: { runs: async () => owner } as never,
  })
  const { items, ...rest } = await list(OWNER, { list: 'runs', limit, ...filter })
  return { ...rest, items: items.map(({ runId, status }) => `${runId} ${status}`) }
}

describe('a page of runs', () => {
  it('shows a run as its owner says, in order, also one that history does not have yet', async () => {
    const found = await listed([recorded(3, { status: 'running' }), recorded(1)], [owned(4), owned(3)])
    expect(found).toEqual({
      items: ['run_4 waiting', 'run_3 waiting', 'run_1 succeeded'],
      nextCursor: null,
      isLive: true,
    })
  })

  it('leaves out what is not of the filter any more', async () => {
    const found = await listed([recorded(3, { status: 'running' })], [owned(3, { status: 'failed' })], {
      status: 'running',
    })
    expect(found.items).toEqual([])
  })

  it('keeps its limit, and its cursor goes on behind its last run', async () => {
    const found = await listed([recorded(2), recorded(1), recorded(0)], [owned(5), owned(4)], { limit: 2 })
    expect(found.items).toEqual(['run_5 waiting', 'run_4 waiting'])
    expect(found.nextCursor).toEqual(expect.any(String))
    const older = await listed([recorded(5), recorded(4), recorded(3)], [owned(1)], { limit: 2 })
    expect(older).toMatchObject({ items: ['run_5 succeeded', 'run_4 succeeded'], nextCursor: 'c' })
  })

  it('is of history alone behind the first, or where nobody answers', async () => {
    expect(await listed([recorded(1)], undefined)).toMatchObject({ isLive: false, items: ['run_1 succeeded'] })
    expect(await listed([recorded(1)], [owned(2)], { cursor: 'x' })).toMatchObject({ isLive: false })
  })
})
