/**
 * `queue`: queues.commands, organizations' logs → queues.state. A queue is a place in its organization's
 * log, and the messages behind it that are not settled; no event is copied, and a queue that nobody calls is a record.
 *
 *     receive ─► due messages, then events in front of the head ─► out ─► acked
 *                  ▲                                                │
 *                  └──────── lease ended, or given back ◄───────────┴──► dead, after too many receives
 */
import type { Processor } from '../../src/kafka/ports.ts'
import { queuesState } from '../../topics/queues-state.ts'
import type { QueueDependencies } from './dependencies.ts'
import type { OpenQueue } from './open-queue.ts'
import { openShard } from './open-shard.ts'
import type { Queues } from './queues.ts'

export function createQueueProcessor(deps: QueueDependencies): Processor {
  const open = new Set<Queues>()
  deps.observe.live(() => {
    const all = [...open].flatMap(queues => [...queues.opened()])
    return {
      waiting: all.reduce((sum, { waiting }) => sum + waiting.size, 0),
      awake: all.filter(({ isAwake }) => isAwake).length,
      unsettled: all.reduce((sum, { messages }) => sum + messages.unsettled, 0),
    }
  })
  deps.observe.oldest(() => {
    const nowMs = deps.clock.nowMs()
    const all = [...open].flatMap(queues => [...queues.opened()])
    const oldestMs = all.reduce((oldest, queue) => Math.min(oldest, oldestReadyMs(queue, nowMs)), nowMs)
    return (nowMs - oldestMs) / 1000
  })
  return {
    role: 'queue',
    stateTopics: [queuesState.name],
    actsOutside: true,
    appends: true,
    isolatesRecords: true,
    open: handle => openShard(handle, deps, open),
  }
}

/** When the oldest message of it was recorded that is due, or in front of its head and read already. */
function oldestReadyMs(queue: OpenQueue, nowMs: number): number {
  let oldestMs = queue.isAwake ? (queue.awake().peek(1)[0]?.recordedAtMs ?? nowMs) : nowMs
  for (const { state, dueAtMs, recordedAtMs } of queue.messages.all())
    if (state === 'waiting' && dueAtMs <= nowMs) oldestMs = Math.min(oldestMs, recordedAtMs)
  return oldestMs
}
