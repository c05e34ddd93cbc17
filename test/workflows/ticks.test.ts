import { expect, it } from '@jest/globals'
import { ticksOf } from '../../src/workflows/ticks.ts'

const iso = (ms: number | undefined) => ms && new Date(ms).toISOString()
const berlin = (cron: string) => ticksOf({ cron, timeZone: 'Europe/Berlin' })

it('a local time that the spring skips ticks at the change', () => {
  const ticks = berlin('30 2 * * *')
  const first = ticks.after(Date.parse('2026-03-28T12:00:00Z'))!
  expect([iso(first), iso(ticks.after(first))]).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'])
})

it('a local time that the autumn repeats ticks once', () => {
  const ticks = berlin('30 2 * * *')
  const first = ticks.after(Date.parse('2026-10-24T12:00:00Z'))!
  expect([iso(first), iso(ticks.after(first))]).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
})

it('the newest ticks come oldest first, that of the moment included', () => {
  const ticks = ticksOf({ cron: '*/5 * * * *', timeZone: 'UTC' })
  const at = Date.parse('2026-01-01T00:10:00Z')
  expect(ticks.upTo(at, 2).map(iso)).toEqual(['2026-01-01T00:05:00.000Z', '2026-01-01T00:10:00.000Z'])
})
