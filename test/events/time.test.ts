import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseTime } from '../../src/model/time.ts'
import { formatOf } from '../../src/registry/formats.ts'

const NOW_MS = Date.parse('2026-07-25T17:20:00Z')

describe('times of callers', () => {
  it.each([
    ['2026-07-25T17:20:00Z', NOW_MS],
    ['2026-07-25t17:20:00.5z', NOW_MS + 500],
    ['2026-07-25T17:20:00.123456789Z', NOW_MS + 123],
    ['2026-07-25T17:20:00.0009999999999999999999Z', NOW_MS],
    [`2026-07-25T17:20:00.5${'0'.repeat(10_000)}Z`, NOW_MS + 500],
    ['2026-07-25T17:20:00-00:00', NOW_MS],
    ['2026-07-25T12:50:00-04:30', NOW_MS],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
    ['2016-12-31T23:59:60.25z', Date.UTC(2017, 0, 1) + 250],
    ['2017-01-01T05:29:60+05:30', Date.UTC(2017, 0, 1)],
    ['2016-12-31T15:59:60-08:00', Date.UTC(2017, 0, 1)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('%s is read', (text, ms) => expect(parseTime(text)).toBe(ms))
  it.each([
    '',
    '2026-07-25',
    '2026-07-25T17:20:00',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-07-25T24:00:00Z',
    '2026-07-25T17:60:00Z',
    '2026-07-25T17:20:60Z',
    '2026-07-25T23:59:60+01:00',
    '2026-07-25T23:59:61Z',
    '2026-07-25T17:20:00.Z',
    '2026-07-25T17:20:00,5Z',
    '2026-07-25 17:20:00Z',
    '2026-07-25T17:20:00+25:00',
    '1785000000000',
  ])('%j is no time', text => expect(parseTime(text)).toBeUndefined())

  it('are exactly those of the format date-time, however they are written', () => {
    const isDateTime = formatOf('date-time')!
    const part = (from: number, to: number, width = 2) =>
      fc.integer({ min: from, max: to }).map(n => String(n).padStart(width, '0'))
    const zone = fc.oneof(
      fc.constantFrom('Z', 'z', '', '-00:00'),
      fc
        .tuple(fc.constantFrom('+', '-'), part(0, 24), part(0, 60))
        .map(([sign, hour, minute]) => `${sign}${hour}:${minute}`),
    )
    const text = fc
      .tuple(
        part(1970, 2100, 4),
        part(0, 13),
        part(0, 32),
        part(0, 24),
        part(0, 60),
        part(57, 61),
        fc.constantFrom('T', 't', ' '),
        zone,
      )
      .map(
        ([year, month, day, hour, minute, second, t, zoned]) =>
          `${year}-${month}-${day}${t}${hour}:${minute}:${second}${zoned}`,
      )
    fc.assert(
      fc.property(text, each => (parseTime(each) !== undefined) === isDateTime(each)),
      { numRuns: 2_000 },
    )
  })
})
