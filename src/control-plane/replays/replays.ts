/**
 * Replays of stored events to some targets: the requests. The owners of the targets run them, and record here how each
 * target ended; the last one ends the replay.
 */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import {
  isUnderWay,
  type Replay,
  type ReplayProgress,
  type ReplayTarget,
  targetsOf,
  webhookIdOf,
} from '../../model/replays.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { ControlStore } from '../store/store.ts'
import { aboutTargets, ENGINE, excess, NOTHING, newReplay, of } from './replay-record.ts'
import { checkedSource, type ReplaySource } from './replay-source.ts'
import { type NamedTargets, resolveTargets } from './replay-targets.ts'

export { EVENT_RETENTION_MS, type ReplaySource } from './replay-source.ts'

export const REPLAY_RATE = { default: 50, most: 500 }
const RUNNING_PER_ORGANIZATION_MAX = 3

export interface ReplayOptions {
  ratePerSecond?: number | undefined
  /** Recover: only events that the target has not received with success. */
  onlyFailed?: boolean | undefined
  includeFederation?: boolean | undefined
  includeLifecycle?: boolean | undefined
  dryRun?: boolean | undefined
  force?: boolean | undefined
}

export interface NewReplay {
  name?: string | null
  source: ReplaySource
  target: NamedTargets
  options?: ReplayOptions | undefined
  /** Places in errors: before the fields of the source, and of its start. */
  sourcePath?: string
  fromPath?: string
}

export interface TargetEnding {
  state: 'completed' | 'cancelled' | 'failed'
  reason: string | null
}

export interface Replays {
  /**
   * Errors: `not_found`, `invalid_range`, `outside_retention`, `invalid_event_selector`, `selector_required`,
   * `too_many_targets`, `replay_in_progress`, `replay_quota_exceeded`, and those of federation.
   * @param usedToday replayed deliveries of the organization since midnight UTC.
   */
  start(caller: Caller, owner: Owner, kind: 'replay' | 'recover', input: NewReplay, usedToday: number): Promise<Replay>
  /** Errors: `not_found`, `replay_not_running`. */
  command(caller: Caller, owner: Owner, id: string, command: 'pause' | 'resume' | 'cancel'): Promise<Replay>
  /** Called by the engine, which cannot go on by itself; no effect on a replay that is not running. */
  hold(replay: Replay, reason: string): Promise<void>
  /** Called by the owner of the target; no effect on one that has ended. */
  endTarget(
    replay: Replay,
    target: Pick<ReplayTarget, 'id'>,
    end: TargetEnding,
    progress: ReplayProgress,
  ): Promise<void>
}

const NEXT = {
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
  cancel: { from: ['pending', 'running', 'paused'], to: 'cancelling' },
} as const

export function createReplays(deps: { store: ControlStore; ids: Ids; clock: Clock; announce: Announce }): Replays {
  const { store, ids, clock, announce } = deps

  return {
    start(caller, owner, kind, input, usedToday) {
      const nowMs = clock.nowMs()
      const { fields, warnings } = checkedSource(input.source, nowMs, input)
      const id = ids.next('rpl')
      return store.change(ids.next('chg'), current => {
        const organization = getOrganization(current, owner.organizationId)
        const options = optionsOf(input)
        const targets = resolveTargets(current, owner, input.target, {
          ...options,
          hasSelectors: fields.selectors.length > 0 || fields.eventIds !== undefined,
        })
        checkUnderWay(current, owner, targets, options.dryRun)
        const matchedMax = options.dryRun ? null : allowanceOf(organization, usedToday)
        const replay: Replay = {
          ...newReplay({ id, owner, kind, caller, nowMs, name: input.name ?? null }),
          ...fields,
          ...options,
          ...{ targetKind: input.target.kind, targets, warnings, matchedMax },
          ...(input.target.kind === 'webhook' && targets.length === 1 && { webhookId: targets[0]!.id }),
          ...(targets.length === 0 && {
            state: 'completed',
            endedAt: new Date(nowMs).toISOString(),
            progress: NOTHING,
          }),
        }
        const data = { ...aboutTargets(replay), kind, from: replay.from, to: replay.to, dryRun: options.dryRun }
        const started = announce(caller, { ...of(replay, 'REPLAY_STARTED'), status: 'running', data })
        const ended = announce(ENGINE, {
          ...of(replay, 'REPLAY_COMPLETED'),
          status: 'completed',
          data: { ...NOTHING, dryRun: options.dryRun },
        })
        return {
          records: [{ kind: 'replay', record: replay }, ...excess(current, owner.organizationId)],
          changes: targets.length === 0 ? [started, ended] : [started],
          result: replay,
        }
      })
    },
    command: (caller, owner, id, command) =>
      store.change(ids.next('chg'), current => {
        const before = getReplay(current, owner, id)
        const { from, to } = NEXT[command]
        if (!(from as readonly string[]).includes(before.state))
          throw new ClarionError('replay_not_running', `The replay is ${before.state}: it cannot ${command}.`)
        const replay = revised(before, { state: to, stateReason: null }, clock.nowMs())
        const about = { ...of(replay, 'REPLAY_UPDATED'), previousStatus: before.state, status: to }
        return { records: [{ kind: 'replay', record: replay }], changes: [announce(caller, about)], result: replay }
      }),
    hold: ({ organizationId, id }, reason) =>
      store.change(ids.next('chg'), current => {
        const before = current.find('replay', organizationId, id)
        if (before?.state !== 'running') return { records: [], changes: [], result: undefined }
        const replay = revised(before, { state: 'paused', stateReason: reason }, clock.nowMs())
        const about = { ...of(replay, 'REPLAY_UPDATED'), previousStatus: before.state, status: 'paused', reason }
        return { records: [{ kind: 'replay', record: replay }], changes: [announce(ENGINE, about)], result: undefined }
      }),
    endTarget: ({ organizationId, id }, target, end, progress) =>
      store.change(ids.next('chg'), current => {
        const before = current.find('replay', organizationId, id)
        const its = before && targetsOf(before).find(each => each.id === target.id)
        if (!before || !isUnderWay(before) || its?.state !== 'running')
          return { records: [], changes: [], result: undefined }
        const targets = targetsOf(before).map(each =>
          each === its ? { ...each, state: end.state, stateReason: end.reason, progress: withoutZero(progress) } : each,
        )
        const nowMs = clock.nowMs()
        if (targets.some(({ state }) => state === 'running')) {
          const record = revised(before, { targets }, nowMs)
          return { records: [{ kind: 'replay', record }], changes: [], result: undefined }
        }
        const ended = endOf(before, targets, nowMs)
        const replay = revised(before, { ...ended, targets }, nowMs)
        const about: Announcement = {
          ...of(replay, `REPLAY_${replay.state.toUpperCase()}`),
          ...{ previousStatus: before.state, status: replay.state },
          ...(replay.stateReason === null ? {} : { reason: replay.stateReason }),
          data: { ...replay.progress, ...aboutTargets(replay), ...(replay.dryRun === true && { dryRun: true }) },
        }
        return { records: [{ kind: 'replay', record: replay }], changes: [announce(ENGINE, about)], result: undefined }
      }),
  }
}

