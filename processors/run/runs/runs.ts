/**
 * The live runs of a shard. What a run takes in, what it asks for and what it has done since the last transaction is
 * sealed together: after a crash it goes on from its last record in `run.journal`. A run that ends in the transaction
 * that began it leaves no record.
 */
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { type Advance, advance, continueRun } from '../../../src/workflows/interpreter/advance.ts'
import type { Ending, Input } from '../../../src/workflows/interpreter/run.ts'
import { createRun, snapshotOf } from '../../../src/workflows/interpreter/snapshot.ts'
import { isDelayed } from '../../../src/workflows/interpreter/timers.ts'
import type { SkipReason } from '../../../topics/audit-runs.ts'
import { type RunFacts, runEntryCodec, runJournal } from '../../../topics/run-journal.ts'
import type { RunDependencies } from '../dependencies.ts'
import type { Performer } from '../effects/perform.ts'
import type { Lanes } from '../lanes.ts'
import { entryOf, LiveRun } from '../live-run.ts'
import type { Outputs } from '../outputs.ts'
import type { RunPort } from '../port.ts'
import { createParking } from './parking.ts'
import { type PartsOf, VersionMissing } from './parts.ts'
import { createRevive, inTurn } from './revive.ts'
import { createShelf } from './shelf.ts'
import { createSlots, type Slots } from './slots.ts'
import { createTurns } from './turns.ts'

export interface Runs extends RunPort {
  slots: Pick<Slots, 'isFull' | 'waiting'>
  restore(runId: string, value: Buffer | null): void
  /** Goes on with what was restored. */
  start(): void
  /** Cancels every run of an organization. */
  cancelAll(organizationId: string): void
  /** Works off what runs have to do. */
  work(): void
  seal(): OutRecord[]
  committed(): void
  live(): Iterable<LiveRun>
  counts(): { active: number; waiting: number }
  close(): void
}

