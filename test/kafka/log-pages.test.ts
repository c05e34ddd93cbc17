import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { openWire, type Wire } from '../../src/kafka/protocol/wire.ts'
import { createLogPages, type LogPages } from '../../src/kafka/read/log-pages.ts'
import { createLogger } from '../../src/logger.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

let runtime: TestRuntime
let wire: Wire
let pages: LogPages
beforeAll(async () => {
  runtime = await testRuntime()
  wire = closedInTheEnd(await openWire(runtime.kafka, createLogger('silent')))
  pages = createLogPages({ wire, clock: createSystemClock() })
})
afterAll(async () => {
  await wire.close()
  await runtime.close()
})

describe('a log read by pages', () => {
  it('shows every committed record once, in order, whatever the size of the pages, and nothing that was aborted', async () => {
    const topic = await runtime.createTopic('pages')
    const writer = await runtime.writer(runtime.name('pages'))
    const value = (n: number) => `${n}:${'x'.repeat(20_000)}`
    for (let n = 0; n < 90; n += 3)
      await writer.commit([n, n + 1, n + 2].map(each => ({ topic, partition: 0, key: null, value: value(each) })))

    const seen: string[] = []
    let offset = 0
    let read = 0
    for (let end = 1; offset < end; ) {
      const page = await pages.read(topic, 0, offset)
      seen.push(...page.records.map(record => record.value!.toString()))
      offset = page.nextOffset
      end = page.stableEnd
      read++
    }
    expect(seen).toEqual(Array.from({ length: 90 }, (_, n) => value(n)))
    expect(read).toBeGreaterThan(1)
  })

  it('finds an offset at or shortly before the first matching record', async () => {
    const topic = await runtime.createTopic('search')
    const writer = await runtime.writer(runtime.name('search'))
    for (let n = 0; n < 2_000; n += 20)
      await writer.commit(
        Array.from({ length: 20 }, (_, i) => ({ topic, partition: 0, key: null, value: String(n + i) })),
      )
    for (const wanted of [0, 1, 777, 1_999, 5_000]) {
      const offset = await pages.search(topic, 0, record => Number(record.value) >= wanted)
      const page = await pages.read(topic, 0, offset)
      const values = page.records.map(record => Number(record.value))
      if (wanted < 2_000) expect(values).toContain(wanted)
      expect(values.filter(value => value < wanted).length).toBeLessThanOrEqual(64)
    }
  })
})

it('the ends of many partitions come in one answer, those of unknown topics left out', async () => {
  const [one, two] = [await runtime.createTopic('ends-a', 2), await runtime.createTopic('ends-b')]
  const writer = await runtime.writer(runtime.name('ends'))
  await writer.commit([0, 1, 2].map(n => ({ topic: one, partition: 1, key: null, value: String(n) })))
  const asked = [
    { topic: one, partition: 0 },
    { topic: one, partition: 1 },
    { topic: two, partition: 0 },
    { topic: runtime.name('nowhere'), partition: 0 },
  ]
  // Three records and the marker of their transaction.
  expect(await wire.ends(asked)).toEqual(
    new Map([
      [`${one}/0`, 0],
      [`${one}/1`, 4],
      [`${two}/0`, 0],
    ]),
  )
})
