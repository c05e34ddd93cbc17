/**
 * The replays of one shard to the kinds of targets that a role owns. The control plane says which replays run; the
 * progress to each target is state of the shard, so that a killed replay goes on from there.
 */

import { type ReplayState, replayStateCodec } from '../../../topics/delivery-catch-ups.ts'
import { events } from '../../../topics/events.ts'
import type { Clock } from '../../clock.ts'
import type { LogRecord, OutRecord } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Kind } from '../../model/records.ts'
import { isUnderWay, type Replay, type ReplayTarget, targetsOf } from '../../model/replays.ts'
import { createAllowance } from './allowance.ts'
import { createChangelogTable } from './changelog-table.ts'
import { createChoose } from './choosing.ts'
import type { HandedOver, TargetEnd, TargetProgress } from './ends.ts'
import type { ListedEvents } from './listed-events.ts'
import type { LogSource } from './log-merge.ts'
import type { OpenTarget, TargetOwner } from './owner.ts'
import type { ReadTurns } from './read-turns.ts'
import { itemRow, type ReplayItems } from './replay-items.ts'
import { type Candidate, createWay, type Stretch, type Way } from './way.ts'

/** Records of one partition are not exactly in the order of their times: platform emits come through another topic. */
const TIME_SLACK_MS = 60_000
const END_PAUSE_MS = 1_000

export interface TargetRunPorts {
  owner: TargetOwner
  log: LogSource
  clock: Clock
  logger: Logger
  view: ControlView
  /** The compacted topic that keeps the progress, and the key of a run in it. */
  stateTopic: string
  keyOf(runId: string): string
  items: ReplayItems
  turns?: ReadTurns | undefined
  /** Events that are named one by one. */
  listed: ListedEvents
  /** There is state to commit. */
  changed(): void
  fail(error: Error): void
  /** Whether this shard is responsible for the organization. */
  isOurs(organizationId: string): boolean
  /** Into the control plane; repeated until the view shows it. */
  ended(replay: Replay, target: ReplayTarget, end: TargetEnd, progress: TargetProgress): Promise<void>
  /** Pauses the replay in the control plane, until a caller resumes it. */
  pause(replay: Replay, reason: string): Promise<void>
}

export interface TargetRuns {
  restore(runId: string, value: Buffer | null): void
  start(): void
  /** Checks again whether they may go on. */
  nudge(): void
  seal(partition: number): OutRecord[]
  close(): void
}

interface Running extends ReplayState {
  way: Way | undefined
  target: OpenTarget | undefined
  isCancelled: boolean
  /** On no allowance. */
  isRedrive: boolean
  /** Handed out, and not dealt with yet: not in the stored counts. */
  out: number
}

/** One target keeps the key that replays have always had. */
const runIdOf = (replay: Replay, { id }: Pick<ReplayTarget, 'id'>): string =>
  targetsOf(replay).length === 1 ? replay.id : `${replay.id}/${id}`
const replayIdOf = (runId: string): string => runId.split('/')[0]!

