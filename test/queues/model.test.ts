/**
 * Random histories of one queue beside a model that knows only facts: which places there are, which were settled, and
 * which leases are live. Time and crashes are part of a history; after a crash the queue is made anew from what was
 * sealed.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Candidate, Message } from '../../src/queues/message.ts'
import { createQueue, type Queue } from '../../src/queues/queue.ts'
import { type Claim, NEW_QUEUE, type QueueRules, type QueueSeed } from '../../src/queues/rules.ts'

const RUNS = Number(process.env.CLARION_MODEL_RUNS ?? 300)
const EVENTS = 40

type Step =
  | { do: 'take'; max: number; perSubject: number; leaseS: number }
  | { do: 'ack' | 'nack' | 'reject' | 'extend'; pick: number }
  | { do: 'wait'; seconds: number }
  | { do: 'giveBack' | 'revive' | 'crash' | 'seal' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('take' as const), max: fc.integer({ min: 1, max: 5 }), perSubject: fc.integer({ min: 1, max: 3 }), leaseS: fc.integer({ min: 1, max: 20 }) }) }, // biome-ignore format: a table
    { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('ack' as const, 'nack' as const, 'reject' as const, 'extend' as const), pick: fc.nat(30) }) }, // biome-ignore format: a table
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 30 }) }) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        { do: 'giveBack' as const },
        { do: 'revive' as const },
        { do: 'crash' as const },
        { do: 'seal' as const },
      ),
    },
  ),
  { maxLength: 80 },
)

/** What a changelog would hold. */
interface Sealed {
  seed: QueueSeed
  head: number
  groups: Map<number, Message[]>
}

const isBefore = (one: Message, other: Message): boolean => one.subject === other.subject && one.offset < other.offset

const keyOf = ({ partition, offset }: { partition: number; offset: number }) => `${partition}/${offset}`

