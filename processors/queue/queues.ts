/** The queues of a shard: restored from the changelog, opened when they are first called, and sealed. */
import { createLifecycle } from '../../src/control-plane/store/lifecycle.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import type { Message } from '../../src/queues/message.ts'
import type { Together } from '../../src/queues/messages.ts'
import {
  type QueueHead,
  queueGroupCodec,
  queueHeadCodec,
  queueStateKeys,
  queuesState,
} from '../../topics/queues-state.ts'
import type { QueueDependencies } from './dependencies.ts'
import { createOpenQueue, type OpenQueue } from './open-queue.ts'
import { createTellings, owes } from './tellings.ts'

export interface Queues {
  restoreHead(organizationId: string, queueId: string, value: Buffer | null): void
  restoreGroup(organizationId: string, queueId: string, group: number, value: Buffer | null): void
  /** Opens those that have messages, whose leases end. */
  start(): void
  /** Undefined: the control plane does not know it. */
  open(organizationId: string, queueId: string): OpenQueue | undefined
  opened(): Iterable<OpenQueue>
  /** If it is open. */
  find(queueId: string): OpenQueue | undefined
  /** The queue was deleted: its records are removed. */
  drop(organizationId: string, queueId: string): void
  /** Drops what the control plane does not know any more. */
  sweep(): void
  seal(): OutRecord[]
  close(): void
}

/** After a change of owner nobody could settle or extend for a while. */
const LEASE_GRACE_MS = 10_000
/** A queue that was not called for so long lets go of the log and, without messages, becomes a record again. */
const AWAKE_MS = 10 * 60_000
/** How late a last lease that ends at a queue that nobody calls makes a dead letter. */
const LOOK_MS = AWAKE_MS / 10

/** A queue that nobody has called since, as bytes: there may be tens of thousands. */
interface Restored {
  organizationId: string
  head: Buffer | undefined
  groups: Map<number, Buffer> | undefined
}