export function createTargetRuns(ports: TargetRunPorts): TargetRuns {
  const { view, clock, owner, items } = ports
  const states = createChangelogTable<Running>({
    topic: ports.stateTopic,
    keyOf: ports.keyOf,
    encode: ({ way, target: _target, isCancelled: _isCancelled, isRedrive: _isRedrive, out: _out, ...state }) =>
      replayStateCodec.encode({ ...state, ...way?.position() }),
    onChange: () => ports.changed(),
  })
  const allowance = createAllowance(() => [...states.values()].filter(({ isRedrive }) => !isRedrive))
  let forget: () => void = () => undefined
  let closed = false

  const isOwned = ({ kind }: ReplayTarget) => owner.kinds.includes(kind)

  function follow(organizationId: string, replayId: string): void {
    if (closed || !ports.isOurs(organizationId)) return
    const replay = view.find('replay', organizationId, replayId)
    const wanted = new Set<string>()
    if (replay && isUnderWay(replay) && !replay.dryRun) {
      for (const target of targetsOf(replay).filter(isOwned)) {
        if (target.state !== 'running') continue
        wanted.add(runIdOf(replay, target))
        followTarget(replay, target)
      }
    }
    for (const runId of states.ids()) if (replayIdOf(runId) === replayId && !wanted.has(runId)) drop(runId)
  }

  function followTarget(replay: Replay, target: ReplayTarget): void {
    const runId = runIdOf(replay, target)
    const state = states.get(runId) ?? begin(replay, runId)
    state.isCancelled = replay.state === 'cancelling'
    state.isRedrive = replay.kind === 'redrive'
    if (state.isCancelled) state.way?.stop()
    else state.way?.nudge()
    if (!state.way) run(replay, target, state).catch(error => ports.fail(error as Error))
  }

  function begin({ organizationId, kind }: Replay, runId: string): Running {
    const state: Running = {
      // A redrive reads no log: nothing has to be found before its first event.
      ...{ organizationId, cursors: [], nextNumber: kind === 'redrive' ? 0 : -1, doneNumbers: [] },
      ...{ matched: 0, skipped: 0, handedOver: 0, failed: 0, expired: 0 },
      othersBefore: allowance.used(organizationId),
      ...{ way: undefined, target: undefined, isCancelled: false, isRedrive: kind === 'redrive', out: 0 },
    }
    states.set(runId, state)
    return state
  }

  function drop(runId: string): void {
    const state = states.get(runId)!
    state.way?.stop()
    if (!state.isRedrive) allowance.forget(state)
    states.end(runId)
  }

  const isCurrent = (runId: string, state: Running) => !closed && states.get(runId) === state

  async function run(replay: Replay, target: ReplayTarget, state: Running): Promise<void> {
    const runId = runIdOf(replay, target)
    const { organizationId, id } = replay
    const open = owner.open(replay, target)
    state.target = open
    const now = () => view.find('replay', organizationId, id)
    const isInactive = () => open.state() === 'inactive'
    let isSpent = false
    function note({ event }: Candidate, end: HandedOver): void {
      if (end.outcome !== 'redriven') state[COUNTS[end.outcome]]++
      items.add(itemRow(replay, target, event, { ...end, atMs: clock.nowMs() }))
    }
    state.way = createWay({
      ...ports,
      position: state,
      stretch: stretchOf(replay, open, now),
      ratePerSecond: replay.ratePerSecond,
      inFlightMax: open.inFlightMax,
      halted: () => now()?.state === 'paused' || (isInactive() && replay.force === true) || open.isWaiting(),
      isOver: () => open.state() === 'gone' || isSpent || open.ended?.() !== undefined,
      admits() {
        isSpent = replay.matchedMax !== null && allowance.usedBy(state) >= replay.matchedMax
        return !isSpent
      },
      isCrowded: items.isCrowded,
      keepsOrder: open.keepsOrder,
      deliver(candidate, left) {
        const count = countOf(candidate)
        state.out += count
        const ends = open.deliver(candidate, late => {
          state.out -= count
          state.matched += count
          if (late) note(candidate, late)
          left()
        })
        for (const end of [ends ?? []].flat()) note(candidate, end)
      },
      settle(candidate) {
        const { outcome, reason } = candidate.without!
        state.matched += countOf(candidate)
        for (const deliveryId of candidate.deliveryIds ?? [undefined])
          note(candidate, { outcome, reason, ...(deliveryId !== undefined && { deliveryId }) })
      },
      expired(count) {
        state.expired += count
        states.touch(runId)
      },
      moved: () => states.touch(runId),
      ...(open.own && { open: from => open.own!.open(from ?? 0) }),
      ...(replay.eventIds && { open: from => ports.listed.open(replay, from, count => (state.expired += count)) }),
    })
    if (!state.isCancelled) await state.way.pass()
    open.close?.()
    if (isCurrent(runId, state)) await end(replay, target, runId, state, isSpent)
  }

  function stretchOf(replay: Replay, open: OpenTarget, now: () => Replay | undefined): Stretch {
    const { organizationId, environment } = replay
    const fromMs = Date.parse(replay.from)
    const toMs = Date.parse(replay.to)
    const isListed = replay.eventIds !== undefined || open.own !== undefined
    return {
      topic: events.nameFor(organizationId, environment),
      organizationId,
      completeAtMs: isListed ? 0 : toMs,
      begins: (event, record) =>
        isListed ||
        (replay.fromOffsets ? isBeyond(replay.fromOffsets, record) : event.recordedAtMs >= fromMs - TIME_SLACK_MS),
      ends: event => event.recordedAtMs >= toMs + TIME_SLACK_MS,
      choose: open.own?.choose ?? createChoose({ clock, pause: ports.pause, replay, open, now }),
    }
  }

  async function end(replay: Replay, target: ReplayTarget, runId: string, state: Running, isSpent: boolean) {
    const outcome = outcomeOf(state, isSpent)
    while (isCurrent(runId, state)) {
      try {
        const { matched, skipped, handedOver, failed, expired, out } = state
        await ports.ended(replay, target, outcome, {
          ...{ matched: matched + out, skipped, handedOver, failed, expired },
        })
        return
      } catch (error) {
        ports.logger.warn(
          { replay: replay.id, target: target.id, error: String(error) },
          'the end of a replay could not be written; trying again',
        )
        await clock.sleep(END_PAUSE_MS)
      }
    }
  }

  function nudge(): void {
    for (const { way } of states.values()) way?.nudge()
  }

  return {
    restore(runId, value) {
      const run = { way: undefined, target: undefined, isCancelled: false, isRedrive: false, out: 0 }
      states.restore(runId, value ? { ...replayStateCodec.decode(value), ...run } : undefined)
    },
    start() {
      forget = view.onChange((kind, organizationId, id) => {
        if (kind === 'replay') follow(organizationId, id)
        // Its target may have changed.
        else if (TARGET_KINDS.has(kind))
          for (const state of states.values()) if (state.organizationId === organizationId) state.way?.nudge()
      })
      for (const runId of states.ids()) follow(states.get(runId)!.organizationId, replayIdOf(runId))
      for (const { id: organizationId } of view.organizations()) {
        if (ports.isOurs(organizationId))
          for (const { id } of view.list('replay', organizationId)) follow(organizationId, id)
      }
    },
    nudge,
    seal(partition) {
      const wasCrowded = items.isCrowded()
      const records = [...states.seal(partition), ...items.seal(partition)]
      if (wasCrowded) nudge()
      return records
    },
    close() {
      closed = true
      forget()
      for (const { way } of states.values()) way?.stop()
    },
  }
}

function outcomeOf({ target, isCancelled }: Running, isSpent: boolean): TargetEnd {
  if (isCancelled) return { state: 'cancelled', reason: null }
  if (target!.state() === 'gone') return { state: 'failed', reason: 'target_deleted' }
  return target!.ended?.() ?? { state: 'completed', reason: isSpent ? 'replay_quota_exceeded' : null }
}

const TARGET_KINDS: ReadonlySet<Kind> = new Set([
  'webhook',
  'queue',
  'workflow',
  'federation-member',
  'federation-group',
])

const countOf = ({ deliveryIds }: Candidate): number => deliveryIds?.length ?? 1

const COUNTS = { delivered: 'handedOver', skipped: 'skipped', failed: 'failed' } as const

/** Whether a record lies at or beyond a place in its log; partitions that the place does not know came later. */
export const isBeyond = (offsets: readonly number[], { partition, offset }: Pick<LogRecord, 'partition' | 'offset'>) =>
  offset >= (offsets[partition] ?? 0)
