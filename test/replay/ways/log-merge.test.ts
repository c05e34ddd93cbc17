import { describe, expect, it } from '@jest/globals'
import type { LogPages } from '../../../src/kafka/read/log-pages.ts'
import { createLogger } from '../../../src/logger.ts'
import { createLogMerge, type LogMerge } from '../../../src/replay/ways/log-merge.ts'
import { createLogWatch } from '../../../src/replay/ways/log-watch.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { createFakeLog, type FakeLog } from '../../processors/deliver/fake-log.ts'

const logger = createLogger('silent')
const tick = () => new Promise(resolve => setImmediate(resolve))

function merge(log: FakeLog, options: Partial<Parameters<typeof createLogMerge>[0]> & { through?: () => number } = {}) {
  const clock = createManualClock()
  const made = createLogMerge({
    ...{ log: log.source, clock, logger, topic: log.topic, from: 1, through: () => log.highest() },
    ...options,
  })
  return { merge: made, clock }
}

/** Everything readable now; a read that waits for more stays pending. */
function collect(of: LogMerge) {
  const numbers: number[] = []
  const gone: Array<[number, number]> = []
  let over = false
  const loop = (async () => {
    for (let read = await of.read(); read !== undefined; read = await of.read()) {
      if ('records' in read) numbers.push(...read.records.map(({ number }) => number))
      else gone.push([read.gone.from, read.gone.through])
    }
    over = true
  })()
  return { numbers, gone, loop, isOver: () => over }
}

async function settle(clock: { advance(ms: number): void }, rounds = 20, ms = 1_000): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    clock.advance(ms)
    for (let at = 0; at < 10; at++) await tick()
  }
}

describe('a merge of the partitions of a log', () => {
  it('hands out numbers in order, whichever partition they are in', async () => {
    const log = createFakeLog()
    for (let at = 0; at < 3; at++) log.grow()
    for (let number = 1; number <= 1_000; number++) log.write((number * 7) % 3, number)
    const { merge: made, clock } = merge(log)
    const seen = collect(made)
    await settle(clock, 5)
    expect(seen.numbers).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1))
    made.close()
  })

  it('waits for a number whose markers are late, although what follows it is visible', async () => {
    const log = createFakeLog()
    log.grow()
    log.grow()
    log.write(0, 1)
    log.write(1, 2, {}, true)
    log.write(0, 3)
    log.write(0, 4)
    const { merge: made, clock } = merge(log)
    const seen = collect(made)
    await settle(clock)
    expect(seen.numbers).toEqual([1])
    expect(seen.gone).toEqual([])
    expect(made.waitingMs()).toBeGreaterThan(0)
    log.settle(1)
    await settle(clock)
    expect(seen.numbers).toEqual([1, 2, 3, 4])
    made.close()
  })

  it('finds a partition that did not exist when it began', async () => {
    const log = createFakeLog()
    log.grow()
    log.write(0, 1)
    const { merge: made, clock } = merge(log)
    const seen = collect(made)
    await settle(clock, 3)
    const added = log.grow()
    log.write(added, 2)
    log.write(0, 3)
    log.write(added, 4)
    await settle(clock)
    expect(seen.numbers).toEqual([1, 2, 3, 4])
    made.close()
  })

  it('proves that a number is gone, and only then goes on', async () => {
    const log = createFakeLog()
    log.grow()
    log.grow()
    for (let number = 1; number <= 10; number++) log.write(number % 2, number)
    log.dropBefore(6)
    const { merge: made, clock } = merge(log)
    const seen = collect(made)
    await settle(clock, 3)
    expect(seen.gone).toEqual([[1, 5]])
    expect(seen.numbers).toEqual([6, 7, 8, 9, 10])
    made.close()
  })

  it('proves that all numbers up to the last one owed are gone when the log is empty', async () => {
    const log = createFakeLog()
    log.grow()
    for (let number = 1; number <= 5; number++) log.write(0, number)
    log.dropBefore(6)
    const { merge: made } = merge(log, { through: () => 5 })
    expect(await made.read()).toEqual({ gone: { from: 1, through: 5 } })
    made.close()
  })

  it('never proves a number gone while a partition cannot be queried', async () => {
    const log = createFakeLog()
    log.grow()
    log.grow()
    log.write(0, 2)
    const { merge: made, clock } = merge(log)
    log.away(true)
    const seen = collect(made)
    await settle(clock)
    expect([seen.numbers, seen.gone]).toEqual([[], []])
    log.away(false)
    log.write(1, 1)
    await settle(clock)
    expect(seen.numbers).toEqual([1, 2])
    made.close()
  })

  it('of a stretch of time begins with its lowest number and ends at the offsets it was given', async () => {
    const log = createFakeLog()
    log.grow()
    log.grow()
    for (let number = 1; number <= 40; number++) log.write(number % 2, number, { time: String(number < 11 ? 0 : 1) })
    const until = await log.source.ends.all(log.topic)
    log.write(0, 41)
    const { merge: made } = merge(log, { from: record => record.headers.time?.toString() === '1', until })
    const seen = collect(made)
    await seen.loop
    expect(seen.isOver()).toBe(true)
    expect(seen.numbers).toEqual(Array.from({ length: 30 }, (_, at) => at + 11))
  })
  it('has a megabyte of pages in memory, however many partitions there are, and reports its pages and waits', async () => {
    const log = createFakeLog()
    const sizes = new Set<number | undefined>()
    const watch = createLogWatch()
    const pages: LogPages = {
      ...log.source.pages,
      read(topic, partition, offset, bytesMax) {
        sizes.add(bytesMax)
        return log.source.pages.read(topic, partition, offset)
      },
    }
    for (let at = 0; at < 4; at++) log.grow()
    for (let number = 1; number <= 8; number++) log.write(number % 4, number)
    const { merge: made, clock } = merge(log, { log: { ...log.source, pages, watch }, through: () => 9 })
    const reading = made.read()
    await settle(clock, 1, 0)
    await reading
    expect([...sizes]).toEqual([256 * 1024])
    log.write(1, 10)
    log.write(0, 9, {}, true)
    const seen = collect(made)
    await settle(clock, 4)
    expect([seen.numbers, watch.missingSeconds(), watch.pagesBytes()]).toEqual([
      [],
      expect.any(Number),
      '{"n":10}'.length,
    ])
    expect(watch.missingSeconds()).toBeGreaterThan(2)
    log.settle(0)
    await settle(clock, 3)
    expect(seen.numbers).toEqual([9, 10])
    made.close()
    expect([watch.missingSeconds(), watch.pagesBytes()]).toEqual([0, 0])
  })
})
