/** A live run from its record in the journal, and what it goes on with once all of them are there. */
import type { Logger } from '../../../src/logger.ts'
import type { Advance } from '../../../src/workflows/interpreter/advance.ts'
import type { Input } from '../../../src/workflows/interpreter/run.ts'
import { createRun, type Restored, restoreRun, snapshotOf } from '../../../src/workflows/interpreter/snapshot.ts'
import { type RunEntry, runEntryCodec } from '../../../topics/run-journal.ts'
import { exactJson } from '../facts.ts'
import type { Lanes } from '../lanes.ts'
import { LiveRun } from '../live-run.ts'
import type { PartsOf } from './parts.ts'
import type { Slots } from './slots.ts'

/** `isNew`: it has not begun, and waits for its first slot behind those that have. */
export interface Revived {
  live: LiveRun
  isNew: boolean
  proceed(): void
}

export function createRevive(context: {
  partsOf: PartsOf
  lanes: Lanes
  logger: Logger
  slots: Slots
  nowMs(): number
  keep(live: LiveRun): void
  settle(live: LiveRun, outcome: Advance): void
  breakDown(live: LiveRun, error: unknown): void
}): (runId: string, value: Buffer) => Revived {
  const { partsOf, lanes, slots, keep } = context

  function revived(entry: RunEntry): Revived {
    const { facts, snapshot, effects, records } = entry
    const inputs = entry.inputs.map(each => exactJson(each) as Input)
    const secrets = new Set<string>()
    const parts = partsOf(facts, secrets)
    // It had not begun, or nothing of it is known to anybody: it begins anew.
    if (snapshot === null && effects + records === 0) {
      const live = new LiveRun(facts, createRun(parts), lanes.of(facts), secrets, inputs)
      live.journal.isWritten = true
      keep(live)
      return { live, isNew: true, proceed: () => slots.request(live, false) }
    }
    const restored = restoreRun(parts, { snapshot, inputs, effects, records })
    return takeUp(new LiveRun(facts, restored.run, lanes.of(facts), secrets, []), entry, restored)
  }

  function takeUp(live: LiveRun, entry: RunEntry, { run, ...restored }: Restored): Revived {
    const { inputs, ended } = run.state
    const snapshot = ended === null ? snapshotOf(run) : entry.snapshot
    live.journal = { isWritten: true, inputs: [], sealed: inputs, committed: inputs, snapshot }
    live.steps = entry.records
    if (ended === null) live.mailbox.push({ kind: 'resume', nowMs: context.nowMs() })
    keep(live)
    const outcome = { ...restored, ended, accepted: [], hasYielded: false, wakeAtMs: null, isWaiting: false }
    return {
      live,
      isNew: false,
      proceed() {
        slots.request(live, true)
        context.settle(live, outcome)
      },
    }
  }

  return (runId, value) => {
    const entry = runEntryCodec.decode(value)
    try {
      return revived(entry)
    } catch (error) {
      const shown = error instanceof Error ? error.stack : String(error)
      context.logger.error({ runId, error: shown }, 'a run cannot be restored')
      const { facts } = entry
      const live = new LiveRun(facts, createRun(partsOf.nothing(facts)), lanes.of(facts), new Set(), [])
      live.journal.isWritten = true
      return { live, isNew: false, proceed: () => context.breakDown(live, error) }
    }
  }
}

/** Those that have begun first, then by age. */
export const inTurn = (one: Revived, other: Revived): number =>
  Number(one.isNew) - Number(other.isNew) || one.live.brief.startedAtMs - other.live.brief.startedAtMs
