/** Replays and recoveries to a webhook. See docs/specification/deliveries.md#replays. */
import type { ReplayOutcomes, ReplayReads } from '../../analytics/read/replay-reads.ts'
import type { Clock } from '../../clock.ts'
import { getReplay, type NewReplay, type Replays } from '../../control-plane/replays/replays.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Replay } from '../../model/records.ts'
import { ownerOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { unlessAway } from '../http/unless-away.ts'
import { presentReplay } from './presenter.ts'

const NOTHING_YET: ReplayOutcomes = { processed: 0, succeeded: 0, failed: 0, lastRecordedAt: null }

interface RequestedReplay {
  name?: string | null
  source: { from: string; to?: string; selectors?: string[] }
  target: { ids: [string] }
  options?: { ratePerSecond?: number; onlyFailed?: boolean }
}

export function createReplayHandlers(deps: { replays: Replays; reads: ReplayReads; view: ControlView; clock: Clock }) {
  const { replays, reads, view, clock } = deps
  const id = (call: Call) => call.params.id!

  /** Since midnight UTC; a replay that ended before then has used nothing today. */
  async function usedToday(organizationId: string): Promise<number> {
    const midnightMs = Math.floor(clock.nowMs() / DAY_MS) * DAY_MS
    const recent = view
      .list('replay', organizationId)
      .filter(({ endedAt }) => endedAt === null || Date.parse(endedAt) >= midnightMs)
    return reads.replayedSince(
      organizationId,
      recent.map(each => each.id),
      midnightMs,
    )
  }

  async function start(call: Call, kind: 'replay' | 'recover', input: NewReplay): Promise<Answer> {
    const owner = ownerOf(call)
    const replay = await replays.start(call.caller, owner, kind, input, await usedToday(owner.organizationId))
    return { data: presentReplay(replay, NOTHING_YET) }
  }

  /** While it runs, its progress comes from the history. */
  const present = async (replay: Replay) => presentReplay(replay, await reads.replayOutcomes(replay))

  /** The change holds whether or not the history can be read. */
  const presentAfterChange = async (replay: Replay) =>
    presentReplay(replay, await reads.replayOutcomes(replay).catch(unlessAway))

  const command = (name: 'pause' | 'resume' | 'cancel') => async (call: Call) => ({
    data: await presentAfterChange(await replays.command(call.caller, ownerOf(call), id(call), name)),
  })

  return {
    create(call: Call): Promise<Answer> {
      const { name = null, source, target, options } = call.body as RequestedReplay
      return start(call, options?.onlyFailed ? 'recover' : 'replay', {
        name,
        webhookId: target.ids[0],
        ...source,
        ...options,
      })
    },
    replayWebhook: (call: Call) => start(call, 'replay', { ...(call.body as NewReplay), webhookId: id(call) }),
    recoverWebhook(call: Call): Promise<Answer> {
      const { since, ...rest } = call.body as { since: string; ratePerSecond?: number }
      return start(call, 'recover', { ...rest, from: since, webhookId: id(call), onlyFailed: true })
    },
    async list(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const { state } = call.query as { state?: Replay['state'] }
      const own = view
        .list('replay', organizationId)
        .filter(each => each.environment === environment && (state === undefined || each.state === state))
      const { items, nextCursor } = pageOf('replays', own, pagingOf(call.query))
      return { data: await Promise.all(items.map(present)), nextCursor }
    },
    get: async (call: Call): Promise<Answer> => ({ data: await present(getReplay(view, ownerOf(call), id(call))) }),
    async items(call: Call): Promise<Answer> {
      const { items, nextCursor } = await reads.replayItems(
        getReplay(view, ownerOf(call), id(call)),
        pagingOf(call.query),
      )
      return { data: items, nextCursor }
    },
    cancel: command('cancel'),
    pause: command('pause'),
    resume: command('resume'),
  }
}

const DAY_MS = 86_400_000
