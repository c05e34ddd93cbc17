/** What an endpoint costs that hangs for long: nothing grows with the time for which it has been dead. */
import { expect, it } from '@jest/globals'
import { createMemoryShard } from './memory-shard.ts'

const STEP_S = 10
const HOUR_S = 3_600
const HOURS = 12

it('an endpoint that hangs for half a day costs less than a record a second, a state that does not grow, and one mail; its events fail in time', async () => {
  const notices: string[] = []
  const sendNotice = async (_id: string, { kind }: { kind: string }) => void notices.push(kind)
  const shard = createMemoryShard({ forgetful: true, overrides: { sendNotice } })
  shard.webhook('wh_a', {})
  shard.open()
  await shard.settle()
  shard.answer('wh_a', 'hang')
  const states: number[] = []
  const owed: number[] = []
  for (let second = 0; second < HOURS * HOUR_S; second += STEP_S) {
    for (let at = 0; at < STEP_S; at++) shard.emit(['wh_a'])
    await shard.advance(STEP_S * 1_000, STEP_S * 1_000, 4)
    if (second % HOUR_S !== 0) continue
    shard.dropLogBefore(shard.clock.nowMs() - 9 * HOUR_S * 1_000)
    shard.clean()
    states.push(shard.state('').length)
    owed.push(shard.ranges().get('wh_a')?.count ?? 0)
  }
  expect(shard.written.records / (HOURS * HOUR_S)).toBeLessThan(1)
  // 7 h 36 min of it, and no more.
  expect(Math.max(...owed.slice(9))).toBeLessThan(27_360 + 120)
  expect(Math.max(...states.slice(9))).toBeLessThanOrEqual(Math.max(...states.slice(2, 9)))
  expect(shard.written.completions).toBeGreaterThan(HOURS * HOUR_S - 27_360 - 500)
  expect(notices).toEqual(['failing'])
  expect(shard.failures).toEqual([])
})
