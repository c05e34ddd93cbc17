import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { KnownPosition, LogReader, LogRecord } from '../../src/kafka/ports.ts'
import { createInputQueue, type InputQueueSettings } from '../../src/kafka/runtime/input-queue.ts'

/** A reader that only records its calls. */
function queueWithReader(settings: InputQueueSettings = {}) {
  const calls: string[] = []
  let position: Required<KnownPosition> | undefined
  const positions = new Map<string, Required<KnownPosition>>()
  const record = (what: string) => (topic: string) => void calls.push(`${what} ${topic}`)
  const reader: LogReader = {
    assign: record('assign'),
    unassign: record('unassign'),
    position: () => position,
    waiting: () => [],
    pause: record('pause'),
    resume: record('resume'),
    close: async () => undefined,
  }
  const queue = createInputQueue(reader, settings)
  const put = (topic: string, count: number, changes: Partial<LogRecord> = {}) => {
    const records = Array.from({ length: count }, (_, offset): LogRecord => {
      return {
        topic,
        partition: 0,
        offset,
        timestampMs: 0,
        key: null,
        value: Buffer.from('{}'),
        headers: {},
        ...changes,
      }
    })
    queue.push(topic, 0, records, count)
  }
  /** Records at these offsets, whose positions differ from those of others. */
  const push = (topic: string, offsets: number[], nextOffset: number) => {
    const records = offsets.map((offset): LogRecord => {
      return { topic, partition: 0, offset, timestampMs: 0, key: null, value: Buffer.from('{}'), headers: {} }
    })
    position = { topicId: topic, leaderEpoch: offsets.at(-1)! }
    for (const offset of offsets) positions.set(`${topic}/${offset}`, position)
    queue.push(topic, 0, records, nextOffset)
  }
  return {
    queue,
    calls,
    put,
    push,
    positionAt: (topic: string, offset: number) => positions.get(`${topic}/${offset}`)!,
  }
}

describe('input that waits for admission', () => {
  it('is taken in turns: a single record is next but one, however much another organization sends', () => {
    const { queue, put } = queueWithReader()
    for (const topic of ['flood', 'lone', 'other']) queue.assign(topic, 0, 'earliest')
    put('flood', 4_000)
    expect(queue.take(250)).toMatchObject({ topic: 'flood', nextOffset: 250 })
    put('flood', 4_000)
    put('lone', 1)
    put('other', 1)
    expect([queue.take(250), queue.take(250), queue.take(250), queue.take(250)].map(taken => taken?.topic)).toEqual([
      'flood',
      'lone',
      'other',
      'flood',
    ])
  })

  it('is taken a megabyte at a time, so that large records do not make a turn long; a larger one goes alone', () => {
    const { queue, put } = queueWithReader()
    for (const topic of ['large', 'huge', 'lone']) queue.assign(topic, 0, 'earliest')
    put('large', 250, { value: Buffer.alloc(256 * 1024) })
    put('huge', 3, { value: Buffer.alloc(8 * 1024 * 1024) })
    put('lone', 1)
    expect(
      [queue.take(250), queue.take(250), queue.take(250)].map(taken => [taken?.topic, taken?.records.length]),
    ).toEqual([
      ['large', 4],
      ['huge', 1],
      ['lone', 1],
    ])
    expect(queue.take(250)).toMatchObject({ topic: 'large', nextOffset: 8 })
  })

  it('is bounded by all that a record takes: one of headers alone stops its partition as well, and no other', () => {
    const { queue, put, calls } = queueWithReader()
    for (const topic of ['headers', 'lone']) queue.assign(topic, 0, 'earliest')
    put('headers', 6, { value: null, sizeBytes: 1024 * 1024 })
    put('lone', 1)
    expect(calls).toEqual(['assign headers', 'assign lone', 'pause headers'])
    for (let at = 0; at < 6; at++) queue.take(250)
    expect(calls.at(-1)).toBe('resume headers')
  })

  it('has a share of each round, whatever waits, and the rest of it in the next ones', () => {
    const { queue, put } = queueWithReader({ shareMax: 300 })
    for (const topic of ['flood', 'lone']) queue.assign(topic, 0, 'earliest')
    put('flood', 700)
    put('lone', 2)
    const round = () => {
      const taken: Array<[string, number]> = []
      for (let next = queue.take(250); next; next = queue.take(250)) taken.push([next.topic, next.records.length])
      queue.renew()
      return taken
    }
    expect(round()).toEqual([
      ['flood', 250],
      ['lone', 2],
      ['flood', 50],
    ])
    expect(queue.ready()).toBe(true)
    expect(round()).toEqual([
      ['flood', 250],
      ['flood', 50],
    ])
    expect(round()).toEqual([['flood', 100]])
    expect(queue.ready()).toBe(false)
  })

  it('continues from its position: every record once, in order, whatever the turns', () => {
    const { queue, put } = queueWithReader()
    queue.assign('a', 0, 'earliest')
    put('a', 1_000, { value: Buffer.alloc(10_000) })
    const offsets: number[] = []
    for (let taken = queue.take(37); taken; taken = queue.take(37)) {
      offsets.push(...taken.records.map(({ offset }) => offset))
      expect(taken.nextOffset).toBe(offsets.length)
    }
    expect(offsets).toEqual(Array.from({ length: 1_000 }, (_, offset) => offset))
    expect(queue.ready()).toBe(false)
  })
})

