import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decimalOf, isDecimalMultiple } from '../../src/json/decimal.ts'
import { ExactNumber, survivesDouble } from '../../src/json/exact-number.ts'

/** A number of JSON by its parts, and the same as a whole number of 10^-60. */
const written = fc
  .record({
    isNegative: fc.boolean(),
    whole: fc.bigInt({ min: 0n, max: 10n ** 25n }),
    fraction: fc.stringMatching(/^\d{0,25}$/),
    power: fc.integer({ min: -20, max: 20 }),
  })
  .map(({ isNegative, whole, fraction, power }) => {
    const text = `${isNegative ? '-' : ''}${whole}${fraction && `.${fraction}`}${power === 0 ? '' : `e${power}`}`
    const scaled = BigInt(whole + fraction) * 10n ** BigInt(60 + power - fraction.length)
    return { text, scaled: isNegative ? -scaled : scaled }
  })
const exact = (text: string) => new ExactNumber(text)

describe('a number survives double precision', () => {
  it.each([
    ...[
      '0',
      '-0',
      '0.0',
      '0e999',
      '1',
      '100.0',
      '1.0e3',
      '1e20',
      '100000000000000000000',
      '1E+23',
      '9007199254740991',
      '9007199254740992',
    ],
    ...[
      '0.1',
      '0.10',
      '19.99',
      '52.5200066',
      '0.30000000000000004',
      '1.7976931348623157e308',
      '5e-324',
      '9223372036854776000',
    ],
  ])('when it is the decimal that its double is written as: %s', text => expect(survivesDouble(text)).toBe(true))

  it.each([
    ...[
      '9007199254740993',
      '-9007199254740993.0',
      '9223372036854775807',
      '9223372036854775808',
      '123456789012345678901234567890',
    ],
    ...[
      '99999999999999991611392',
      '0.1000000000000000055511151231257827',
      '1.00000000000000000001',
      '9007199254740992.5',
    ],
    ...['1e400', '-1e309', '1e-400', '1e999999999999', '1e-999999999', `1e${'9'.repeat(500)}`],
  ])('and not when it is another: %s', text => expect(survivesDouble(text)).toBe(false))

  it('however a double is written that JavaScript has written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => survivesDouble(JSON.stringify(value))),
    )
  })
})

describe('exact numbers', () => {
  it('are ordered as their digits say', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        const order = a.scaled < b.scaled ? -1 : a.scaled > b.scaled ? 1 : 0
        expect(Math.sign(exact(a.text).compareTo(exact(b.text)))).toBe(order)
      }),
    )
  })

  it('have one identity for one number, however it is written', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        if (a.scaled === 0n && b.scaled === 0n) return
        expect(exact(a.text).identity === exact(b.text).identity).toBe(a.scaled === b.scaled)
      }),
    )
    expect(exact('9007199254740993').identity).toBe(exact('9.007199254740993000e15').identity)
  })

  it('are multiples as whole numbers are', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        if (b.scaled === 0n) return
        expect(isDecimalMultiple(decimalOf(a.text), decimalOf(b.text))).toBe(a.scaled % b.scaled === 0n)
      }),
    )
  })

  it('compare at once, whatever their exponents are', () => {
    const endless = exact(`1e${'9'.repeat(300)}`)
    expect(exact('1e999999999').compareTo(exact('1e999999998'))).toBeGreaterThan(0)
    expect(exact('-1e999999999').compareTo(1)).toBeLessThan(0)
    expect(exact('1e-999999999').compareTo(0)).toBeGreaterThan(0)
    expect(endless.compareTo(exact('1e999999999'))).toBeGreaterThan(0)
    expect(endless.isInteger).toBe(true)
    expect(isDecimalMultiple(decimalOf('1e-999999999'), decimalOf('5e-324'))).toBe(false)
  })
})
