/**
 * Accepted events whose relays exceed one transaction. An event waits with the targets chosen at acceptance and with
 * the number of those written; both are in the changelog `admission.relays`, in the same transactions as the relays, so
 * that the next owner of the shard goes on exactly there. Events of one organization go one after the other, which
 * keeps their order towards each member; organizations take turns.
 */
import { arrivalOf } from '../../src/control-plane/federation/relay-emit.ts'
import type { LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import {
  admissionRelayKeys,
  admissionRelays,
  relayProgressCodec,
  type WaitingEvent,
  waitingEventCodec,
} from '../../topics/admission-relays.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import { createChangelogTable } from './changelog-table.ts'
import type { RelayTarget } from './federate.ts'

/** One event on its way to other organizations. */
export interface FanOut {
  event: EventFacts
  payload: Buffer
  targets: readonly RelayTarget[]
}

/**
 * The organization's ingress is paused from this size on, until less than half remains. `shardBytes`: for all
 * organizations of the shard together; beyond it, those with waiting events are paused.
 */
export const WAITING_MAX = { events: 500, bytes: 16 * 1024 * 1024, shardBytes: 64 * 1024 * 1024 } as const

export interface WaitingRelays {
  restore(record: LogRecord): void
  isWaiting(organizationId: string): boolean
  /** Whether too much waits for the organization to accept more; `again`: whether it is still too much to resume. */
  isFull(organizationId: string, again?: boolean): boolean
  /** The last event of its organization. */
  add(fanOut: FanOut, written: number): void
  /** The oldest event of the organization whose turn it is. */
  next(): { fanOut: FanOut; written: number } | undefined
  /** This many targets of the event from `next` are written; the next organization has its turn. */
  advance(written: number): void
  seal(partition: number): OutRecord[]
  committed(): void
  rollback(): void
}

interface Waiting extends FanOut {
  /** `<organization>/<emit id>`. */
  name: string
  /** Order of acceptance. */
  number: number
  bytes: number
}

interface Queue {
  events: Waiting[]
  bytes: number
}

export function createWaitingRelays(): WaitingRelays {
  const events = createChangelogTable<Waiting>(event => event)
  const progress = createChangelogTable<number>(written => written)
  /** By organization; the first has the next turn. */
  let queues = new Map<string, Queue>()
  let bytes = 0
  let numbers = 0

  function enqueue(event: Waiting): void {
    const { organizationId } = event.event
    const queue = queues.get(organizationId) ?? { events: [], bytes: 0 }
    queue.events.push(event)
    queue.bytes += event.bytes
    bytes += event.bytes
    queues.set(organizationId, queue)
  }

  function first(): [string, Queue] | undefined {
    const { value } = queues.entries().next()
    return value
  }

  /** In the order of acceptance, whatever the order of insertions and removals. */
  function arrange(): void {
    queues = new Map()
    bytes = 0
    const all = Array.from(events.keys(), name => events.get(name)!)
    for (const event of all.sort((a, b) => a.number - b.number)) enqueue(event)
  }

  function waiting(fanOut: FanOut): Waiting {
    const { event, payload, targets } = fanOut
    return {
      ...fanOut,
      name: `${event.organizationId}/${event.emitId}`,
      number: numbers++,
      bytes: payload.length + EVENT_BYTES + TARGET_BYTES * targets.length,
    }
  }

  function restoreEvent(name: string, value: Buffer | null): void {
    const known = events.get(name)
    events.load(name, value === null ? undefined : waiting(fanOutOf(waitingEventCodec.decode(value))))
    // Records are read in order, so only a tombstone can remove one from the middle.
    if (known) arrange()
    else if (value !== null) enqueue(events.get(name)!)
  }

  return {
    restore({ key: bytes, value }) {
      const key = bytes ? admissionRelayKeys.parse(bytes.toString()) : undefined
      if (key?.kind === 'event') restoreEvent(key.name, value)
      else if (key) progress.load(key.name, value === null ? undefined : relayProgressCodec.decode(value).written)
    },
    isWaiting: organizationId => queues.has(organizationId),
    isFull(organizationId, again = false) {
      const queue = queues.get(organizationId)
      if (!queue) return false
      const part = again ? 2 : 1
      const isOver = queue.events.length >= WAITING_MAX.events / part || queue.bytes >= WAITING_MAX.bytes / part
      return isOver || bytes >= WAITING_MAX.shardBytes / part
    },
    add(fanOut, written) {
      const event = waiting(fanOut)
      events.set(event.name, event)
      if (written > 0) progress.set(event.name, written)
      enqueue(event)
    },
    next() {
      const event = first()?.[1].events[0]
      return event && { fanOut: event, written: progress.get(event.name) ?? 0 }
    },
    advance(written) {
      const [organizationId, queue] = first()!
      const event = queue.events[0]!
      queues.delete(organizationId)
      if (written < event.targets.length) progress.set(event.name, written)
      else {
        events.delete(event.name)
        progress.delete(event.name)
        queue.events.shift()
        queue.bytes -= event.bytes
        bytes -= event.bytes
      }
      if (queue.events.length > 0) queues.set(organizationId, queue)
    },
    seal(partition) {
      const record = (key: string, value: Buffer | null): OutRecord => ({
        topic: admissionRelays.name,
        partition,
        key,
        value,
      })
      return [
        ...events
          .seal()
          .map(([name, event]) =>
            record(admissionRelayKeys.ofEvent(name), event ? waitingEventCodec.encode(asWritten(event)) : null),
          ),
        ...progress
          .seal()
          .map(([name, written]) =>
            record(
              admissionRelayKeys.ofProgress(name),
              written === undefined ? null : relayProgressCodec.encode({ written }),
            ),
          ),
      ]
    },
    committed() {
      events.committed()
      progress.committed()
    },
    rollback() {
      events.rollback()
      progress.rollback()
      arrange()
    },
  }
}

/** Approximate size of an event and of a target, without the payload. */
const EVENT_BYTES = 1_000
const TARGET_BYTES = 150

function asWritten({ event, payload, targets }: FanOut): WaitingEvent {
  const numbers = new Map<string, number>()
  const pushes: WaitingEvent['pushes'] = []
  const written = targets.map(({ push, member, skip }) => {
    let number = numbers.get(push.id)
    if (number === undefined) {
      number = pushes.push(push) - 1
      numbers.set(push.id, number)
    }
    const { id: memberId, memberOrganizationId: organizationId, inboundNamespace } = member
    return { push: number, memberId, organizationId, inboundNamespace, skip: skip ?? null }
  })
  return { event, payload, pushes, targets: written }
}

function fanOutOf({ event, payload, pushes, targets }: WaitingEvent): FanOut {
  return {
    event,
    payload,
    targets: targets.map(({ push: number, memberId, organizationId, inboundNamespace, skip }) => {
      const push = pushes[number]!
      const member = { id: memberId, memberOrganizationId: organizationId, inboundNamespace }
      return { push, member, skip: skip ?? undefined, arrivesAs: arrivalOf(member, push)! }
    }),
  }
}