export function createRuns(context: {
  handle: ShardHandle
  deps: Pick<RunDependencies, 'clock' | 'logger' | 'observe'>
  outputs: Outputs
  partsOf: PartsOf
  lanes: Lanes
  performer: Performer
  /** Why a run that has waited for a slot does not begin any more. */
  outdated(facts: RunFacts, nowMs: number): SkipReason | undefined
}): Runs {
  const { handle, outputs, partsOf, lanes, performer } = context
  const { clock, logger, observe } = context.deps
  const all = new Map<string, LiveRun>()
  /** Runs that a step waits for, by the step. */
  const children = new Map<string, LiveRun>()
  const entries = new Map<string, Buffer>()
  const dirty = new Set<LiveRun>()
  const removed = new Set<string>()
  let sealed: LiveRun[] = []
  const turns = createTurns({ clock, turn, onError: error => handle.fail(error) })
  const slots = createSlots({ limitOf: lanes.limitOf, granted: live => turns.add(live) })
  const parking = createParking({ limitOf: lanes.parkedMax })
  const shelf = createShelf({ clock, startOf: partsOf.startOf })
  const nowMs = () => Math.round(clock.nowMs())

  const port: RunPort = {
    begin,
    feed,
    find: runId => all.get(runId),
    childOf: stepId => children.get(stepId),
    work: () => turns.work(),
  }

  function begin(facts: RunFacts): void {
    const secrets = new Set<string>()
    const live = new LiveRun(facts, createRun(partsOf(facts, secrets)), lanes.of(facts), secrets, [start(facts)])
    keep(live)
    dirty.add(live)
    observe.started(facts.triggerKind)
    slots.request(live, false)
  }

  function keep(live: LiveRun): void {
    all.set(live.facts.runId, live)
    const { parentRunId, parentPath } = live.facts
    if (parentPath !== null) children.set(`${parentRunId}/${parentPath}`, live)
  }

  function feed(live: LiveRun, input: Input): void {
    if (live.hasEnded) return
    dirty.add(live)
    handle.write([])
    // It needs no slot to end.
    if (input.kind === 'cancel' && !live.isWalking) settle(live, advance(live.run, input))
    else if (input.kind === 'cancel') live.mailbox.unshift(input)
    else live.mailbox.push(input)
    if (live.slot === 'held') turns.add(live)
    else if (live.slot === 'free' && !live.hasEnded) {
      parking.leave(live)
      slots.request(live, true)
    }
  }

  function turn(live: LiveRun): void {
    if (live.hasEnded || live.slot !== 'held' || !hasBegun(live)) return
    const input = live.isWalking ? undefined : live.mailbox.shift()
    if (input === undefined && !live.isWalking) return
    let outcome: Advance
    try {
      outcome = input === undefined ? continueRun(live.run) : advance(live.run, input)
    } catch (error) {
      breakDown(live, error)
      return
    }
    settle(live, outcome, input?.kind === 'resume')
  }

  /** The first slot of a run is its beginning, unless it came too late. */
  function hasBegun(live: LiveRun): boolean {
    if (live.run.state.inputs > 0 || live.isWalking) return true
    const reason = context.outdated(live.facts, nowMs())
    if (reason === undefined) {
      beginAt(live, nowMs())
      outputs.started(live.facts, live.facts.begunAtMs)
    } else skip(live, reason)
    return reason === undefined
  }

  function skip(live: LiveRun, reason: SkipReason): void {
    remove(live)
    outputs.skipped(live.facts, reason)
    observe.skipped(reason)
    handle.write([])
    const failure = { actionKey: '', path: null, code: reason, message: reason }
    answerCaller(live.facts, { status: 'failed', error: failure, reason: null, output: null })
  }

  /** Its time counts from now on. */
  function beginAt(live: LiveRun, begunAtMs: number): void {
    if (begunAtMs - live.facts.begunAtMs < AT_ONCE_MS) return
    live.facts = { ...live.facts, begunAtMs }
    live.run = createRun(partsOf(live.facts, live.secrets))
    live.mailbox = live.mailbox.map(input => (input.kind === 'start' ? start(live.facts) : input))
  }

  /** A fault of the platform ends the run, not the shard. */
  function breakDown(live: LiveRun, error: unknown): void {
    const { runId } = live.facts
    logger.error({ runId, error: error instanceof Error ? error.stack : String(error) }, 'a run cannot go on')
    const message =
      error instanceof VersionMissing ? error.message : 'The run could not go on, by a fault of the platform.'
    const failure = { actionKey: '', path: null, code: 'internal_error', message }
    end(live, { status: 'failed', error: failure, reason: null, output: null })
  }

  function settle(live: LiveRun, outcome: Advance, isRestored = false): void {
    live.isWalking = outcome.hasYielded
    live.journal.inputs.push(...outcome.accepted)
    dirty.add(live)
    for (const record of outcome.records) outputs.step(live.facts, record, live.secrets)
    live.steps += outcome.records.length
    for (const effect of outcome.effects) performer.perform(live, effect, port)
    if (outcome.ended !== null) end(live, outcome.ended)
    else goOn(live, outcome, isRestored)
  }

  function goOn(live: LiveRun, outcome: Advance, isRestored: boolean): void {
    handle.write([], live.held.length > 0)
    if (!outcome.hasYielded) arm(live, outcome.wakeAtMs)
    if (outcome.hasYielded || live.mailbox.length > 0) turns.add(live)
    else if (outcome.isWaiting && live.lane.releases) park(live, isRestored)
  }

  function park(live: LiveRun, isRestored: boolean): void {
    if (!isDelayed(live.run) || parking.enter(live, isRestored)) slots.release(live)
    else feed(live, { kind: 'refuse', nowMs: nowMs(), code: 'waiting_limit_exceeded', message: TOO_MANY })
  }

  function arm(live: LiveRun, atMs: number | null): void {
    live.wake?.cancel()
    live.wake = undefined
    if (atMs === null) return
    live.wake = clock.after(Math.max(1, atMs - clock.nowMs()), () => {
      observe.late('wake', (clock.nowMs() - atMs) / 1000)
      feed(live, { kind: 'wake', nowMs: Math.max(nowMs(), atMs) })
      turns.work()
    })
  }

  function end(live: LiveRun, ending: Ending): void {
    const { facts, run, secrets, steps } = live
    const { warnings, nowMs: atMs, hasResponded } = run.state
    remove(live)
    outputs.ended(facts, { ending, atMs: Math.max(atMs, facts.startedAtMs), steps, warnings, hasResponded }, secrets)
    observe.ended(ending.status)
    handle.write([])
    answerCaller(facts, ending)
  }

  function remove(live: LiveRun): void {
    quieten(live)
    parking.leave(live)
    dirty.delete(live)
    slots.forget(live)
    slots.release(live)
    all.delete(live.brief.runId)
    if (live.journal.isWritten) removed.add(live.brief.runId)
  }

  function answerCaller({ runId, parentRunId, parentPath, parentAttempt }: RunFacts, ending: Ending): void {
    if (parentPath === null) return
    children.delete(`${parentRunId}/${parentPath}`)
    const parent = all.get(parentRunId!)
    if (parent === undefined || parentAttempt === 0) return
    const message = `The run ${runId} ended as ${ending.status}${ending.error === null ? '' : `: ${ending.error.message}`}`
    const answer =
      ending.status === 'succeeded'
        ? { output: { output: ending.output, runId } }
        : { error: { code: 'child_failed', message } }
    feed(parent, { kind: 'answer', path: parentPath, attempt: parentAttempt, nowMs: nowMs(), ...answer })
  }

  function sealOne(live: LiveRun): OutRecord {
    const { facts, journal } = live
    if (!live.isWalking && live.run.state.inputs > 0) {
      journal.snapshot = snapshotOf(live.run)
      journal.inputs = []
    }
    if (!journal.isWritten) outputs.began(facts, live.run.state.inputs === 0 ? 'queued' : 'running', live.secrets)
    journal.isWritten = true
    journal.sealed = live.run.state.inputs
    const value = runEntryCodec.encode(entryOf(live, journal.snapshot))
    return { topic: runJournal.name, partition: handle.shard, key: facts.runId, value }
  }

  return {
    ...port,
    slots,
    cancelAll(organizationId) {
      for (const live of [...all.values()])
        if (live.lane.organizationId === organizationId) feed(live, { kind: 'cancel', nowMs: nowMs() })
    },
    restore(runId, value) {
      if (value === null) entries.delete(runId)
      else entries.set(runId, value)
    },
    start() {
      const revive = createRevive({ partsOf, lanes, logger, slots, nowMs, keep, settle, breakDown })
      const revived = [...entries].map(([runId, value]) => revive(runId, value)).sort(inTurn)
      entries.clear()
      for (const { proceed } of revived) proceed()
      for (const { live, isNew } of revived) if (isNew) shelf.idle(live)
      turns.work()
    },
    seal() {
      sealed = [...dirty]
      dirty.clear()
      const records = sealed.map(sealOne)
      const place = { topic: runJournal.name, partition: handle.shard, value: null }
      const tombstones = [...removed].map(key => ({ ...place, key }))
      removed.clear()
      return [...records, ...tombstones]
    },
    committed() {
      for (const live of sealed) {
        live.journal.committed = live.journal.sealed
        performer.release(live, port)
        if (!live.hasEnded) shelf.idle(live)
      }
      sealed = []
    },
    live: () => all.values(),
    counts: () => ({ active: slots.counts().held, waiting: all.size - slots.counts().held }),
    close() {
      turns.close()
      shelf.close()
      for (const live of all.values()) quieten(live)
      all.clear()
    },
  }
}

const TOO_MANY = 'The organization has as many runs that wait for a time as its plan lets.'

/** A run that waited for less began when it was started. */
const AT_ONCE_MS = 1_000

/** Nothing of it goes on. */
function quieten(live: LiveRun): void {
  live.hasEnded = true
  live.wake?.cancel()
  for (const controller of live.underWay.values()) controller.abort()
  live.underWay.clear()
}

const start = ({ begunAtMs }: RunFacts): Input => ({ kind: 'start', nowMs: begunAtMs })
