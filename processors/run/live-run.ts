/** A run that has not ended, in the memory of its shard. */
import type { Timer } from '../../src/clock.ts'
import type { Input, Perform, Run } from '../../src/workflows/interpreter/run.ts'
import type { RunEntry, RunFacts } from '../../topics/run-journal.ts'

export interface LiveRun {
  facts: RunFacts
  run: Run
  /** Values of secrets that it has read, for redaction. */
  secrets: Set<string>
  /** Its place among the runs of its workflow and organization. */
  lane: Lane
  /** `waiting`: for a slot. `free`: nothing of it is under way but what may take long, and it gave its slot back. */
  slot: 'waiting' | 'held' | 'free'
  /** Inputs that it has not taken yet. */
  mailbox: Input[]
  /** Its walk goes on in a later turn. */
  isWalking: boolean
  isQueued: boolean
  /** It counts among those of its organization that wait for a time. */
  isParked: boolean
  hasEnded: boolean
  journal: Journal
  /** Effects that begin when the input that they depend on has committed. */
  held: Perform[]
  /** Requests under way, by step path. */
  underWay: Map<string, AbortController>
  wake: Timer | undefined
  /** Step records so far. */
  steps: number
}

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

export function liveRun(facts: RunFacts, run: Run, lane: Lane, secrets: Set<string>, mailbox: Input[]): LiveRun {
  return {
    facts,
    run,
    secrets,
    lane,
    slot: 'waiting',
    mailbox,
    isWalking: false,
    isQueued: false,
    isParked: false,
    hasEnded: false,
    journal: { isWritten: false, snapshot: null, inputs: [], sealed: 0, committed: 0 },
    held: [],
    underWay: new Map(),
    wake: undefined,
    steps: 0,
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
