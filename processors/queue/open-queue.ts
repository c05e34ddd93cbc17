/** A queue of the shard: its rules, its place in the log, and who waits at it. */

import type { ConditionGroup } from '../../src/model/conditions.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import type { LastRedrive } from '../../src/queues/calls.ts'
import type { Message } from '../../src/queues/message.ts'
import type { Messages, Together } from '../../src/queues/messages.ts'
import { createQueue, type Queue } from '../../src/queues/queue.ts'
import { NEW_QUEUE, type QueueCounters } from '../../src/queues/rules.ts'
import { type Selection, selectionOf } from '../../src/streaming/selection.ts'
import { logOf } from '../../src/streaming/streaming.ts'
import type { QueueHead } from '../../topics/queues-state.ts'
import { type Ahead, createAhead } from './ahead.ts'
import type { QueueDependencies } from './dependencies.ts'
import type { Waiting } from './waiting.ts'

export interface OpenQueue {
  readonly id: string
  readonly organizationId: string
  readonly topic: string
  /** As the control plane has it, or had it last. */
  record(): QueueRecord
  /** Its rules. The next seal looks at it, since they may be used to change it. */
  readonly queue: Queue
  /** To look at. */
  readonly messages: Pick<Messages, 'all' | 'unsettled' | 'deadCount' | 'find' | 'nextDueMs'>
  readonly waiting: Set<Waiting>
  /** Reads the log in front of it, from now on. */
  awake(): Ahead
  readonly isAwake: boolean
  /** Lets go of the log. */
  sleep(): void
  lastCalledMs: number
  /** The number of an origin: of the queue whose dead letters these are, or of the replay. */
  originOf(queueId: string): number
  /** The replay that an origin is of; null: it is of none. */
  replayOf(origin: number): string | null
  /** Everything in front of it is passed over; `end` is the log's. */
  skipTo(end: readonly number[]): void
  lastRedrive: LastRedrive | null
  /** Replays that its last purge has ended. */
  purgedReplays: readonly string[]
  /** The last announcements of its counters. */
  readonly told: Pick<QueueHead, 'meter' | 'overflow'>
  /** Its record as it is now. */
  head(): QueueHead
  /** Its changes since the last seal. */
  seal(): SealedQueue
}

export interface SealedQueue {
  groups: Array<{ group: number; messages: Message[] }>
  /** Absent: offsets, counters and purge are as they were. */
  head: QueueHead | undefined
}

const HOUR_MS = 3_600_000
/** Ids of replays begin with it, those of queues do not. */
const REPLAY = 'rpl_'

