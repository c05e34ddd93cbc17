/**
 * The rules of one queue: what is handed out and in which order, what a receipt is good for, and when a message is dead.
 * See docs/specification/queues.md. It knows neither Kafka nor the log: candidates come from `next`, and what has
 * changed is fetched by `messages.sealGroups`.
 */
import { type Candidate, comparePlaces, type DeadFrom, type DeathReason, type Message, type Place } from './message.ts'
import { createMessages, type Messages, type Together } from './messages.ts'
import type { Claim, QueueCounters, QueueRules, QueueSeed, Settled, TakeOrder } from './rules.ts'

export interface Queue {
  readonly messages: Messages
  readonly counters: QueueCounters
  readonly purge: number
  /** Hands out what is due, then candidates; all in one group. */
  take(order: TakeOrder, next: () => Candidate | undefined): Message[]
  /** Candidates are left, and may not be handed out before something is settled. */
  isFull(): boolean
  ack(claim: Claim): Settled
  nack(claim: Claim, how: { delayMs?: number | undefined; dead?: boolean | undefined; nowMs: number }): Settled
  extend(claim: Claim, forMs: number, nowMs: number): Settled
  /** Nobody has got what is out of this receive: it comes again at once, and the receive does not count. */
  giveBack(group: number, nowMs: number): void
  /** Time has passed: leases end. */
  tick(nowMs: number): void
  nextDueMs(): number | undefined
  /** A dead letter of another queue. False: it is here already. */
  bury(origin: number, message: Message, from: DeadFrom): boolean
  /** A message that was dead elsewhere; it counts from 0 here. False: it is here already. */
  adopt(origin: number, message: Message, nowMs: number): boolean
  /** A message goes to another queue. */
  handOver(message: Message): void
  /** Dead letters and, of a dead-letter queue, what came from others and is not out. */
  buried(): Message[]
  /** A dead letter of its own comes again, and counts from 0. */
  revive(message: Message, nowMs: number): void
  /** Everything but the dead list, or the dead list alone; answers how many. Receipts that are out become void. */
  clear(what: 'messages' | 'dead'): number
}

export const UNSETTLED_MAX = 20_000
/** Of all queues of an organization. */
export const ORGANIZATION_UNSETTLED_MAX = 200_000
export const DEAD_MAX = 100_000
const EXTENDED_MS_MAX = 12 * 3_600_000

