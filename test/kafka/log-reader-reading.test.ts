/** The effect of an answer on a partition that is read: pure decisions, without a broker. */
import { describe, expect, it } from '@jest/globals'
import { errorName } from '../../src/kafka/protocol/error-codes.ts'
import { createFetchSession } from '../../src/kafka/read/fetch-session.ts'
import {
  advance,
  createReading,
  diverge,
  hintOf,
  lastEpoch,
  pauseOf,
  placementOf,
  type Reading,
  remedyOf,
  settleRange,
  startOver,
} from '../../src/kafka/read/reading.ts'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)
const LIMITS = { maxWaitMs: 250, bytesMin: 1, bytesMax: 1024, partitionBytesMax: 512 }

/** Read from `from` on, with these epochs. */
function readTo(
  offset: number,
  epochs: Array<{ epoch: number; from: number }>,
  from: number | 'earliest' = 0,
): Reading {
  const reading = createReading('t', 0, from)
  advance(reading, offset, epochs)
  return reading
}

describe('a log that was cut', () => {
  it('is read on where both logs end the newest epoch that they share', () => {
    // The leader has epoch 3 up to 50; the position read it up to 40 and then records of epoch 5 that are gone.
    const reading = readTo(100, [
      { epoch: 3, from: 0 },
      { epoch: 5, from: 40 },
    ])
    expect(diverge(reading, { epoch: 3, endOffset: 50 })).toEqual({ from: 100, to: 40, reason: 'truncated' })
    expect([reading.offset, lastEpoch(reading)]).toEqual([40, 3])
  })

  it('is read on at its end when that comes first', () => {
    const reading = readTo(100, [{ epoch: 3, from: 0 }])
    expect(diverge(reading, { epoch: 3, endOffset: 60 })).toEqual({ from: 100, to: 60, reason: 'truncated' })
    expect([reading.offset, lastEpoch(reading)]).toEqual([60, 3])
  })

  it('takes the next answer into account when the first goes back to an epoch that was not read', () => {
    const reading = readTo(100, [
      { epoch: 2, from: 0 },
      { epoch: 5, from: 40 },
    ])
    expect(diverge(reading, { epoch: 4, endOffset: 70 })).toEqual({ from: 100, to: 40, reason: 'truncated' })
    expect(diverge(reading, { epoch: 1, endOffset: 20 })).toEqual({ from: 40, to: 0, reason: 'truncated' })
  })

  it('has lost at least the record before a stored position whose epoch the leader does not know', () => {
    const reading = createReading('t', 0, 100, { topicId: A, leaderEpoch: 5 })
    expect(diverge(reading, { epoch: 3, endOffset: 400 })).toEqual({ from: 100, to: 99, reason: 'truncated' })
  })
})

describe('a position out of range', () => {
  it('below the start goes on at the start and never back', () => {
    const reading = readTo(10, [{ epoch: 1, from: 0 }])
    expect(settleRange(reading, 500, 900)).toEqual({ from: 10, to: 500, reason: 'retention' })
    expect([reading.offset, lastEpoch(reading)]).toEqual([500, -1])
  })

  it('is no gap for a reading that begins wherever the log does', () => {
    const reading = createReading('t', 0, 'earliest')
    expect(settleRange(reading, 500, 900)).toBeUndefined()
    expect(reading.offset).toBe(500)
  })

  it('beyond the end is waited at when there is no epoch to compare', () => {
    const reading = createReading('t', 0, 1_000)
    expect(settleRange(reading, 0, 900)).toBe('beyond_end')
    expect(reading.offset).toBe(1_000)
  })

  it('beyond the end goes on at the end when the leader does not know the epoch at all', () => {
    const reading = readTo(1_000, [{ epoch: 7, from: 0 }])
    expect(settleRange(reading, 0, 900)).toEqual({ from: 1_000, to: 900, reason: 'truncated' })
    expect(reading.offset).toBe(900)
  })

  it('that is in range by now stays, without its epoch', () => {
    const reading = readTo(800, [{ epoch: 7, from: 0 }])
    expect(settleRange(reading, 0, 900)).toBeUndefined()
    expect([reading.offset, lastEpoch(reading)]).toEqual([800, -1])
  })

  it('of a reading from the end on is that end', () => {
    const reading = createReading('t', 0, 'latest')
    expect(settleRange(reading, 3, 900)).toBeUndefined()
    expect(reading.offset).toBe(900)
  })
})

