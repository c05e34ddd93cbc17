/**
 * `run`: runs, runs.commands, domain.commands → platform.emits, notifications, audit.runs. A run is a definition walked by the interpreter
 * (`src/workflows/interpreter`); this role feeds it with what happens, carries out what its steps ask for, and commits
 * both with the position of its inputs.
 *
 *     start ─► slot ─► walk ─► effect asked for ─► commit, where it builds on an answer ─► effect ─► answer ─► walk …
 *                        └───► ended: rows for the history, tombstone, the slot to the next: one transaction
 */
import type { Processor } from '../../src/kafka/ports.ts'
import { domainState } from '../../topics/domain-state.ts'
import { runJournal } from '../../topics/run-journal.ts'
import { runState } from '../../topics/run-state.ts'
import type { RunDependencies } from './dependencies.ts'
import { createOutwards } from './effects/outward.ts'
import { openShard, type Shared } from './open-shard.ts'

/** As in `admit`: with three inputs or more, transactions gather for so long. */
const COMMIT_PACE_MS = 5
const COMMIT_PACE_FROM = 3

export function createRunProcessor(deps: RunDependencies): Processor {
  const shared: Shared = { outwards: createOutwards(), open: new Set() }
  deps.observe.live(() => {
    const counts = [...shared.open].map(runs => runs.counts())
    return {
      active: counts.reduce((sum, { active }) => sum + active, 0),
      waiting: counts.reduce((sum, { waiting }) => sum + waiting, 0),
    }
  })
  return {
    role: 'run',
    stateTopics: [runState.name, runJournal.name, domainState.name],
    actsOutside: true,
    isolatesRecords: true,
    commitPaceMs: COMMIT_PACE_MS,
    commitPaceFrom: COMMIT_PACE_FROM,
    open: handle => openShard(handle, deps, shared),
  }
}
