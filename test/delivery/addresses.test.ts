import { isIPv4, isIPv6 } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isLoopback, isWithin, parseAddress, parseRange } from '../../src/delivery/addresses.ts'

const within = (address: string, range: string) => isWithin(parseAddress(address)!, [parseRange(range)])

describe('a range', () => {
  it.each([
    ['10.255.255.255', '10.0.0.0/8', true],
    ['11.0.0.0', '10.0.0.0/8', false],
    ['10.0.0.1', '::ffff:10.0.0.0/104', true],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['8.8.8.8', '0.0.0.0/0', true],
    ['8.8.8.8', '::/0', false],
    ['2001:db8::1', '::/0', true],
    ['fdff::1', 'fd00::/8', true],
  ])('%s in %s: %s', (address, range, expected) => expect(within(address, range)).toBe(expected))

  it('holds the addresses that agree with it in its first bits, and is refused when it has others', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff })
    const dotted = (number: number) => [24, 16, 8, 0].map(shift => (number >>> shift) & 0xff).join('.')
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 32 }), word, (base, bits, other) => {
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
        const first = (base & mask) >>> 0
        expect(within(dotted(other), `${dotted(first)}/${bits}`)).toBe((other & mask) >>> 0 === first)
        if (first !== base)
          expect(() => parseRange(`${dotted(base)}/${bits}`)).toThrow(`write ${dotted(first)}/${bits}`)
      }),
    )
  })

  it('has one spelling of its IPv4 address; every other text is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.:/xaf%'), maxLength: 18 }), text => {
        let read: ReturnType<typeof parseRange>
        try {
          read = parseRange(text)
        } catch {
          return
        }
        const [base, bits = ''] = text.split('/') as [string, string?]
        expect(isIPv4(base) || isIPv6(base)).toBe(true)
        if (isIPv4(base)) expect(text).toBe(bits === '' ? read[0].toString() : `${read[0]}/${read[1]}`)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('loopback', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', '::ffff:127.0.0.1', '[::ffff:7f00:1]', 'localhost', 'LOCALHOST.'])(
    'is %s',
    host => expect(isLoopback(host)).toBe(true),
  )

  it.each([
    '127.evil.example',
    '127.0.0.1.evil.example',
    '127.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '::2',
    '0.0.0.0',
    'localhost.evil.example',
    'notlocalhost',
    '',
  ])("is not '%s'", host => expect(isLoopback(host)).toBe(false))
})