describe('where a partition is read', () => {
  const info = (changes = {}) => ({
    topic: 't',
    id: A,
    errorCode: 0,
    partitions: [{ partition: 0, leader: 1, leaderEpoch: 4, replicas: [], isr: [] }],
    ...changes,
  })
  const leader = { node: 1, epoch: 4 }

  it('is at the leader that is known', () => {
    expect(placementOf(createReading('t', 0, 0), info(), leader)).toEqual({ at: leader })
  })

  it('is nowhere without topic, partition, leader or right, and the reason is reported', () => {
    const reading = createReading('t', 0, 0)
    expect(placementOf(reading, undefined, undefined)).toEqual({ wait: 'unknown_topic' })
    expect(placementOf(reading, info({ id: '', errorCode: 3, partitions: [] }), undefined)).toEqual({
      wait: 'unknown_topic',
    })
    expect(placementOf(createReading('t', 7, 0), info(), undefined)).toEqual({ wait: 'unknown_topic' })
    expect(placementOf(reading, info(), undefined)).toEqual({ wait: 'no_leader' })
    expect(placementOf(reading, info({ errorCode: 29 }), leader)).toEqual({ wait: 'unauthorized' })
  })

  it('is not where it has just failed, unless that leads under a new epoch', () => {
    const reading = { ...createReading('t', 0, 0), failedAt: leader }
    expect(placementOf(reading, info(), leader)).toEqual({ sameLeader: leader })
    expect(placementOf(reading, info(), { node: 1, epoch: 5 })).toEqual({ at: { node: 1, epoch: 5 } })
    expect(placementOf(reading, info(), { node: 2, epoch: 4 })).toEqual({ at: { node: 2, epoch: 4 } })
  })

  it('needs two brokers to report another id of its topic', () => {
    const reading = createReading('t', 0, 90, { topicId: B, leaderEpoch: 2 })
    expect(placementOf(reading, info(), leader)).toEqual({ otherId: A })
    startOver(reading, A)
    expect(placementOf(reading, info(), leader)).toEqual({ at: leader })
    expect([reading.offset, lastEpoch(reading)]).toEqual([0, -1])
  })

  it('follows a hint only to a newer leader', () => {
    const reading = { ...createReading('t', 0, 0), leader }
    expect(hintOf(reading, { leader: { node: 2, epoch: 5 } })).toEqual({ node: 2, epoch: 5 })
    expect(hintOf(reading, { leader: { node: 2, epoch: 4 } })).toBeUndefined()
    expect(hintOf(reading, { leader: undefined })).toBeUndefined()
  })

  it('is looked for again with pauses from 50 ms to a second', () => {
    const reading = createReading('t', 0, 0)
    const pauses = [1, 2, 3, 4, 5, 6, 7].map(failures => pauseOf({ ...reading, failures }))
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_000, 1_000])
  })
})

it('no error of a partition ends it', () => {
  const remedies = new Set(Array.from({ length: 130 }, (_, code) => remedyOf(errorName(code + 1))))
  expect([...remedies].sort()).toEqual(['later', 'moved', 'range', 'topic', 'unauthorized'])
})

describe('a fetch session', () => {
  const placed = (partition: number, topicId = A, epoch = 1): Reading => ({
    ...createReading('t', partition, 5),
    topicId,
    leader: { node: 1, epoch },
  })
  const accept = (session: ReturnType<typeof createFetchSession>) =>
    session.accept({ errorCode: 0, sessionId: 9, partitions: [], endpoints: [] })

  it('names what is new or has moved, once', () => {
    const session = createFetchSession(1)
    session.add('t/0', placed(0))
    expect(session.request(LIMITS).body.toString('hex')).toContain(A)
    accept(session)
    expect(session.request(LIMITS).body.toString('hex')).not.toContain(A)
    accept(session)
    session.moved('t/0')
    expect(session.request(LIMITS).body.toString('hex')).toContain(A)
  })

  it('forgets a partition under the old id of its topic when it is read under a new one', () => {
    const session = createFetchSession(1)
    const reading = placed(0)
    session.add('t/0', reading)
    session.request(LIMITS)
    accept(session)
    session.remove('t/0')
    session.add('t/0', placed(0, B))
    const body = session.request(LIMITS).body.toString('hex')
    expect(body.indexOf(B)).toBeGreaterThan(0)
    expect(body.indexOf(A)).toBeGreaterThan(body.indexOf(B)) // among those to forget
    expect([session.answered(A, 0), session.answered(B, 0)?.topicId]).toEqual([undefined, B])
  })

  it('begins anew when the broker has forgotten it, and refuses what is no answer', () => {
    const session = createFetchSession(1)
    session.add('t/0', placed(0))
    session.request(LIMITS)
    const answer = { sessionId: 0, partitions: [], endpoints: [] }
    expect(session.accept({ ...answer, errorCode: 70 })).toBe(false)
    expect(session.request(LIMITS).body.toString('hex')).toContain(A)
    expect(() => session.accept({ ...answer, errorCode: 42 })).toThrow('refused a fetch')
  })
})
