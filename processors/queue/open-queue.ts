/** A queue of the shard: its rules, its place in the log, and who waits at it. */

import type { ConditionGroup } from '../../src/model/conditions.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import type { Message } from '../../src/queues/message.ts'
import { createQueue, NEW_QUEUE, type Queue } from '../../src/queues/queue.ts'
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
  readonly queue: Queue
  readonly waiting: Set<Waiting>
  /** Reads the log in front of it, from now on. */
  awake(): Ahead
  readonly isAwake: boolean
  /** Lets go of the log. */
  sleep(): void
  lastCalledMs: number
  /** The number of an origin: of the queue whose dead letters these are. */
  originOf(queueId: string): number
  /** Everything in front of it is passed over; `end` is the log's. */
  skipTo(end: readonly number[]): void
  headRecord(): QueueHead
  /** Head, counters or purge differ from what was sealed last. */
  isChanged(): boolean
  sealed(): void
}

const HOUR_MS = 3_600_000

export function createOpenQueue(context: {
  deps: Pick<QueueDependencies, 'view' | 'log' | 'clock'>
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
  onNew: (queue: OpenQueue) => void
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
    seed: context.head === undefined ? NEW_QUEUE : { ...context.head, counters: countersOf(context.head) },
    forward(message, dead) {
      const { deadLetterQueueId } = record()
      return deadLetterQueueId !== null && context.bury(self, deadLetterQueueId, message, dead)
    },
    isDeadElsewhere(place) {
      const { deadLetterQueueId } = record()
      return deadLetterQueueId !== null && place.origin === 0 && context.isBuried(self, deadLetterQueueId, place)
    },
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
    headAt = ahead.head()
    ahead.close()
    ahead = undefined
  }

  const headRecord = (): QueueHead => ({
    ...{ offsets: ahead?.head() ?? headAt, origins, purge: queue.purge, lastGroup: queue.messages.lastGroup },
    ...queue.counters,
  })

  let readBy: Selection | undefined
  const self: OpenQueue = {
    ...{ id, organizationId, topic, record, queue, waiting: new Set(), lastCalledMs: deps.clock.monotonicMs() },
    awake() {
      const wanted = selectionNow()
      // What is not handed out yet is selected anew.
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
      const at = origins.indexOf(queueId)
      return at < 0 ? origins.push(queueId) : at + 1
    },
    skipTo(end) {
      sleep()
      headAt = end.map((offset, partition) => Math.max(offset, headAt[partition] ?? 0))
    },
    headRecord,
    isChanged: () => JSON.stringify(headRecord()) !== sealedText,
    sealed() {
      sealedText = JSON.stringify(headRecord())
    },
  }
  if (context.head !== undefined) self.sealed()
  return self
}

const selected = (selectors: readonly string[], conditions: ConditionGroup | null): Selection =>
  selectionOf({ selectors, ...(conditions === null ? {} : { filter: conditions }), isWithheld: false })

const countersOf = ({ handedOut, acked, expired, purged, overflowed }: QueueHead) => ({
  ...{ handedOut, acked, expired, purged, overflowed },
})
