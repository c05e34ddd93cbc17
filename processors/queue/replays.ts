/**
 * Replays into queues. A replay is a second source of its queue: it goes through the log on its own, keeps a few hundred
 * events at hand and goes on as they are handed out. Nothing of them is stored before, so its size does not matter; its
 * place moves in the transaction that hands them out.
 */
import type { Clock } from '../../src/clock.ts'
import { isBeyondPlan } from '../../src/control-plane/queues/queues.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { Logger } from '../../src/logger.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import { isUnderWay, type Replay, type ReplayTarget, targetsOf } from '../../src/model/replays.ts'
import type { Place } from '../../src/queues/message.ts'
import { createDryRuns } from '../../src/replay/ways/dry-runs.ts'
import type { HandedOver, TargetEnd } from '../../src/replay/ways/ends.ts'
import type { OpenTarget, OwnSelection, TargetOwner } from '../../src/replay/ways/owner.ts'
import { createReplayItems } from '../../src/replay/ways/replay-items.ts'
import { createTargetRuns } from '../../src/replay/ways/target-runs.ts'
import type { Candidate } from '../../src/replay/ways/way.ts'
import { queueStateKeys, queuesState } from '../../topics/queues-state.ts'
import type { QueueDependencies } from './dependencies.ts'

/** An event that a replay has for a queue. */
export interface Replayed {
  replayId: string
  place: Omit<Place, 'origin'>
  eventId: string
  subject: string
  recordedAtMs: number
}

export interface QueueReplays {
  restore(runId: string, value: Buffer | null): void
  start(): void
  /** The next event of a replay to the queue leaves: it is handed out, or held. */
  next(queueId: string): Replayed | undefined
  /** The ids of those to the queue that have not ended. */
  underWay(queue: { organizationId: string; id: string }): string[]
  /** At hand; there may be more. */
  atHand(queueId: string): number
  /** Those that run end, since the queue is emptied or deleted; what they have at hand is skipped. A purge is in its head. */
  end(queueId: string, reason: 'purged' | 'target_deleted'): void
  seal(): OutRecord[]
  close(): void
}

/** Of one replay, at hand. */
const AT_HAND_MAX = 200
const HOUR_MS = 3_600_000
/** Dry runs wait while commits take longer than this. */
const BUSY_MS = 1_000
const PURGED: TargetEnd = { state: 'cancelled', reason: 'purged' }

/** Events that one replay has at hand. */
type Feed = Array<{ event: Replayed; left: (end?: HandedOver) => void }>

export function createQueueReplays(context: {
  handle: Pick<ShardHandle, 'shard' | 'write' | 'fail' | 'uncommittedForMs'>
  deps: Pick<QueueDependencies, 'shards' | 'replays'> & { view: ControlView; clock: Clock; logger: Logger }
  /** A replay has something for the queue. */
  onNew: (queueId: string) => void
  /** Whether a purge of the queue has ended the replay. */
  isPurged: (organizationId: string, queueId: string, replayId: string) => boolean
}): QueueReplays {
  const { handle, onNew } = context
  const { view, clock, logger, shards, replays } = context.deps
  /** By queue, those that have something; the first one is the next to give. */
  const feeds = new Map<string, Set<Feed>>()

  function open(replay: Replay, { id }: Pick<ReplayTarget, 'id'>): OpenTarget {
    const { organizationId, environment } = replay
    const feed: Feed = []

    const queue = (): QueueRecord | undefined => {
      const found = view.find('queue', organizationId, id)
      return found?.environment === environment ? found : undefined
    }
    return {
      keepsOrder: true,
      state() {
        const now = queue()
        if (now === undefined) return 'gone'
        return now.active && !isBeyondPlan(view, now) ? 'active' : 'inactive'
      },
      isWaiting: () => false,
      inFlightMax: () => AT_HAND_MAX,
      selection() {
        const now = queue()
        return now && selectionOf(now)
      },
      async judge(candidates) {
        const oldMs = clock.nowMs() - (queue()?.retentionHours ?? 0) * HOUR_MS
        return candidates.map(each => (each.event.recordedAtMs > oldMs ? each : expired(each)))
      },
      deliver({ event, place }, left) {
        const { eventId, subject, recordedAtMs } = event
        const replayed = { replayId: replay.id, place: place!, eventId, subject: subject ?? '', recordedAtMs }
        feed.push({ event: replayed, left })
        feeds.set(id, (feeds.get(id) ?? new Set()).add(feed))
        if (feed.length === 1) onNew(id)
        return undefined
      },
      ended: () => (context.isPurged(organizationId, id, replay.id) ? PURGED : undefined),
      close: () => forget(id, feed),
    }
  }

  function forget(queueId: string, feed: Feed): void {
    feed.length = 0
    const ofQueue = feeds.get(queueId)
    ofQueue?.delete(feed)
    if (ofQueue?.size === 0) feeds.delete(queueId)
  }

  const owner: TargetOwner = { kinds: ['queue'], open }
  const shared = {
    ...{ owner, view, clock, logger, log: replays.log, pause: replays.pause, ended: replays.ended },
    ...{ stateTopic: queuesState.name, keyOf: queueStateKeys.replay, items: createReplayItems(replays.onItem) },
    listed: replays.listed,
    changed: () => handle.write([]),
    fail: (error: Error) => handle.fail(error),
    isOurs: (organizationId: string) => shardOf(organizationId, shards) === handle.shard,
    isBusy: () => handle.uncommittedForMs() > BUSY_MS,
  }
  const runs = createTargetRuns(shared)
  const dryRuns = createDryRuns(shared)

  return {
    restore: runs.restore,
    start() {
      runs.start()
      dryRuns.start()
    },
    next(queueId) {
      const ofQueue = feeds.get(queueId)
      if (ofQueue === undefined) return undefined
      const [feed] = ofQueue
      const first = feed!.shift()!
      // Those that run to one queue take turns.
      ofQueue.delete(feed!)
      if (feed!.length > 0) ofQueue.add(feed!)
      if (ofQueue.size === 0) feeds.delete(queueId)
      first.left({ outcome: 'delivered', reason: null })
      return first.event
    },
    underWay({ organizationId, id }) {
      const isTo = (replay: Replay) => targetsOf(replay).some(target => target.kind === 'queue' && target.id === id)
      return view
        .list('replay', organizationId)
        .filter(replay => isUnderWay(replay) && isTo(replay))
        .map(replay => replay.id)
    },
    atHand: queueId => [...(feeds.get(queueId) ?? [])].reduce((sum, { length }) => sum + length, 0),
    end(queueId, reason) {
      for (const feed of feeds.get(queueId) ?? [])
        for (const { left } of feed.splice(0)) left({ outcome: 'skipped', reason })
      feeds.delete(queueId)
      runs.nudge()
    },
    seal: () => runs.seal(handle.shard),
    close() {
      runs.close()
      dryRuns.close()
    },
  }
}

const known = new WeakMap<QueueRecord, OwnSelection>()

/** One selection per record: a changed queue is another record. */
function selectionOf(queue: QueueRecord): OwnSelection {
  const found = known.get(queue) ?? {
    ...{ selectors: queue.selectors, conditions: queue.conditions, ownEventsOnly: false, isFixed: false },
  }
  known.set(queue, found)
  return found
}

const expired = (candidate: Candidate): Candidate => ({
  ...candidate,
  without: { outcome: 'skipped', reason: 'expired' },
})
