/** Replays and recoveries. See docs/specification/replays.md. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { ReplayOutcomes, ReplayReads } from '../../analytics/read/replay-reads.ts'
import type { Clock } from '../../clock.ts'
import { getReplay, type NewReplay, type Replays } from '../../control-plane/replays/replays.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Replay } from '../../model/replays.ts'
import { ownerOf } from '../http/caller.ts'
import { totalOf } from '../http/counted.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { unlessAway } from '../http/unless-away.ts'
import { presentReplay } from '../shared/present-replay.ts'
import type { CheckEvents } from './named-events.ts'
import { createPreviewWebhook } from './preview-webhook.ts'
import {
  kindsOf,
  type PlaceOf,
  type RequestedReplay,
  readRequested,
  requestedKinds,
  requireTargetScopes,
  resolveStart,
} from './requested.ts'

const DAY_MS = 86_400_000
const NOTHING_YET: ReplayOutcomes = new Map()

interface WebhookRange {
  from: string
  to?: string
  selectors?: string[]
  ratePerSecond?: number
}

interface Recovery {
  since: string
  ratePerSecond?: number
  dryRun?: boolean
}

export function createReplayHandlers(deps: {
  replays: Replays
  reads: ReplayReads & Pick<Reads, 'searchDeliveries'>
  view: ControlView
  clock: Clock
  placeOf: PlaceOf
  checkEvents: CheckEvents
}) {
  const { replays, reads, view, clock } = deps
  const id = (call: Call) => call.params.id!

  /** Since midnight UTC; a replay that ended before then has used nothing today. */
  async function usedToday(organizationId: string): Promise<number> {
    const midnightMs = Math.floor(clock.nowMs() / DAY_MS) * DAY_MS
    const recent = view
      .list('replay', organizationId)
      .filter(({ endedAt, dryRun }) => !dryRun && (endedAt === null || Date.parse(endedAt) >= midnightMs))
    return reads.replayedSince(
      organizationId,
      recent.map(each => each.id),
      midnightMs,
    )
  }

  async function start(call: Call, input: NewReplay): Promise<Answer> {
    const owner = ownerOf(call)
    const source = await resolveStart(owner, input.source, input.fromPath ?? '/source/from', deps.placeOf)
    if (source.eventIds) await deps.checkEvents(owner, source.eventIds)
    const used = input.options?.dryRun ? 0 : await usedToday(owner.organizationId)
    const kind = input.options?.onlyFailed ? 'recover' : 'replay'
    return {
      data: presentReplay(await replays.start(call.caller, owner, kind, { ...input, source }, used), NOTHING_YET),
    }
  }

  const ofWebhook = (call: Call, source: NewReplay['source'], options: NewReplay['options'], fromPath = '/from') =>
    start(call, { source, options, target: { kind: 'webhook', ids: [id(call)] }, sourcePath: '', fromPath })

  /** While it runs, its progress comes from the history. */
  async function present(call: Call, shown: Replay[]): Promise<object[]> {
    const outcomes = await reads.replayOutcomes(ownerOf(call), shown)
    return shown.map(replay => presentReplay(replay, outcomes.get(replay.id)))
  }

  /** The change holds whether or not the history can be read. */
  async function presentAfterChange(call: Call, replay: Replay): Promise<object> {
    const outcomes = await reads.replayOutcomes(ownerOf(call), [replay]).catch(unlessAway)
    return presentReplay(replay, outcomes?.get(replay.id))
  }

  const command = (name: 'pause' | 'resume' | 'cancel') => async (call: Call) => {
    requireTargetScopes(call, kindsOf(getReplay(view, ownerOf(call), id(call))))
    return { data: await presentAfterChange(call, await replays.command(call.caller, ownerOf(call), id(call), name)) }
  }

  const previewWebhook = createPreviewWebhook(deps)

  return {
    async create(call: Call): Promise<Answer> {
      const input = readRequested(call.body as RequestedReplay)
      const { organizationId, environment } = ownerOf(call)
      const hasQueues = view.list('queue', organizationId).some(each => each.environment === environment)
      requireTargetScopes(call, requestedKinds(input.target, input.options ?? {}, hasQueues))
      return start(call, input)
    },
    replayWebhook(call: Call): Promise<Answer> {
      const { ratePerSecond, dryRun = false, ...source } = call.body as WebhookRange & { dryRun?: boolean }
      if (dryRun) return previewWebhook(call, { ...source, ratePerSecond, onlyFailed: false })
      return ofWebhook(call, source, { ratePerSecond })
    },
    recoverWebhook(call: Call): Promise<Answer> {
      const { since, ratePerSecond, dryRun = false } = call.body as Recovery
      if (dryRun) return previewWebhook(call, { from: since, ratePerSecond, onlyFailed: true })
      return ofWebhook(call, { from: since }, { ratePerSecond, onlyFailed: true }, '/since')
    },
    async list(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const { state } = call.query as { state?: Replay['state'] }
      const own = view
        .list('replay', organizationId)
        .filter(each => each.environment === environment && (state === undefined || each.state === state))
      const { items, nextCursor } = pageOf('replays', own, pagingOf(call.query))
      const meta = call.query.count === true ? { ...totalOf(own.length) } : {}
      return { data: await present(call, items), nextCursor, meta }
    },
    async get(call: Call): Promise<Answer> {
      const [data] = await present(call, [getReplay(view, ownerOf(call), id(call))])
      return { data }
    },
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