export function createQueues(context: {
  handle: Pick<ShardHandle, 'shard' | 'write'>
  deps: Pick<QueueDependencies, 'view' | 'clock' | 'log' | 'shards' | 'deadMax'>
  onNew: (queue: OpenQueue) => void
  /** Runs what begins outside a call of the runtime. */
  guarded: (act: () => void) => void
}): Queues {
  const { handle, deps, onNew, guarded } = context
  const { view, clock } = deps
  const tellings = createTellings({ handle, clock, lifecycle: createLifecycle(deps), guarded })
  const restored = new Map<string, Restored>()
  const opened = new Map<string, OpenQueue>()
  /** Those that may have changed since the last seal: it looks at no other. */
  const touched = new Set<OpenQueue>()
  const together = new Map<string, Together>()
  const removed: OutRecord[] = []
  let timer: ReturnType<typeof clock.after> | undefined
  let isClosed = false

  function restoredOf(organizationId: string, queueId: string): Restored {
    const found = restored.get(queueId) ?? { organizationId, head: undefined, groups: undefined }
    restored.set(queueId, found)
    return found
  }

  function messagesOf(groups: ReadonlyMap<number, Buffer>): Message[] {
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

  const headOf = (state: Restored | undefined): QueueHead | undefined =>
    state?.head && queueHeadCodec.decode(state.head)

  function togetherOf(organizationId: string): Together {
    const found = together.get(organizationId) ?? { unsettled: 0 }
    together.set(organizationId, found)
    return found
  }

  function onTouched(queue: OpenQueue): void {
    touched.add(queue)
    arm()
  }

  function made(record: QueueRecord): OpenQueue {
    const state = restored.get(record.id)
    restored.delete(record.id)
    const queue = createOpenQueue({
      ...{ deps, record, head: headOf(state), messages: messagesOf(state?.groups ?? new Map()), onNew },
      ...{ onTouched, together: togetherOf(record.organizationId) },
      bury(from, toQueueId, message, { receiveCount, reason }) {
        const to = open(from.organizationId, toQueueId)
        if (to === undefined) return false
        to.queue.bury(to.originOf(from.id), message, { queueId: from.id, receiveCount, reason })
        onNew(to)
        return true
      },
      isBuried(from, toQueueId, place) {
        const to = open(from.organizationId, toQueueId)
        return to?.messages.find({ ...place, origin: to.originOf(from.id) }) !== undefined
      },
    })
    opened.set(record.id, queue)
    onTouched(queue)
    return queue
  }

  function open(organizationId: string, queueId: string): OpenQueue | undefined {
    const found = opened.get(queueId)
    if (found !== undefined) return found.organizationId === organizationId ? found : undefined
    const record = view.find('queue', organizationId, queueId)
    return record === undefined ? undefined : made(record)
  }

  /** Only while a queue is open. */
  function arm(): void {
    if (isClosed) return
    timer ??= clock.after(LOOK_MS, () => {
      timer = undefined
      guarded(() => {
        const oldMs = clock.monotonicMs() - AWAKE_MS
        for (const queue of [...opened.values()]) {
          bury(queue)
          if (queue.lastCalledMs < oldMs && queue.waiting.size === 0) rest(queue)
        }
        if (touched.size > 0) handle.write([])
        if (opened.size > 0) arm()
      })
    })
  }

  /** A message whose last lease has ended is dead, although nobody calls. */
  function bury(at: OpenQueue): void {
    const nowMs = Math.round(clock.nowMs())
    if ((at.messages.nextDueMs() ?? Number.POSITIVE_INFINITY) <= nowMs) at.queue.tick(nowMs)
  }

  function rest(queue: OpenQueue): void {
    queue.sleep()
    const { messages, organizationId, id } = queue
    // A touched queue is sealed first; the next look finds it at rest.
    const head = queue.head()
    if (touched.has(queue) || messages.unsettled + messages.deadCount > 0 || owes(head)) return
    opened.delete(id)
    restored.set(id, { organizationId, head: queueHeadCodec.encode(head), groups: undefined })
  }

  function tombstone(key: string): OutRecord {
    return { topic: queuesState.name, partition: handle.shard, key, value: null }
  }

  function drop(organizationId: string, queueId: string): void {
    const queue = opened.get(queueId)
    if (queue === undefined && !restored.has(queueId)) return
    const groups = new Set(restored.get(queueId)?.groups?.keys())
    for (const { group } of queue?.queue.messages.all() ?? []) groups.add(group)
    queue?.sleep()
    if (queue !== undefined) {
      togetherOf(organizationId).unsettled -= queue.messages.unsettled
      touched.delete(queue)
      removed.push(...tellings.last(queue))
    }
    opened.delete(queueId)
    restored.delete(queueId)
    removed.push(tombstone(queueStateKeys.head(organizationId, queueId)))
    for (const group of groups) removed.push(tombstone(queueStateKeys.group(organizationId, queueId, group)))
  }

  function sealed(queue: OpenQueue): OutRecord[] {
    const { organizationId, id } = queue
    const { groups, head } = queue.seal()
    const records = groups.map(({ group, messages }) => ({
      ...tombstone(queueStateKeys.group(organizationId, id, group)),
      value: messages.length === 0 ? null : queueGroupCodec.encode({ messages }),
    }))
    if (head === undefined) return records
    return [...records, { ...tombstone(queueStateKeys.head(organizationId, id)), value: queueHeadCodec.encode(head) }]
  }

  return {
    restoreHead(organizationId, queueId, value) {
      restoredOf(organizationId, queueId).head = value ?? undefined
    },
    restoreGroup(organizationId, queueId, group, value) {
      const found = restoredOf(organizationId, queueId)
      if (value === null) found.groups?.delete(group)
      else found.groups = (found.groups ?? new Map()).set(group, value)
    },
    start() {
      for (const [queueId, found] of [...restored]) {
        const { organizationId, groups, head } = found
        const hasMessages = groups !== undefined && groups.size > 0
        if (head === undefined && !hasMessages) restored.delete(queueId)
        else if (hasMessages || owes(headOf(found)!)) open(organizationId, queueId)
        // What it was read from is many times as large.
        else if (head !== undefined) found.head = Buffer.from(head)
      }
      if (touched.size > 0) handle.write([])
    },
    open,
    opened: () => opened.values(),
    find: queueId => opened.get(queueId),
    drop,
    sweep() {
      const known = [...restored].map(([queueId, { organizationId }]) => ({ queueId, organizationId }))
      for (const { id: queueId, organizationId } of opened.values()) known.push({ queueId, organizationId })
      for (const { queueId, organizationId } of known)
        if (view.find('queue', organizationId, queueId) === undefined) drop(organizationId, queueId)
    },
    seal() {
      const told = tellings.seal(touched)
      const records = [...removed.splice(0), ...told, ...[...touched].flatMap(sealed)]
      touched.clear()
      return records
    },
    close() {
      isClosed = true
      tellings.close()
      timer?.cancel()
      for (const queue of opened.values()) queue.sleep()
    },
  }
}
