/** Bounds of a queue. */
import { expect, it } from '@jest/globals'
import { createQueue, ORGANIZATION_UNSETTLED_MAX, UNSETTLED_MAX } from '../../src/queues/queue.ts'
import { NEW_QUEUE } from '../../src/queues/rules.ts'

const RULES = { ordered: false, maxReceives: 10, nackBackoff: null, retentionMs: 1e12 }
const ORDER = { max: 100, perSubject: 1, leaseMs: 30_000, nowMs: 1_000 }

function queueOf(together: { unsettled: number }, rules = RULES, deadMax?: number) {
  const queue = createQueue({
    ...{ rules: () => rules, seed: NEW_QUEUE, forward: () => false, isDeadElsewhere: () => false, together },
    deadMax,
  })
  let offset = 0
  const next = () => ({
    ...{ place: { origin: 0, partition: 0, offset: offset++ }, eventId: `evt_${offset}`, subject: '' },
    recordedAtMs: 1,
  })
  return { queue, next }
}

it('a queue hands out no more than 20,000 messages that are not settled', () => {
  const { queue, next } = queueOf({ unsettled: 0 })
  let taken = queue.take(ORDER, next)
  for (let count = taken.length; count < UNSETTLED_MAX; count += taken.length) taken = queue.take(ORDER, next)
  expect([queue.take(ORDER, next), queue.isFull()]).toEqual([[], true])
  const [message] = taken
  queue.ack({ place: message!, group: message!.group, purge: 0 })
  expect(queue.take(ORDER, next)).toHaveLength(1)
})

it('a stuck subject holds what is behind it until the queue is full, and goes on in its order when it is settled', () => {
  const { queue, next } = queueOf({ unsettled: 0 }, { ...RULES, ordered: true })
  const [stuck] = queue.take({ ...ORDER, max: 1 }, next)
  expect([queue.take(ORDER, next), queue.messages.unsettled, queue.isFull()]).toEqual([[], UNSETTLED_MAX, true])
  queue.ack({ place: stuck!, group: stuck!.group, purge: 0 })
  expect(queue.take({ ...ORDER, max: 2, perSubject: 2 }, next).map(({ offset }) => offset)).toEqual([1, 2])
})

it('the queues of an organization hand out no more than 200,000 together, and count what is settled, dead or cleared', () => {
  const together = { unsettled: ORGANIZATION_UNSETTLED_MAX - 100 }
  const [one, other] = [queueOf(together), queueOf(together)]
  const taken = one.queue.take(ORDER, one.next)
  expect([taken.length, other.queue.take(ORDER, other.next), other.queue.isFull()]).toEqual([100, [], true])
  const [acked, dead] = taken.map(message => ({ place: message, group: message.group, purge: 0 }))
  one.queue.ack(acked!)
  one.queue.nack(dead!, { dead: true, nowMs: 2_000 })
  expect(other.queue.take(ORDER, other.next)).toHaveLength(2)
  one.queue.clear('messages')
  expect(together.unsettled).toBe(ORGANIZATION_UNSETTLED_MAX - 98)
  one.queue.revive([...one.queue.messages.dead()][0]!, 3_000)
  expect(together.unsettled).toBe(ORGANIZATION_UNSETTLED_MAX - 97)
})

it('a dead list keeps the newest, and counts those that left', () => {
  const deadMax = 1_000
  const { queue, next } = queueOf({ unsettled: 0 }, RULES, deadMax)
  for (let count = 0; count < deadMax + 100; count += 100)
    for (const message of queue.take(ORDER, next))
      queue.nack({ place: message, group: message.group, purge: 0 }, { dead: true, nowMs: 2_000 })
  expect([queue.messages.deadCount, queue.counters.overflowed]).toEqual([deadMax, 100])
  expect([...queue.messages.dead()][0]!.offset).toBe(100)
})
