/**
 * The order of an ordered queue: of a subject with a message out or delayed, nothing else is handed out. A subject is
 * free while everything that it has unsettled may be handed out now.
 */
import { comparePlaces, type Message } from './message.ts'

export interface Subjects {
  add(message: Message): void
  remove(message: Message): void
  /** The message is out, delayed, or due again. */
  changed(message: Message): void
  has(subject: string): boolean
  /** In the order of the log. */
  of(subject: string): readonly Message[]
  /** Those with a message to hand out, the longest free first. */
  free(): Iterable<string>
}

/** `isBlocking`: it is out, or not due yet. */
export function createSubjects(isBlocking: (message: Message) => boolean): Subjects {
  const bySubject = new Map<string, Message[]>()
  /** Of each message that blocks its subject. */
  const blocking = new Map<string, Set<Message>>()
  const free = new Set<string>()

  function place(list: readonly Message[], message: Message): number {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (comparePlaces(list[middle]!, message) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  function consider(subject: string): void {
    const isFree = bySubject.has(subject) && !blocking.has(subject)
    if (!isFree) free.delete(subject)
    else if (!free.has(subject)) free.add(subject)
  }

  function setBlocking(message: Message, blocks: boolean): void {
    const { subject } = message
    const set = blocking.get(subject) ?? new Set()
    if (blocks) set.add(message)
    else set.delete(message)
    if (set.size > 0) blocking.set(subject, set)
    else blocking.delete(subject)
    consider(subject)
  }

  return {
    add(message) {
      const list = bySubject.get(message.subject) ?? []
      list.splice(place(list, message), 0, message)
      bySubject.set(message.subject, list)
      setBlocking(message, isBlocking(message))
    },
    remove(message) {
      const list = bySubject.get(message.subject)
      if (list === undefined) return
      const at = place(list, message)
      if (list[at] !== message) return
      list.splice(at, 1)
      if (list.length === 0) bySubject.delete(message.subject)
      setBlocking(message, false)
    },
    changed: message => setBlocking(message, isBlocking(message)),
    has: subject => bySubject.has(subject),
    of: subject => bySubject.get(subject) ?? [],
    free: () => free,
  }
}