describe('input that was taken and has not committed', () => {
  it('is put back in front, in order, with its positions, whatever came between', () => {
    const { queue, put, calls } = queueWithReader({ mayTake: () => true })
    queue.assign('a', 0, 'earliest')
    put('a', 10)
    expect(queue.take(4)?.nextOffset).toBe(4)
    queue.sealed()
    expect(queue.take(3)?.nextOffset).toBe(7)
    queue.putBack()
    expect(
      [queue.take(5), queue.take(5), queue.take(5)].map(taken => taken?.records.map(({ offset }) => offset)),
    ).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ])
    expect(calls).toEqual(['assign a'])
  })

  it('is dropped when its partition was assigned anew', () => {
    const { queue, put } = queueWithReader({ mayTake: () => true })
    queue.assign('a', 0, 'earliest')
    put('a', 2)
    queue.take(2)
    queue.unassign('a', 0)
    queue.assign('a', 0, 'earliest')
    queue.putBack()
    expect(queue.take(2)).toBeUndefined()
  })

  const LANES = ['a', 'b', 'c'] as const
  const lane = fc.constantFrom(...LANES)
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ does: fc.constant('push' as const), lane, count: fc.nat(5), markers: fc.nat(2) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        does: fc.constant('take' as const),
        max: fc.integer({ min: 1, max: 7 }),
        left: fc.option(fc.nat(3)),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constantFrom('hold' as const, 'release' as const, 'away' as const, 'back' as const),
        lane,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        does: fc.constantFrom('seal' as const, 'commit' as const, 'put back' as const, 'renew' as const),
      }),
    },
  )

  it('comes again as a plain list would have it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const away = new Set<string>()
        const held = new Set<string>()
        /** The content of each partition, and how far it has been taken, sealed and committed. */
        const model = new Map(
          LANES.map(name => [name, { offsets: [] as number[], end: 0, taken: 0, sealed: 0, committed: 0 }]),
        )
        let isSealed = false
        const { queue, push, positionAt } = queueWithReader({ mayTake: topic => !away.has(topic), shareMax: 9 })
        for (const name of LANES) queue.assign(name, 0, 'earliest')
        const take = (max: number, left: number | null) => {
          const taken = queue.take(max)
          if (!taken) return
          const name = taken.topic as 'a'
          const of = model.get(name)!
          expect(held.has(name) || away.has(name)).toBe(false)
          const offsets = taken.records.map(({ offset }) => offset)
          expect(offsets).toEqual(of.offsets.slice(of.taken, of.taken + offsets.length))
          of.taken += offsets.length
          expect(taken.nextOffset).toBeGreaterThan(offsets.at(-1) ?? -1)
          expect(taken.nextOffset).toBeLessThanOrEqual(of.offsets[of.taken] ?? of.end)
          expect(queue.position(name, 0)).toEqual(positionAt(name, offsets.at(-1)!))
          const back = Math.min(left ?? 0, offsets.length)
          if (back === 0) return
          of.taken -= back
          held.add(name)
          queue.hold(name, 0, back)
        }
        for (const each of steps) {
          if (each.does === 'push') {
            const of = model.get(each.lane)!
            const offsets = Array.from({ length: each.count }, (_, index) => of.end + index)
            of.offsets.push(...offsets)
            of.end += each.count + each.markers
            if (each.count > 0) push(each.lane, offsets, of.end)
          } else if (each.does === 'take') take(each.max, each.left)
          else if (each.does === 'hold') {
            held.add(each.lane)
            queue.hold(each.lane, 0)
          } else if (each.does === 'release') {
            held.delete(each.lane)
            queue.release(each.lane, 0)
          } else if (each.does === 'away') away.add(each.lane)
          else if (each.does === 'back') {
            away.delete(each.lane)
            queue.available(topic => topic === each.lane)
          } else if (each.does === 'renew') queue.renew()
          else if (each.does === 'seal' && !isSealed) {
            isSealed = true
            queue.sealed()
            for (const of of model.values()) of.sealed = of.taken
          } else if (each.does === 'commit' && isSealed) {
            isSealed = false
            queue.committed()
            for (const of of model.values()) of.committed = of.sealed
          } else if (each.does === 'put back') {
            isSealed = false
            queue.putBack()
            for (const of of model.values()) {
              of.taken = of.committed
              of.sealed = of.committed
            }
          }
        }
        // Everything has arrived in the end.
        for (const name of LANES) queue.release(name, 0)
        away.clear()
        queue.available(() => true)
        held.clear()
        do {
          queue.renew()
          take(5, null)
        } while (queue.ready())
        for (const [name, { offsets, taken, committed }] of model) {
          expect(taken).toBe(offsets.length)
          expect(queue.find(topic => topic === name).isWaiting).toBe(committed < offsets.length)
        }
      }),
      { numRuns: 300 },
    )
  })
})
