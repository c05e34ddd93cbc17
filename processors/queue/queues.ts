/** The queues of a shard: restored from the changelog, opened when they are first called, and sealed. */
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import type { Message } from '../../src/queues/message.ts'
import {
  type QueueHead,
  queueGroupCodec,
  queueHeadCodec,
  queueStateKeys,
  queuesState,
} from '../../topics/queues-state.ts'
import type { QueueDependencies } from './dependencies.ts'
import { createOpenQueue, type OpenQueue } from './open-queue.ts'

export interface Queues {
  restoreHead(organizationId: string, queueId: string, value: Buffer | null): void
  restoreGroup(organizationId: string, queueId: string, group: number, value: Buffer | null): void
  /** Opens those that have messages, whose leases end. */
  start(): void
  /** Undefined: the control plane does not know it. */
  open(organizationId: string, queueId: string): OpenQueue | undefined
  opened(): Iterable<OpenQueue>
  /** The queue was deleted: its records are removed. */
  drop(organizationId: string, queueId: string): void
  /** Drops what the control plane does not know any more. */
  sweep(): void
  seal(): OutRecord[]
  close(): void
}

/** After a change of owner nobody could settle or extend for a while. */
const LEASE_GRACE_MS = 10_000
/** A queue that was not called for so long lets go of the log. */
const AWAKE_MS = 10 * 60_000

interface Restored {
  organizationId: string
  head: QueueHead | undefined
  groups: Map<number, Buffer>
}

export function createQueues(context: {
  handle: Pick<ShardHandle, 'shard'>
  deps: QueueDependencies
  onNew: (queue: OpenQueue) => void
}): Queues {
  const { handle, deps, onNew } = context
  const { view, clock } = deps
  const restored = new Map<string, Restored>()
  const opened = new Map<string, OpenQueue>()
  const removed: OutRecord[] = []
  let timer: ReturnType<typeof clock.after> | undefined

  function restoredOf(organizationId: string, queueId: string): Restored {
    const found = restored.get(queueId) ?? { organizationId, head: undefined, groups: new Map() }
    restored.set(queueId, found)
    return found
  }

  function messagesOf({ groups }: Restored): Message[] {
    const leaseMs = Math.round(clock.nowMs()) + LEASE_GRACE_MS
    const numbers = [...groups.keys()].sort((a, b) => a - b)
    return numbers.flatMap(group =>
      queueGroupCodec.decode(groups.get(group)!).messages.map(message => ({
        ...message,
        group,
        dueAtMs: message.state === 'out' ? Math.max(message.dueAtMs, leaseMs) : message.dueAtMs,
      })),
    )
  }

  function made(record: QueueRecord): OpenQueue {
    const state = restored.get(record.id)
    restored.delete(record.id)
    const queue = createOpenQueue({
      ...{ deps, record, head: state?.head, messages: state === undefined ? [] : messagesOf(state), onNew },
      bury(from, toQueueId, message, { receiveCount, reason }) {
        const to = open(from.organizationId, toQueueId)
        if (to === undefined) return false
        to.queue.bury(to.originOf(from.id), message, { queueId: from.id, receiveCount, reason })
        onNew(to)
        return true
      },
      isBuried(from, toQueueId, place) {
        const to = open(from.organizationId, toQueueId)
        return to?.queue.messages.find({ ...place, origin: to.originOf(from.id) }) !== undefined
      },
    })
    opened.set(record.id, queue)
    arm()
    return queue
  }

  function open(organizationId: string, queueId: string): OpenQueue | undefined {
    const found = opened.get(queueId)
    if (found !== undefined) return found.organizationId === organizationId ? found : undefined
    const record = view.find('queue', organizationId, queueId)
    return record === undefined ? undefined : made(record)
  }

  /** Only while a queue is awake. */
  function arm(): void {
    timer ??= clock.after(AWAKE_MS / 10, () => {
      timer = undefined
      const oldMs = clock.monotonicMs() - AWAKE_MS
      for (const queue of opened.values()) if (queue.lastCalledMs < oldMs && queue.waiting.size === 0) queue.sleep()
      if ([...opened.values()].some(({ isAwake }) => isAwake)) arm()
    })
  }

  function tombstone(key: string): OutRecord {
    return { topic: queuesState.name, partition: handle.shard, key, value: null }
  }

  function drop(organizationId: string, queueId: string): void {
    const queue = opened.get(queueId)
    if (queue === undefined && !restored.has(queueId)) return
    const groups = new Set(restored.get(queueId)?.groups.keys())
    for (const { group } of queue?.queue.messages.all() ?? []) groups.add(group)
    queue?.sleep()
    opened.delete(queueId)
    restored.delete(queueId)
    removed.push(tombstone(queueStateKeys.head(organizationId, queueId)))
    for (const group of groups) removed.push(tombstone(queueStateKeys.group(organizationId, queueId, group)))
  }

  function sealed(queue: OpenQueue): OutRecord[] {
    const { organizationId, id } = queue
    const records = queue.queue.messages.sealGroups().map(({ group, messages }) => ({
      ...tombstone(queueStateKeys.group(organizationId, id, group)),
      value: messages.length === 0 ? null : queueGroupCodec.encode({ messages }),
    }))
    if (!queue.isChanged()) return records
    const head = {
      ...tombstone(queueStateKeys.head(organizationId, id)),
      value: queueHeadCodec.encode(queue.headRecord()),
    }
    queue.sealed()
    return [...records, head]
  }

  return {
    restoreHead(organizationId, queueId, value) {
      restoredOf(organizationId, queueId).head = value === null ? undefined : queueHeadCodec.decode(value)
    },
    restoreGroup(organizationId, queueId, group, value) {
      const { groups } = restoredOf(organizationId, queueId)
      if (value === null) groups.delete(group)
      else groups.set(group, value)
    },
    start() {
      for (const [queueId, { organizationId, groups, head }] of [...restored]) {
        if (head === undefined && groups.size === 0) restored.delete(queueId)
        else if (groups.size > 0) open(organizationId, queueId)
      }
    },
    open,
    opened: () => opened.values(),
    drop,
    sweep() {
      const known = [...restored].map(([queueId, { organizationId }]) => ({ queueId, organizationId }))
      for (const { id: queueId, organizationId } of opened.values()) known.push({ queueId, organizationId })
      for (const { queueId, organizationId } of known)
        if (view.find('queue', organizationId, queueId) === undefined) drop(organizationId, queueId)
    },
    seal: () => [...removed.splice(0), ...[...opened.values()].flatMap(sealed)],
    close() {
      timer?.cancel()
      for (const queue of opened.values()) queue.sleep()
    },
  }
}