describe.each([
  ['a queue', false],
  ['an ordered queue', true],
])('%s, over random histories with crashes', (_, ordered) => {
  it('loses nothing, leases nothing twice, keeps the order, and never hands out again what was settled', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 0, max: 4 }), { minLength: EVENTS, maxLength: EVENTS }), history),
      { numRuns: RUNS },
    )
  })

  function history(given: readonly Step[], subjects: readonly number[]): void {
    const rules: QueueRules = { ordered, maxReceives: 4, nackBackoff: null, retentionMs: 1e12 }
    const log: Candidate[] = subjects.map((subject, offset) => ({
      ...{ place: { origin: 0, partition: 0, offset }, eventId: `evt_${offset}`, subject: `s${subject}` },
      recordedAtMs: 1,
    }))
    let nowMs = 1_000
    let head = 0
    let sealed: Sealed = { seed: NEW_QUEUE, head: 0, groups: new Map() }
    let queue = open()
    const next = () => log[head++]
    /** Until they have committed, receipts are with nobody: a crash takes them back. */
    let receipts: Array<{ claim: Claim; count: number }> = []
    let settled = new Set<string>()
    let committed = { receipts: [...receipts], settled: new Set(settled), nowMs }

    function open(): Queue {
      const made = createQueue({
        ...{ rules: () => rules, seed: sealed.seed, forward: () => false, isDeadElsewhere: () => false },
        together: { unsettled: 0 },
      })
      for (const messages of sealed.groups.values()) for (const each of messages) made.messages.restore({ ...each })
      return made
    }

    function seal(): void {
      const groups = new Map(sealed.groups)
      for (const { group, messages } of queue.messages.sealGroups()) {
        if (messages.length === 0) groups.delete(group)
        else groups.set(group, messages.map(each => ({ ...each }))) // biome-ignore format: one thought
      }
      const { purge, counters } = queue
      sealed = { seed: { lastGroup: queue.messages.lastGroup, purge, counters: { ...counters } }, head, groups }
      committed = { receipts: [...receipts], settled: new Set(settled), nowMs }
    }

    function check(): void {
      const all = [...queue.messages.all()]
      // The books: what came in is settled or here.
      const { matched, brought, left, acked, expired, purged, overflowed } = queue.counters
      expect(matched).toBe(Math.min(head, log.length))
      expect(matched + brought).toBe(acked + expired + purged + overflowed + left + all.length)
      const known = new Set(all.map(keyOf))
      for (let offset = 0; offset < Math.min(head, log.length); offset++)
        expect([offset, known.has(`0/${offset}`) !== settled.has(`0/${offset}`)]).toEqual([offset, true])
      if (!ordered) return
      const bySubject = Map.groupBy(
        all.filter(({ state }) => state !== 'dead'),
        ({ subject }) => subject,
      )
      for (const messages of bySubject.values()) {
        const out = messages.filter(({ state, dueAtMs }) => state === 'out' && dueAtMs > nowMs)
        expect(new Set(out.map(({ group }) => group)).size).toBeLessThanOrEqual(1)
      }
    }

    function take(step: Extract<Step, { do: 'take' }>): void {
      const liveBefore = new Set(
        [...queue.messages.all()].filter(({ state, dueAtMs }) => state === 'out' && dueAtMs > nowMs).map(keyOf),
      )
      const order = { max: step.max, perSubject: step.perSubject, leaseMs: step.leaseS * 1_000, nowMs }
      const taken = queue.take(order, next)
      expect(taken.length).toBeLessThanOrEqual(step.max)
      for (const message of taken) {
        // A lease of an ordered queue also ends with one before it in the same receive.
        const isLive = liveBefore.has(keyOf(message)) && !(ordered && taken.some(each => isBefore(each, message)))
        expect([keyOf(message), isLive, settled.has(keyOf(message))]).toEqual([keyOf(message), false, false])
        receipts.push({
          claim: { place: { ...message }, group: message.group, purge: queue.purge },
          count: message.receiveCount,
        })
      }
      if (ordered) checkOrder(taken)
    }

    /** Nothing of a subject that lies before what was taken is unsettled, unless it was taken too. */
    function checkOrder(taken: readonly Message[]): void {
      const mine = new Set(taken)
      for (const message of taken)
        for (const other of queue.messages.all())
          if (other.subject === message.subject && other.offset < message.offset && other.state !== 'dead')
            expect([message.offset, other.offset, mine.has(other)]).toEqual([message.offset, other.offset, true])
    }

    const actions = {
      ack(claim: Claim) {
        const { status } = queue.ack(claim)
        if (status === 'acked') settled.add(keyOf(claim.place))
        if (status === 'already_settled') expect(settled.has(keyOf(claim.place))).toBe(true)
      },
      nack: (claim: Claim) => queue.nack(claim, { nowMs }),
      reject: (claim: Claim) => queue.nack(claim, { nowMs, dead: true }),
      extend: (claim: Claim) => queue.extend(claim, 5_000, nowMs),
    }

    for (const step of given) {
      if (step.do === 'take') take(step)
      else if (step.do === 'wait') nowMs += step.seconds * 1_000
      else if (step.do === 'seal') seal()
      else if (step.do === 'revive') for (const message of [...queue.messages.dead()]) queue.revive(message, nowMs)
      else if (step.do === 'giveBack') queue.giveBack(queue.messages.lastGroup, nowMs)
      else if (step.do === 'crash') {
        ;({ head } = sealed)
        receipts = [...committed.receipts]
        settled = new Set(committed.settled)
        queue = open()
      } else {
        const receipt = receipts[(step as { pick: number }).pick % Math.max(1, receipts.length)]
        if (receipt !== undefined) actions[step.do as keyof typeof actions](receipt.claim)
      }
      check()
    }
    drain()

    /** In the end everything can be had and settled. */
    function drain(): void {
      for (let round = 0; round < 500; round++) {
        nowMs += 3_600_000
        for (const message of [...queue.messages.dead()]) queue.revive(message, nowMs)
        const taken = queue.take({ max: 5, perSubject: 3, leaseMs: 1_000, nowMs }, next)
        for (const message of taken) actions.ack({ place: { ...message }, group: message.group, purge: queue.purge })
        if (taken.length === 0 && head > log.length && queue.messages.unsettled === 0) break
      }
      expect(settled.size).toBe(log.length)
    }
  }
})
