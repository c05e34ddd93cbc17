import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isoTime } from '../../src/json/iso-time.ts'
import { quoted } from '../../src/json/quoted.ts'

describe('a text in quotes', () => {
  it('is that of JSON.stringify, escapes and lone surrogates included', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => expect(quoted(text)).toBe(JSON.stringify(text))))
    for (let code = 0; code < 0x300; code++)
      expect(quoted(String.fromCharCode(code))).toBe(JSON.stringify(String.fromCharCode(code)))
    expect(quoted('a\ud800')).toBe(JSON.stringify('a\ud800'))
  })
})

describe('a time as text', () => {
  const same = (ms: number) => expect(isoTime(ms)).toBe(new Date(ms).toISOString())

  it('is that of Date, whatever was written before', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -8.64e15, max: 8.64e15 })), times => times.forEach(same)))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_790_000_000_000, max: 1_790_000_003_000 })), times =>
        times.forEach(same),
      ),
    )
    for (const ms of [0, -1, -999, -1_000, -1_001, 999.9, 1_000, 253_402_300_800_000]) same(ms)
  })

  it('is refused where Date refuses it', () => {
    for (const ms of [Number.NaN, 8.64e15 + 1]) expect(() => isoTime(ms)).toThrow(RangeError)
  })
})
