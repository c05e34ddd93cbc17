/** A run that has not ended, in the memory of its shard. */
import type { Timer } from '../../src/clock.ts'
import type { Input, Perform, Run } from '../../src/workflows/interpreter/run.ts'
import type { RunEntry, RunFacts } from '../../topics/run-journal.ts'

export interface Journal {
  isWritten: boolean
  /** Of the last record, with the inputs that the run took since. */
  snapshot: string | null
  inputs: Input[]
  /** Numbers of the last input that was sealed, and that has committed. */
  sealed: number
  committed: number
}

/** Runs that share a limit. */
export interface Lane {
  key: string
  organizationId: string
  limit: number
  /** Whether runs give their slots back while they wait. */
  releases: boolean
  priority: number
}

/** Of a run on the shelf, what is looked at without it. */
export type Brief = Pick<
  RunFacts,
  'runId' | 'organizationId' | 'environment' | 'workflowId' | 'version' | 'mode' | 'startedAtMs'
>

export interface Present {
  facts: RunFacts
  run: Run
}

/** One that waits takes a fraction of its memory on the shelf. */
export class LiveRun {
  readonly brief: Brief
  /** Values of secrets that it has read, for redaction. */
  readonly secrets: Set<string>
  /** Its place among the runs of its workflow and organization. */
  readonly lane: Lane
  /** `waiting`: for a slot. `free`: nothing of it is under way but what may take long, and it gave its slot back. */
  slot: 'waiting' | 'held' | 'free' = 'waiting'
  /** Inputs that it has not taken yet. */
  mailbox: Input[]
  /** Its walk goes on in a later turn. */
  isWalking = false
  isQueued = false
  /** It counts among those of its organization that wait for a time. */
  isParked = false
  hasEnded = false
  journal: Journal = { isWritten: false, snapshot: null, inputs: [], sealed: 0, committed: 0 }
  /** Effects that begin when the input that they depend on has committed. */
  held: Perform[] = []
  /** Requests under way, by step path. */
  readonly underWay = new Map<string, AbortController>()
  wake: Timer | undefined = undefined
  /** It may be put on the shelf then, if it is idle. */
  shelvedFromMs: number | undefined = undefined
  /** Step records so far. */
  steps = 0
  /** Undefined: on the shelf, from where `bringBack` brings it. */
  present: Present | undefined
  bringBack: (() => Present) | undefined = undefined

  constructor(facts: RunFacts, run: Run, lane: Lane, secrets: Set<string>, mailbox: Input[]) {
    const { runId, environment, workflowId, version, mode, startedAtMs } = facts
    this.brief = { runId, organizationId: lane.organizationId, environment, workflowId, version, mode, startedAtMs }
    this.present = { facts, run }
    this.lane = lane
    this.secrets = secrets
    this.mailbox = mailbox
  }

  get facts(): RunFacts {
    return this.#here().facts
  }
  set facts(facts: RunFacts) {
    this.#here().facts = facts
  }
  get run(): Run {
    return this.#here().run
  }
  set run(run: Run) {
    this.#here().run = run
  }

  #here(): Present {
    if (this.present === undefined) {
      this.present = this.bringBack!()
      this.bringBack = undefined
    }
    return this.present
  }
}

/** As it is to be restored: in the middle of a walk by its inputs, else by a snapshot. */
export function entryOf(live: LiveRun, snapshot: string | null): RunEntry {
  const { facts, run, journal, mailbox } = live
  const { effects, records } = run.state
  return {
    facts,
    snapshot,
    inputs: [...journal.inputs, ...mailbox].map(each => JSON.stringify(each)),
    effects,
    records,
  }
}
