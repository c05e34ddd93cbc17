/**
 * The messages of one queue that are no longer in front of its head and not settled yet: out, waiting or dead. Each is
 * in exactly one group; a group is a record of the changelog. That a lease ends is a fact of the clock and no record.
 */
import { createDueHeap } from './due-heap.ts'
import { type Message, type Place, placeKey } from './message.ts'
import { createSubjects, type Subjects } from './subjects.ts'

export interface Messages {
  find(place: Place): Message | undefined
  ofGroup(group: number): Message[]
  /** A group of its own, for a receive. */
  newGroup(): number
  /** A group for what is dead or held: shared, since such messages stay. */
  sharedGroup(): number
  add(message: Message): void
  /** As it was sealed. */
  restore(message: Message): void
  /** Settled, or gone to another queue. */
  remove(message: Message): void
  /** Changes it and what follows from that; its record is written anew. */
  change(message: Message, fields: Partial<Message>): void
  /** Leases that have ended and delays that are over, since the last call. */
  popDue(nowMs: number): Message[]
  /** When `popDue` will have something; undefined: never. */
  nextDueMs(): number | undefined
  /** What may be handed out now, the longest due first; of ordered queues see `subjects`. */
  due(): Iterable<Message>
  readonly subjects: Subjects
  /** In the order in which they died. */
  dead(): Iterable<Message>
  all(): Iterable<Message>
  readonly unsettled: number
  readonly deadCount: number
  /** The groups that have changed since the last call, with what they hold now. */
  sealGroups(): Array<{ group: number; messages: Message[] }>
  readonly lastGroup: number
}

/** A count that the queues of an organization share. */
export interface Together {
  unsettled: number
}

/** Messages in a shared group: it is written whole with each change. */
const SHARED_MAX = 50

export function createMessages(context: { ordered: boolean; lastGroup: number; together: Together }): Messages {
  const { ordered, together } = context
  const byPlace = new Map<string, Message>()
  const groups = new Map<number, Set<Message>>()
  const changed = new Set<number>()
  const isHere = (message: Message) => byPlace.get(placeKey(message)) === message
  const heap = createDueHeap(
    message => isHere(message) && message.state !== 'dead',
    () => byPlace.size,
  )
  /** Waiting, and due. */
  const due = new Set<Message>()
  const dead = new Set<Message>()
  const subjects = createSubjects(message => message.state === 'out' || !due.has(message))
  let lastGroup = context.lastGroup
  let shared: number | undefined

  function newGroup(): number {
    lastGroup += 1
    return lastGroup
  }

  function join(message: Message): void {
    const group = groups.get(message.group) ?? new Set()
    group.add(message)
    groups.set(message.group, group)
  }

  function leave(message: Message, number: number): void {
    const group = groups.get(number)
    group?.delete(message)
    if (group?.size === 0) groups.delete(number)
    changed.add(number)
  }

  /** By its state: what is to happen to it. */
  function file(message: Message): void {
    if (message.state === 'dead') {
      dead.add(message)
      return
    }
    together.unsettled++
    if (message.state === 'waiting' && message.dueAtMs <= 0) due.add(message)
    else heap.push(message)
    if (ordered) subjects.add(message)
  }

  function unfile(message: Message): void {
    if (!dead.delete(message)) together.unsettled--
    due.delete(message)
    if (ordered) subjects.remove(message)
  }

  function put(message: Message): void {
    byPlace.set(placeKey(message), message)
    join(message)
    file(message)
  }

  return {
    find: place => byPlace.get(placeKey(place)),
    ofGroup: group => [...(groups.get(group) ?? [])],
    newGroup,
    sharedGroup() {
      if (shared === undefined || (groups.get(shared)?.size ?? 0) >= SHARED_MAX) shared = newGroup()
      return shared
    },
    add(message) {
      put(message)
      changed.add(message.group)
    },
    restore: put,
    remove(message) {
      unfile(message)
      byPlace.delete(placeKey(message))
      leave(message, message.group)
    },
    change(message, fields) {
      const before = message.group
      unfile(message)
      Object.assign(message, fields)
      if (message.group !== before) {
        leave(message, before)
        join(message)
      }
      changed.add(message.group)
      file(message)
    },
    popDue(nowMs) {
      const popped = heap.popDue(nowMs)
      for (const message of popped) {
        if (message.state !== 'waiting') continue
        due.add(message)
        if (ordered) subjects.changed(message)
      }
      return popped
    },
    nextDueMs: heap.nextMs,
    due: () => due,
    subjects,
    dead: () => dead,
    all: () => byPlace.values(),
    get unsettled() {
      return byPlace.size - dead.size
    },
    get deadCount() {
      return dead.size
    },
    sealGroups() {
      const sealed = [...changed].map(group => ({ group, messages: [...(groups.get(group) ?? [])] }))
      changed.clear()
      return sealed
    },
    get lastGroup() {
      return lastGroup
    },
  }
}
