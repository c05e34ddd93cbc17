import { describe, expect, it } from '@jest/globals'
import type { LogReader, LogRecord } from '../../src/kafka/ports.ts'
import { createInputQueue } from '../../src/kafka/runtime/input-queue.ts'

/** A reader that only remembers what it is told. */
function queueWithReader(shareMax?: number) {
  const told: string[] = []
  const tell = (what: string) => (topic: string) => void told.push(`${what} ${topic}`)
  const reader: LogReader = {
    assign: tell('assign'),
    unassign: tell('unassign'),
    position: () => undefined,
    waiting: () => [],
    pause: tell('pause'),
    resume: tell('resume'),
    close: async () => undefined,
  }
  const queue = createInputQueue(reader, shareMax)
  const put = (topic: string, count: number, changes: Partial<LogRecord> = {}) => {
    const records = Array.from({ length: count }, (_, offset): LogRecord => {
      return { topic, partition: 0, offset, timestampMs: 0, key: null, value: Buffer.from('{}'), headers: {}, ...changes }
    })
    queue.push(topic, 0, records, count)
  }
  return { queue, told, put }
}

describe('what waits for admission', () => {
  it('is taken in turns: a lone record is next but one, however much another organization sends', () => {
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
    expect([queue.take(250), queue.take(250), queue.take(250)].map(taken => [taken?.topic, taken?.records.length])).toEqual([
      ['large', 4],
      ['huge', 1],
      ['lone', 1],
    ])
    expect(queue.take(250)).toMatchObject({ topic: 'large', nextOffset: 8 })
  })

  it('is bounded by all that a record takes: one of headers alone stops its partition as well, and no other', () => {
    const { queue, put, told } = queueWithReader()
    for (const topic of ['headers', 'lone']) queue.assign(topic, 0, 'earliest')
    put('headers', 6, { value: null, sizeBytes: 1024 * 1024 })
    put('lone', 1)
    expect(told).toEqual(['assign headers', 'assign lone', 'pause headers'])
    for (let at = 0; at < 6; at++) queue.take(250)
    expect(told.at(-1)).toBe('resume headers')
  })

  it('has a share of each round, whatever waits, and the rest of it in the next ones', () => {
    const { queue, put } = queueWithReader(300)
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

  it('goes on where it stood: every record once, in order, whatever the turns', () => {
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
