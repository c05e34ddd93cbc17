/** Replays of stored events to one webhook: the requests. The engine runs them, and records here how they ended. */
import { DAY_MS } from '../../../topics/topic.ts'
import type { Clock } from '../../clock.ts'
import { notASelector, parseSelector } from '../../events/selector.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import { planOf } from '../../model/plans.ts'
import type { Owner, Replay } from '../../model/records.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import { revised } from '../store/revision.ts'
import type { ControlStore } from '../store/store.ts'
import { getWebhook } from '../webhooks/webhooks.ts'

export const REPLAY_RATE = { default: 50, most: 500 }
const RUNNING_PER_ORGANIZATION_MAX = 3
const RANGE_MS_MAX = 30 * DAY_MS
/** Tolerated lead of a caller's clock. */
const AHEAD_MS_MAX = 5_000

export interface NewReplay {
  name?: string | null
  webhookId: string
  /** ISO 8601, by the time of recording; `to` exclusive, now if absent. */
  from: string
  to?: string
  /** Instead of the webhook's own selectors. */
  selectors?: string[]
  /** Recover: only events that the webhook has not received with success. */
  onlyFailed?: boolean
  ratePerSecond?: number
}

export interface Replays {
  /**
   * Errors: `not_found`, `invalid_range`, `outside_retention`, `invalid_event_selector`, `replay_in_progress`,
   * `replay_quota_exceeded`.
   * @param usedToday replayed deliveries of the organization since midnight UTC.
   */
  start(caller: Caller, owner: Owner, kind: 'replay' | 'recover', input: NewReplay, usedToday: number): Promise<Replay>
  /** Errors: `not_found`, `replay_not_running`. */
  command(caller: Caller, owner: Owner, id: string, command: 'pause' | 'resume' | 'cancel'): Promise<Replay>
  /** Called by the engine; no effect on a replay that has ended. */
  end(
    replay: Replay,
    state: 'completed' | 'cancelled' | 'failed',
    progress: Partial<NonNullable<Replay['progress']>>,
  ): Promise<void>
}

const ENGINE: Caller = { actorId: 'system', requestId: '' }
const UNDER_WAY: ReadonlySet<Replay['state']> = new Set(['pending', 'running', 'paused', 'cancelling'])
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
      const selectors = checkedSelectors(input.selectors ?? [])
      const id = ids.next('rpl')
      return store.change(ids.next('chg'), current => {
        const { plan } = getOrganization(current, owner.organizationId)
        const webhook = getWebhook(current, owner, input.webhookId)
        const range = checkedRange(input, nowMs)
        const perDay = planOf(plan).replayedPerDay
        if (perDay !== null && usedToday >= perDay)
          throw new ClarionError(
            'replay_quota_exceeded',
            `The plan ${plan} replays ${perDay} events a day; ${usedToday} are used.`,
          )
        const underWay = current.list('replay', owner.organizationId).filter(each => UNDER_WAY.has(each.state))
        if (underWay.some(each => each.webhookId === webhook.id))
          throw new ClarionError('replay_in_progress', 'A replay to this webhook is under way.')
        if (underWay.length >= RUNNING_PER_ORGANIZATION_MAX)
          throw new ClarionError(
            'replay_in_progress',
            `${RUNNING_PER_ORGANIZATION_MAX} replays of the organization are under way.`,
          )
        const now = new Date(nowMs).toISOString()
        const replay: Replay = {
          ...{ id, ...owner, revision: 1, createdAt: now, updatedAt: now },
          ...{
            name: input.name ?? null,
            kind,
            webhookId: webhook.id,
            ...range,
            selectors,
            onlyFailed: input.onlyFailed ?? false,
          },
          ...{
            ratePerSecond: input.ratePerSecond ?? REPLAY_RATE.default,
            matchedMax: perDay === null ? null : perDay - usedToday,
          },
          ...{
            state: 'running',
            stateReason: null,
            requestedBy: caller.actorId,
            startedAt: now,
            endedAt: null,
            progress: null,
          },
        }
        const data = { webhookId: webhook.id, kind, from: replay.from, to: replay.to }
        return {
          records: [{ kind: 'replay', record: replay }],
          changes: [announce(caller, { ...of(replay, 'REPLAY_STARTED'), status: 'running', data })],
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
        const replay = revised(before, { state: to }, clock.nowMs())
        const about = { ...of(replay, 'REPLAY_UPDATED'), previousStatus: before.state, status: to }
        return { records: [{ kind: 'replay', record: replay }], changes: [announce(caller, about)], result: replay }
      }),
    end: ({ organizationId, id }, state, { matched = 0, processed = 0, succeeded = 0, failed = 0, skipped = 0 }) =>
      store.change(ids.next('chg'), current => {
        const before = current.find('replay', organizationId, id)
        if (!before || !UNDER_WAY.has(before.state)) return { records: [], changes: [], result: undefined }
        const stateReason = state === 'failed' ? 'webhook_deleted' : null
        const progress = { matched, processed, succeeded, failed, skipped }
        const replay = revised(
          before,
          { state, stateReason, endedAt: new Date(clock.nowMs()).toISOString(), progress },
          clock.nowMs(),
        )
        const about: Announcement = {
          ...of(replay, `REPLAY_${state.toUpperCase()}`),
          ...{ previousStatus: before.state, status: state },
          ...(stateReason === null ? {} : { reason: stateReason }),
          data: progress,
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

/** The part older than the retention of events is cut off; an empty rest is an error. */
function checkedRange({ from, to }: NewReplay, nowMs: number): { from: string; to: string } {
  const fromMs = Date.parse(from)
  const toMs = to === undefined ? nowMs : Date.parse(to)
  const keptFromMs = nowMs - RANGE_MS_MAX
  const refuse = (path: string, message: string) =>
    new ClarionError('invalid_range', message, { details: [{ path, rule: 'range', message }] })
  if (toMs > nowMs + AHEAD_MS_MAX) throw refuse('/to', 'The end of the range is in the future.')
  if (fromMs >= toMs) throw refuse('/from', 'The range begins at or after its end.')
  if (toMs <= keptFromMs) throw new ClarionError('outside_retention', 'Events of that time are no longer kept.')
  return { from: new Date(Math.max(fromMs, keptFromMs)).toISOString(), to: new Date(toMs).toISOString() }
}

function checkedSelectors(selectors: string[]): string[] {
  const details: Finding[] = selectors.flatMap((selector, index) =>
    parseSelector(selector) === undefined
      ? [{ path: `/selectors/${index}`, rule: 'selector', message: notASelector(selector) }]
      : [],
  )
  if (details.length > 0) throw new ClarionError('invalid_event_selector', `${details[0]!.message}.`, { details })
  return [...new Set(selectors)]
}

const of = (replay: Replay, type: string): Announcement => ({
  organizationId: replay.organizationId,
  type,
  entityType: 'replay',
  entityId: replay.id,
})
