import { expect, it } from '@jest/globals'
import { checkHourly } from '../../src/ledger/hourly.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { createLogger } from '../../src/logger.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const HOUR_MS = 3_600_000

it('every hour the ledger and the shapes of the shards held then are checked, though a check has failed', async () => {
  const clock = createManualClock()
  const checked: number[][] = []
  let held = [1, 2]
  const ledger: Ledger = {
    async check({ shards }) {
      checked.push([...shards])
      if (checked.length === 1) throw new Error('ClickHouse is away')
      return { checkedAt: '', organizations: 0, consistent: true, findings: [], skipped: [] }
    },
    last: () => undefined,
  }
  const compared: number[][] = []
  const shapes = { look: async (shards: readonly number[]) => void compared.push([...shards]) }
  const hourly = checkHourly({ ledger, shapes, shards: () => held, clock, logger: createLogger('silent') })
  const pass = async (ms: number) => {
    clock.advance(ms)
    await new Promise(resolve => setImmediate(resolve))
  }
  await pass(HOUR_MS - 1)
  expect(checked).toEqual([])
  await pass(1)
  held = [3]
  await pass(HOUR_MS)
  expect([checked, compared]).toEqual([
    [[1, 2], [3]],
    [[1, 2], [3]],
  ])
  hourly.close()
  await pass(2 * HOUR_MS)
  expect(checked).toHaveLength(2)
})
