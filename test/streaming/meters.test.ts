import { expect, it } from '@jest/globals'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { createLogger } from '../../src/logger.ts'
import { createMeters } from '../../src/streaming/meters.ts'
import { auditMetersCodec, type MeterReading } from '../../topics/audit-meters.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const live = (organizationId: string) => ({ organizationId, environment: 'live' as const })
const tick = () => new Promise(resolve => setImmediate(resolve))

function counting() {
  const clock = createManualClock()
  const written: MeterReading[][] = []
  const broker = { isAway: false }
  const appender = {
    async append({ value }: OutRecord) {
      if (broker.isAway) throw new Error('no broker')
      written.push(auditMetersCodec.decode(value as Buffer).readings)
      return { offset: 0, timestampMs: 0 }
    },
  }
  const deps = { appender, shards: 1, processId: 'api_1', meter: 'streamed_events' as const, clock }
  const meters = createMeters({ ...deps, logger: createLogger('silent') })
  const pass = async (ms: number) => {
    clock.advance(ms)
    await tick()
  }
  return {
    meters,
    written,
    broker,
    pass,
    readings: () => written.flat().map(each => [each.organizationId, each.reading]),
  }
}

it('reads counters every ten seconds while they change, and once more at the end', async () => {
  const { meters, readings, pass } = counting()
  meters.count(live('org_1'), 3)
  meters.count(live('org_1'), 0)
  await pass(9_999)
  expect(readings()).toEqual([])
  await pass(1)
  expect(readings()).toEqual([['org_1', 3]])
  await pass(60_000)
  expect(readings()).toHaveLength(1)
  meters.count(live('org_1'), 2)
  meters.count(live('org_2'), 1)
  await pass(10_000)
  expect(readings().slice(1)).toEqual([
    ['org_1', 5],
    ['org_2', 1],
  ])
  meters.count(live('org_2'), 4)
  await meters.close()
  expect(readings().at(-1)).toEqual(['org_2', 5])
})

it('covers readings that were not written by the next ones', async () => {
  const { meters, readings, broker, pass } = counting()
  broker.isAway = true
  meters.count(live('org_1'), 3)
  await pass(10_000)
  broker.isAway = false
  meters.count(live('org_1'), 1)
  await pass(10_000)
  expect(readings()).toEqual([['org_1', 4]])
})

it('forgets a counter after an idle hour, and begins another one under a new id', async () => {
  const { meters, written, pass } = counting()
  meters.count(live('org_1'), 3)
  await pass(10_000)
  await pass(3_600_000)
  await pass(3_600_000)
  meters.count(live('org_1'), 2)
  await pass(10_000)
  expect(written.flat().map(({ counterId, reading }) => [counterId, reading])).toEqual([
    ['api_1/1', 3],
    ['api_1/2', 2],
  ])
})