export function createOpenQueue(context: {
  deps: Pick<QueueDependencies, 'view' | 'log' | 'clock' | 'deadMax'>
  record: QueueRecord
  head: QueueHead | undefined
  messages: readonly Message[]
  /** Takes a dead letter; false: there is no such queue. */
  bury: (
    from: OpenQueue,
    toQueueId: string,
    message: Message,
    dead: { receiveCount: number; reason: 'max_receives' | 'rejected' },
  ) => boolean
  isBuried: (from: OpenQueue, toQueueId: string, place: { partition: number; offset: number }) => boolean
  together: Together
  onNew: (queue: OpenQueue) => void
  /** It may change before the next seal. */
  onTouched: (queue: OpenQueue) => void
}): OpenQueue {
  const { deps } = context
  const { id, organizationId, environment } = context.record
  const { topic } = logOf({ organizationId, environment })
  let last = context.record
  let headAt = context.head?.offsets ?? last.startOffsets
  const origins = [...(context.head?.origins ?? [])]
  let ahead: Ahead | undefined
  let selection: { of: string; selection: Selection } | undefined
  let sealedText = ''

  const record = () => {
    last = deps.view.find('queue', organizationId, id) ?? last
    return last
  }

  const queue = createQueue({
    rules() {
      const { ordered, maxReceives, nackBackoff, retentionHours } = record()
      return { ordered, maxReceives, nackBackoff, retentionMs: retentionHours * HOUR_MS }
    },
    seed:
      context.head === undefined
        ? NEW_QUEUE
        : { ...context.head, counters: countersOf(context.head, context.messages.length) },
    forward(message, dead) {
      const { deadLetterQueueId } = record()
      return deadLetterQueueId !== null && context.bury(self, deadLetterQueueId, message, dead)
    },
    isDeadElsewhere(place) {
      const { deadLetterQueueId } = record()
      const isOwn = place.origin === 0 || replayOf(place.origin) !== null
      return deadLetterQueueId !== null && isOwn && context.isBuried(self, deadLetterQueueId, place)
    },
    ...{ together: context.together, deadMax: deps.deadMax },
  })
  for (const message of context.messages) queue.messages.restore(message)

  function selectionNow(): Selection {
    const { selectors, conditions } = record()
    const of = JSON.stringify([selectors, conditions])
    if (selection?.of !== of) selection = { of, selection: selected(selectors, conditions) }
    return selection.selection
  }

  function sleep(): void {
    if (ahead === undefined) return
    context.onTouched(self)
    headAt = ahead.head()
    ahead.close()
    ahead = undefined
  }

  function replayOf(origin: number): string | null {
    const name = origin === 0 ? undefined : origins[origin - 1]
    return name?.startsWith(REPLAY) === true ? name : null
  }

  function sealHead(): QueueHead | undefined {
    const now = head()
    const text = JSON.stringify(now)
    if (text === sealedText) return undefined
    sealedText = text
    return now
  }

  const head = (): QueueHead => ({
    ...{ offsets: ahead?.head() ?? headAt, origins, purge: queue.purge, lastGroup: queue.messages.lastGroup },
    ...{
      ...queue.counters,
      books: booksOf(queue.counters),
      lastRedrive: self.lastRedrive,
      ...self.told,
      purgedReplays: [...self.purgedReplays],
    },
  })

  let readBy: Selection | undefined
  const self: OpenQueue = {
    ...{ id, organizationId, topic, record, waiting: new Set(), lastCalledMs: deps.clock.monotonicMs() },
    lastRedrive: context.head?.lastRedrive ?? null,
    purgedReplays: context.head?.purgedReplays ?? [],
    told: { meter: context.head?.meter ?? null, overflow: context.head?.overflow ?? null },
    messages: queue.messages,
    get queue() {
      context.onTouched(self)
      return queue
    },
    awake() {
      context.onTouched(self)
      const wanted = selectionNow()
      // Events that are not handed out yet are selected anew.
      if (readBy !== wanted) sleep()
      readBy = wanted
      ahead ??= createAhead({
        ...{ deps, topic, from: headAt, selection: wanted },
        onNew: () => context.onNew(self),
      })
      return ahead
    },
    get isAwake() {
      return ahead !== undefined
    },
    sleep,
    originOf(queueId) {
      context.onTouched(self)
      const at = origins.indexOf(queueId)
      return at < 0 ? origins.push(queueId) : at + 1
    },
    replayOf,
    skipTo(end) {
      context.onTouched(self)
      sleep()
      headAt = end.map((offset, partition) => Math.max(offset, headAt[partition] ?? 0))
    },
    head,
    seal: () => ({ groups: queue.messages.sealGroups(), head: sealHead() }),
  }
  if (context.head !== undefined) sealHead()
  return self
}

const selected = (selectors: readonly string[], conditions: ConditionGroup | null): Selection =>
  selectionOf({ selectors, ...(conditions === null ? {} : { filter: conditions }), isWithheld: false })

/** `unsettled`: with dead ones. A head of an earlier release has no books: they begin with what is known of the past. */
function countersOf(
  { handedOut, acked, expired, purged, overflowed, books }: QueueHead,
  unsettled: number,
): QueueCounters {
  const matched = acked + expired + purged + overflowed + unsettled
  return { handedOut, acked, expired, purged, overflowed, ...(books ?? { matched, brought: 0, left: 0 }) }
}

const booksOf = ({ matched, brought, left }: QueueCounters) => ({ matched, brought, left })
