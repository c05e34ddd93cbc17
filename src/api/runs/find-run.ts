/** A run with its steps: from its owner if that knows it, else from the history. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { StoredRun, StoredStep } from '../../analytics/read/run-reads.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import type { LookedRun } from '../../run-calls/looked.ts'
import type { RunLooks } from '../../run-calls/run-looks.ts'
import { unlessAway } from '../http/unless-away.ts'
import { lastOfEachPath, storedRun, storedStep } from './answered-run.ts'

export interface FoundRun {
  run: StoredRun
  steps: StoredStep[]
  /** From its owner: it is as it is now. */
  isLive: boolean
}

export interface FindRun {
  /** Throws `not_found`. */
  (owner: Owner, runId: string): Promise<FoundRun>
  /** Of what the owner has answered, with earlier steps from the history. */
  looked(owner: Owner, looked: LookedRun & { run: NonNullable<LookedRun['run']> }): Promise<FoundRun>
  /** Throws `not_found`. */
  recorded(owner: Owner, runId: string): Promise<StoredRun>
}

export function createFindRun({ reads, runLooks }: { reads: Reads; runLooks: RunLooks }): FindRun {
  async function recorded(owner: Owner, runId: string): Promise<StoredRun> {
    const found = await reads.runById(owner, runId)
    if (found !== undefined) return found
    throw new ClarionError('not_found', 'There is no such run, or it is so new that it is not recorded yet.')
  }

  async function looked(owner: Owner, { run, steps, after }: LookedRun & { run: NonNullable<LookedRun['run']> }) {
    const stored = storedRun(run)
    // The current state is shown while the history is unavailable, too.
    const earlier = after === 0 ? [] : ((await reads.stepsOf(owner, stored).catch(unlessAway)) ?? [])
    const known = [...earlier.filter(({ number }) => number <= after), ...steps.map(storedStep)]
    return { run: stored, steps: lastOfEachPath(known), isLive: true }
  }

  async function find(owner: Owner, runId: string): Promise<FoundRun> {
    const found = await runLooks.run(owner, runId)
    if (found !== undefined && found.run !== null) return looked(owner, { ...found, run: found.run })
    const run = await recorded(owner, runId)
    return { run, steps: await reads.stepsOf(owner, run), isLive: false }
  }

  return Object.assign(find, { looked, recorded })
}
