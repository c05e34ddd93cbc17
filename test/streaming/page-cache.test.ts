/** Which pages are fetched, kept and shared, decided over a log that answers when the test says so. */
import { describe, expect, it } from '@jest/globals'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { createPageCache, type PageCacheSettings, type PageSource } from '../../src/streaming/page-cache.ts'
import type { Page } from '../../src/streaming/strict-pages.ts'
import { createTurns } from '../../src/streaming/turns.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const END = 1_000n
const PAGE = 100n
const tick = () => new Promise(resolve => setImmediate(resolve))

const recordAt = (topic: string, offset: number): LogRecord => ({
  ...{ topic, partition: 0, offset, timestampMs: 0, key: null, value: null, headers: {}, sizeBytes: 1_000 },
})

/** Pages of a hundred records in a log of a thousand. */
function open(settings: Partial<PageCacheSettings> = {}) {
  const clock = createManualClock()
  const fetches: Array<{ topic: string; offset: bigint; answer(): void; fail(): void }> = []
  const sources: PageSource[] = []
  const pages = {
    read: (topic: string, _partition: number, offset: bigint) =>
      new Promise<Page>((resolve, reject) => {
        const nextOffset = offset + PAGE < END ? offset + PAGE : END
        const records = Array.from({ length: Number(nextOffset - offset) }, (_, at) =>
          recordAt(topic, Number(offset) + at),
        )
        fetches.push({
          ...{ topic, offset },
          answer: () => resolve({ records, nextOffset, stableEnd: END }),
          fail: () => reject(new Error('no leader')),
        })
      }),
  }
  const turns = createTurns({ underWayMax: 16 })
  const cache = createPageCache({ pages, turns, clock, onPage: from => sources.push(from), settings })
  const read = async (topic: string, offset: bigint) => {
    const { records, nextOffset } = await cache.read(topic, 0, offset)
    return [records[0]?.offset, Number(nextOffset)]
  }
  const answerAll = async () => {
    await tick()
    for (let at = 0; at < fetches.length; at++) {
      fetches[at]!.answer()
      await tick()
    }
  }
  return { cache, clock, fetches, sources, read, answerAll }
}

describe('a page', () => {
  it('is fetched once for all that want it at a time, and for those that come later while it is kept', async () => {
    const { fetches, sources, read, answerAll, clock } = open()
    const reads = [read('events.a', 0n), read('events.a', 0n), read('events.a', 40n)]
    await answerAll()
    expect(await Promise.all(reads)).toEqual([
      [0, 100],
      [0, 100],
      [40, 100],
    ])
    expect(await read('events.a', 99n)).toEqual([99, 100])
    expect([fetches.length, sources]).toEqual([1, ['kafka', 'shared', 'shared', 'cache']])
    clock.advance(60_001)
    const later = read('events.a', 0n)
    await answerAll()
    expect([await later, fetches.length]).toEqual([[0, 100], 2])
  })

  it('at the end of the log is kept where it is large, and does not say that nothing follows it', async () => {
    const { fetches, read, answerAll, cache } = open()
    const reading = cache.read('events.a', 0, 900n)
    await answerAll()
    expect((await reading).stableEnd).toBe(1_000n)
    const { records, nextOffset, stableEnd } = await cache.read('events.a', 0, 950n)
    expect([records.length, nextOffset, stableEnd, fetches.length]).toEqual([50, 1_000n, 1_001n, 1])
    const behind = read('events.a', 1_000n)
    await answerAll()
    await behind
    expect(fetches.map(({ offset }) => offset)).toEqual([900n, 1_000n])
  })

  it('at the end of the log is not kept where it is small, since it grows', async () => {
    const { fetches, read, answerAll, cache } = open()
    for (let n = 1; n <= 2; n++) {
      const reading = read('events.a', 950n)
      await answerAll()
      expect([await reading, fetches.length, cache.bytes]).toEqual([[950, 1_000], n, 0])
    }
  })

  it('that could not be fetched fails those that wanted it, and no others', async () => {
    const { fetches, read, answerAll } = open()
    const [first, same, near] = [read('events.a', 0n), read('events.a', 0n), read('events.a', 50n)]
    await tick()
    fetches[0]!.fail()
    await expect(first).rejects.toThrow('no leader')
    await expect(same).rejects.toThrow('no leader')
    await tick()
    await answerAll()
    expect(await near).toEqual([50, 150])
  })

  it('gives way to newer ones when the memory for all is used', async () => {
    const { fetches, read, answerAll, cache } = open({ bytesMax: 700_000 })
    for (const offset of [0n, 100n, 200n]) {
      const reading = read('events.a', offset)
      await answerAll()
      await reading
    }
    // A record is charged with its bytes and what holding it costs.
    expect(cache.bytes).toBe(600_000)
    expect(await read('events.a', 100n)).toEqual([100, 200])
    const again = read('events.a', 0n)
    await answerAll()
    await again
    expect(fetches.map(({ offset }) => offset)).toEqual([0n, 100n, 200n, 0n])
    cache.close()
    expect(cache.bytes).toBe(0)
  })
})

it('at most sixteen fetches are under way, eight of an organization, and organizations take turns', async () => {
  const { fetches, read } = open()
  const many = (topic: string) => Array.from({ length: 40 }, (_, n) => read(topic, BigInt(n) * 5_000n))
  const reads = [...many('events.busy'), ...many('events.other'), read('events.quiet', 0n)]
  await tick()
  const eight = (topic: string) => Array.from({ length: 8 }, () => topic)
  expect(fetches.map(({ topic }) => topic)).toEqual([...eight('events.busy'), ...eight('events.other')])
  fetches[0]!.answer()
  fetches[1]!.answer()
  await tick()
  await tick()
  expect(fetches.slice(16).map(({ topic }) => topic)).toEqual(['events.busy', 'events.quiet'])
  for (let at = 0; at < 81; at++) {
    fetches[at]!.answer()
    await tick()
    await tick()
  }
  await Promise.all(reads)
})
