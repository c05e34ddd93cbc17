import type { Input } from '../../src/workflows/interpreter/run.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import type { LiveRun } from './live-run.ts'

/** The live runs, as their effects and starts see them. */
export interface RunPort {
  /** Throws `VersionMissing`. */
  begin(facts: RunFacts): void
  /** Hands an input to a run. It is sealed with the transaction that is being filled, whenever the run takes it. */
  feed(live: LiveRun, input: Input): void
  find(runId: string): LiveRun | undefined
  /** The run that this step waits for. */
  childOf(stepId: string): LiveRun | undefined
  /** Works off what runs have to do: at the end of every call from outside. */
  work(): void
}