/** Throws `not_found`, for a replay of the other environment too. */
export function getReplay(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Replay {
  const replay = view.find('replay', owner.organizationId, id)
  if (replay?.environment !== owner.environment) throw new ClarionError('not_found', 'There is no such replay.')
  return replay
}

function optionsOf({ options = {} }: NewReplay) {
  const { ratePerSecond = REPLAY_RATE.default, onlyFailed = false, dryRun = false, force = false } = options
  const { includeFederation = false, includeLifecycle = false } = options
  return { ratePerSecond, onlyFailed, dryRun, force, includeFederation, includeLifecycle }
}

/** Throws `replay_in_progress`. Dry runs hand nothing over: they are in the way of other dry runs alone. */
function checkUnderWay(
  current: DecisionView,
  { organizationId }: Owner,
  targets: ReplayTarget[],
  dryRun: boolean,
): void {
  const underWay = current
    .list('replay', organizationId)
    .filter(each => isUnderWay(each) && each.kind !== 'redrive' && (each.dryRun === true) === dryRun)
  const what = dryRun ? 'dry runs' : 'replays'
  if (underWay.length >= RUNNING_PER_ORGANIZATION_MAX)
    throw new ClarionError(
      'replay_in_progress',
      `${RUNNING_PER_ORGANIZATION_MAX} ${what} of the organization are under way; wait for one to end, or cancel it.`,
    )
  if (dryRun) return
  const receiverOf = ({ kind, id }: ReplayTarget) =>
    (kind === 'federation_member' ? current.federation.member(id)?.memberOrganizationId : null) ?? webhookIdOf(id)
  const busy = new Map(
    underWay.flatMap(each =>
      targetsOf(each)
        .filter(({ state }) => state === 'running')
        .map(target => [receiverOf(target), each.id] as const),
    ),
  )
  const at = targets.findIndex(target => busy.has(receiverOf(target)))
  if (at < 0) return
  const message = `The replay ${busy.get(receiverOf(targets[at]!))} to ${targets[at]!.id} is under way.`
  throw new ClarionError('replay_in_progress', message, {
    details: [{ path: `/target/ids/${at}`, rule: 'replay_in_progress', message }],
  })
}

/** The rest of the day's quota; null: unlimited. Throws `replay_quota_exceeded`. */
function allowanceOf({ plan }: Organization, usedToday: number): number | null {
  const perDay = planOf(plan).replayedPerDay
  if (perDay === null) return null
  if (usedToday < perDay) return perDay - usedToday
  throw new ClarionError(
    'replay_quota_exceeded',
    `The plan ${plan} replays ${perDay} events a day; ${usedToday} are used.`,
  )
}

/** `failed` only if every target did; one that was cancelled makes the replay cancelled. */
function endOf(before: Replay, targets: readonly ReplayTarget[], nowMs: number) {
  const isAll = (state: ReplayTarget['state']) => targets.every(each => each.state === state)
  const isCancelled = before.state === 'cancelling' && targets.some(({ state }) => state === 'cancelled')
  const state = isCancelled ? ('cancelled' as const) : isAll('failed') ? ('failed' as const) : ('completed' as const)
  const reasons = new Set(targets.filter(each => each.state === state).map(({ stateReason }) => stateReason))
  const stateReason = reasons.size === 1 ? [...reasons][0]! : null
  return { state, stateReason, endedAt: new Date(nowMs).toISOString(), progress: sumOf(targets) }
}

function sumOf(targets: readonly ReplayTarget[]): ReplayProgress {
  const sum = (field: keyof ReplayProgress) => targets.reduce((all, { progress }) => all + (progress?.[field] ?? 0), 0)
  return withoutZero({
    ...{ matched: sum('matched'), processed: sum('processed'), succeeded: sum('succeeded') },
    ...{ failed: sum('failed'), skipped: sum('skipped'), expired: sum('expired') },
  })
}

/** A replay that met no gap does not speak of any. */
function withoutZero({ expired = 0, ...progress }: ReplayProgress): ReplayProgress {
  return expired === 0 ? progress : { ...progress, expired }
}