export function createQueue(deps: {
  rules: () => QueueRules
  seed: QueueSeed
  /** Takes a dead letter over; false: the queue has no dead-letter queue. */
  forward: (message: Message, from: Omit<DeadFrom, 'queueId'>) => boolean
  /** It is dead in another queue: its receipt is no longer good. */
  isDeadElsewhere: (place: Place) => boolean
  /** Unsettled messages of all queues of the organization. */
  together: Together
  /** Of its own dead list. */
  deadMax?: number | undefined
}): Queue {
  const { rules, together, deadMax = DEAD_MAX } = deps
  const messages = createMessages({ ordered: rules().ordered, lastGroup: deps.seed.lastGroup, together })
  const counters = { ...deps.seed.counters }
  let { purge } = deps.seed

  const isFull = () => messages.unsettled >= UNSETTLED_MAX || together.unsettled >= ORGANIZATION_UNSETTLED_MAX

  const isTooOld = ({ recordedAtMs }: { recordedAtMs: number }, nowMs: number) =>
    recordedAtMs + rules().retentionMs <= nowMs

  function expire(message: Message): void {
    counters.expired++
    messages.remove(message)
  }

  /** Another queue has it now. */
  function handOver(message: Message): void {
    counters.left++
    messages.remove(message)
  }

  function die(message: Message, deadReason: DeathReason, nowMs: number): void {
    const { receiveCount } = message
    if (deps.forward(message, { receiveCount, reason: deadReason })) {
      handOver(message)
      return
    }
    messages.change(message, { state: 'dead', deadReason, deadAtMs: nowMs, dueAtMs: 0, group: messages.sharedGroup() })
    if (messages.deadCount <= deadMax) return
    const [oldest] = messages.dead()
    messages.remove(oldest!)
    counters.overflowed++
  }

  /** Of an ordered queue nothing may overtake: those behind it in the same receive come back too. */
  function returnThoseBehind({ subject, group, ...place }: Message, nowMs: number): void {
    if (!rules().ordered) return
    for (const other of [...messages.subjects.of(subject)])
      if (other.group === group && other.state === 'out' && comparePlaces(other, place) > 0) back(other, nowMs)
  }

  function back(message: Message, dueAtMs: number): void {
    messages.change(message, { state: 'waiting', dueAtMs })
  }

  function tick(nowMs: number): void {
    for (const message of messages.popDue(nowMs)) {
      // One before it in the same receive may have brought it back, or settled it.
      if (message.state !== 'out' || message.dueAtMs > nowMs) continue
      returnThoseBehind(message, nowMs)
      if (message.receiveCount >= rules().maxReceives) die(message, 'max_receives', nowMs)
      else back(message, message.dueAtMs)
    }
    // What has come back is due at once.
    messages.popDue(nowMs)
  }

  function take(order: TakeOrder, next: () => Candidate | undefined): Message[] {
    tick(order.nowMs)
    // A receive that finds nothing leaves no trace.
    let number: number | undefined
    const group = () => {
      number ??= messages.newGroup()
      return number
    }
    const taken: Message[] = []
    if (rules().ordered) takeSubjects(order, group, taken)
    else takeDue(order, group, taken)
    takeNew(order, group, taken, next)
    return taken
  }

  function handOut(message: Message, group: number, { nowMs, leaseMs }: TakeOrder): Message {
    if (message.firstReceivedAtMs === 0) counters.handedOut++
    messages.change(message, {
      ...{ group, state: 'out', receiveCount: message.receiveCount + 1, receivedAtMs: nowMs, dueAtMs: nowMs + leaseMs },
      firstReceivedAtMs: message.firstReceivedAtMs || nowMs,
    })
    return message
  }

  function takeDue(order: TakeOrder, group: () => number, taken: Message[]): void {
    for (const message of messages.due()) {
      if (taken.length === order.max) return
      if (isTooOld(message, order.nowMs)) expire(message)
      else taken.push(handOut(message, group(), order))
    }
  }

  function takeSubjects(order: TakeOrder, group: () => number, taken: Message[]): void {
    // A subject that is handed out leaves the free ones, and comes back in no turn of this loop.
    for (const subject of messages.subjects.free()) {
      if (taken.length === order.max) return
      takeSubject(subject, order, group, taken)
    }
  }

  function takeSubject(subject: string, order: TakeOrder, group: () => number, taken: Message[]): void {
    let at = 0
    while (at < order.perSubject && taken.length < order.max) {
      const message = messages.subjects.of(subject)[at]
      if (message === undefined) return
      if (isTooOld(message, order.nowMs)) expire(message)
      else {
        taken.push(handOut(message, group(), order))
        at++
      }
    }
  }

  function takeNew(order: TakeOrder, group: () => number, taken: Message[], next: () => Candidate | undefined): void {
    const inOrder = rules().ordered
    while (taken.length < order.max && !isFull()) {
      const candidate = next()
      if (candidate === undefined) return
      counters[candidate.place.origin === 0 ? 'matched' : 'brought']++
      if (isTooOld(candidate, order.nowMs)) {
        counters.expired++
        continue
      }
      const mayGo = !inOrder || follows(candidate.subject, taken[0]?.group, order.perSubject)
      const message = messageOf(candidate, mayGo ? group() : messages.sharedGroup(), inOrder)
      messages.add(message)
      if (mayGo) taken.push(handOut(message, group(), order))
    }
  }

  /** Nothing of the subject is unsettled, or all of it is in this receive, and there is room for one more. */
  function follows(subject: string, group: number | undefined, perSubject: number): boolean {
    const before = messages.subjects.of(subject)
    return before.length < perSubject && before.every(each => each.group === group && each.state === 'out')
  }

  function settle(claim: Claim, act: (message: Message) => Settled): Settled {
    if (claim.purge !== purge) return { status: 'receipt_expired' }
    const message = messages.find(claim.place)
    if (message === undefined)
      return { status: deps.isDeadElsewhere(claim.place) ? 'receipt_expired' : 'already_settled' }
    if (message.state === 'dead' || message.group !== claim.group) return { status: 'receipt_expired' }
    return act(message)
  }

  function backoffMs(receiveCount: number): number {
    const backoff = rules().nackBackoff
    if (backoff === null) return 0
    return Math.min(backoff.firstSeconds * backoff.factor ** (receiveCount - 1), backoff.maxSeconds) * 1_000
  }

  function put(origin: number, message: Message, fields: Partial<Message>): boolean {
    const place = { origin, partition: message.partition, offset: message.offset }
    if (messages.find(place) !== undefined) return false
    const { eventId, subject, recordedAtMs } = message
    const candidate = { place, eventId, subject, recordedAtMs }
    messages.add({ ...messageOf(candidate, messages.sharedGroup(), rules().ordered), ...fields })
    counters.brought++
    return true
  }

  return {
    messages,
    counters,
    get purge() {
      return purge
    },
    take,
    isFull,
    ack: claim =>
      settle(claim, message => {
        messages.remove(message)
        counters.acked++
        return { status: 'acked' }
      }),
    nack: (claim, { delayMs, dead = false, nowMs }) =>
      settle(claim, message => {
        returnThoseBehind(message, nowMs)
        if (dead || message.receiveCount >= rules().maxReceives) {
          die(message, dead ? 'rejected' : 'max_receives', nowMs)
          return { status: 'dead' }
        }
        const dueAtMs = nowMs + (delayMs ?? backoffMs(message.receiveCount))
        back(message, dueAtMs)
        return { status: 'returned', visibleAtMs: dueAtMs }
      }),
    extend: (claim, forMs, nowMs) =>
      settle(claim, message => {
        // Another message of its subject may be out by now.
        if (rules().ordered && message.state === 'waiting') return { status: 'receipt_expired' }
        const dueAtMs = nowMs + forMs
        if (dueAtMs > message.receivedAtMs + EXTENDED_MS_MAX) return { status: 'extension_too_long' }
        messages.change(message, { state: 'out', dueAtMs })
        return { status: 'extended', visibleAtMs: dueAtMs }
      }),
    giveBack(group, nowMs) {
      for (const message of messages.ofGroup(group)) {
        if (message.state !== 'out') continue
        const receiveCount = message.receiveCount - 1
        if (receiveCount === 0) counters.handedOut--
        const firstReceivedAtMs = receiveCount === 0 ? 0 : message.firstReceivedAtMs
        messages.change(message, { state: 'waiting', receiveCount, firstReceivedAtMs, dueAtMs: nowMs })
      }
    },
    tick,
    handOver,
    nextDueMs: messages.nextDueMs,
    bury: (origin, message, deadFrom) => put(origin, message, { deadFrom }),
    adopt: (origin, message, dueAtMs) => put(origin, message, { dueAtMs }),
    buried: () => [
      ...messages.dead(),
      ...[...messages.all()].filter(({ state, deadFrom }) => state === 'waiting' && deadFrom !== null),
    ],
    revive(message, nowMs) {
      const fresh = { receiveCount: 0, firstReceivedAtMs: 0, receivedAtMs: 0, deadAtMs: 0, deadReason: null }
      messages.change(message, { ...fresh, state: 'waiting', dueAtMs: nowMs })
    },
    clear(what) {
      const cleared = [...(what === 'dead' ? messages.dead() : messages.all())].filter(
        ({ state }) => (state === 'dead') === (what === 'dead'),
      )
      for (const message of cleared) messages.remove(message)
      if (what === 'messages') purge++
      counters.purged += cleared.length
      return cleared.length
    },
  }
}

const messageOf = ({ place, eventId, subject, recordedAtMs }: Candidate, group: number, ordered: boolean): Message => ({
  ...{ ...place, group, state: 'waiting', eventId, subject: ordered ? subject : '', recordedAtMs },
  ...{ receiveCount: 0, firstReceivedAtMs: 0, receivedAtMs: 0, dueAtMs: 0 },
  ...{ deadFrom: null, deadAtMs: 0, deadReason: null },
})
