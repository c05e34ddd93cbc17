import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createSystemRandom } from '../../src/clock.ts'
import { encodeSubscribers, readSubscribers, subscriberKey } from '../../src/events/subscribers.ts'
import { createIds } from '../../src/model/ids.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const tail = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 12, maxLength: 12 })
const bitsOf = (text: string) =>
  [...text].reduce((bits, character) => bits * 32n + BigInt(ALPHABET.indexOf(character)), 0n)

describe('the key of a subscriber', () => {
  it('is the 60 bits of the last twelve characters', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), tail, (head, end) =>
        expect(subscriberKey(head + end)).toBe(bitsOf(end)),
      ),
    )
  })

  it('of an id that ends otherwise is a digest of all of it, never one of the others', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('', 'U', '_', 'é', 'wh_a'), (head, end) => {
        expect(subscriberKey(`${head}${end}o`)).toBeGreaterThanOrEqual(1n << 63n)
        expect(subscriberKey(`${head}${end}o`)).toBe(subscriberKey(`${head}${end}o`))
      }),
    )
    expect(subscriberKey('wh_slow')).not.toBe(subscriberKey('wh_fast'))
  })

  it('is another for each of the ids that are drawn in the same millisecond', () => {
    const ids = createIds({ clock: { nowMs: () => 1 } as never, random: createSystemRandom() })
    const keys = Array.from({ length: 1000 }, () => subscriberKey(ids.next('wh')))
    expect(new Set(keys).size).toBe(1000)
  })
})

describe('a list of subscribers', () => {
  it('is read back as their keys, in order, 8 bytes each', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), ids => {
        const encoded = encodeSubscribers(ids)
        expect(encoded).toHaveLength(8 * ids.length)
        expect(readSubscribers(encoded)).toEqual(ids.map(subscriberKey))
      }),
    )
  })

  it('of another length is refused', () => {
    expect(() => readSubscribers(Buffer.alloc(12))).toThrow('12 bytes')
  })
})
