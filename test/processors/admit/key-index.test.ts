import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createHashIndex, insert, lookUp, remove, sizeOf } from '../../../processors/admit/keys/hash-index.ts'
import { hashSecret, keyedHash } from '../../../processors/admit/keys/keyed-hash.ts'

const SECRET = hashSecret(Buffer.from('0001020304050607', 'hex'))

describe('the hash', () => {
  it('is HalfSipHash-1-3', () => {
    const key = Buffer.from('0001020304050607', 'hex')
    // The published vectors are of HalfSipHash-2-4.
    expect(halfSipHash(key, Buffer.alloc(0), 2, 4).toString('hex')).toBe('a9359f5b')
    expect(halfSipHash(key, Buffer.from([0]), 2, 4).toString('hex')).toBe('27475ab8')
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (secret, input) => {
          const bytes = Buffer.from(input)
          const words = Uint32Array.from([0, 4, 8, 12], at => bytes.readUInt32LE(at))
          const expected = halfSipHash(Buffer.from(secret), bytes, 1, 3).readInt32LE(0)
          expect(keyedHash(hashSecret(Buffer.from(secret)), words, 0)).toBe(expected)
        },
      ),
    )
  })

  it('spreads keys that differ in one bit as evenly as chance would', () => {
    const words = new Uint32Array(4)
    const counts = { low: new Uint32Array(256), high: new Uint32Array(256) }
    for (let number = 0; number < 65_536; number++) {
      words[3] = number << 16
      const hash = keyedHash(SECRET, words, 0)
      counts.low[hash & 255]!++
      counts.high[hash >>> 24]!++
    }
    for (const count of [...counts.low, ...counts.high]) expect(Math.abs(count - 256)).toBeLessThan(6 * 16)
  })
})

describe('the index', () => {
  const spread = (reference: number) => Math.imul(reference, 0x9e3779b1)
  const has = (index: ReturnType<typeof createHashIndex>, reference: number, hash = spread(reference)) =>
    lookUp(index, hash, each => each === reference) === reference

  it('finds everything that is in it and nothing else, whatever goes in and out', () => {
    const index = createHashIndex()
    const all = new Set<number>()
    for (let step = 0; step < 60_000; step++) {
      const reference = Math.imul(step, 0x85ebca6b) >>> 15
      if (all.delete(reference)) remove(index, spread(reference), reference)
      else {
        all.add(reference)
        insert(index, spread(reference), reference)
      }
    }
    expect(index.depth).toBeGreaterThan(0)
    for (let reference = 0; reference < 2 ** 17; reference++)
      if (has(index, reference) !== all.has(reference)) throw new Error(`${reference}`)
    for (const reference of all) remove(index, spread(reference), reference)
    expect(index.directory.every(table => table.used === 0 && sizeOf(table) === 8)).toBe(true)
  })

  it('tells entries of one hash from each other', () => {
    const index = createHashIndex()
    for (let reference = 0; reference < 1_000; reference++) insert(index, 42, reference)
    remove(index, 42, 500)
    const found = Array.from({ length: 1_000 }, (_, reference) => has(index, reference, 42))
    expect(found.map((is, reference) => (is ? -1 : reference)).filter(each => each >= 0)).toEqual([500])
  })
})

/** As in the paper, for input of any length and any number of rounds for each word and at the end. */
function halfSipHash(key: Buffer, input: Buffer, perWord: number, atEnd: number): Buffer {
  const rotl = (value: number, by: number) => (value << by) | (value >>> (32 - by))
  const [k0, k1] = [key.readInt32LE(0), key.readInt32LE(4)]
  const v: [number, number, number, number] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1]
  const rounds = (count: number) => {
    for (let round = 0; round < count; round++) {
      v[0] += v[1] | 0
      v[1] = rotl(v[1], 5) ^ v[0]
      v[0] = rotl(v[0], 16)
      v[2] += v[3] | 0
      v[3] = rotl(v[3], 8) ^ v[2]
      v[0] = (v[0] + v[3]) | 0
      v[3] = rotl(v[3], 7) ^ v[0]
      v[2] = (v[2] + v[1]) | 0
      v[1] = rotl(v[1], 13) ^ v[2]
      v[2] = rotl(v[2], 16)
    }
  }
  const padded = Buffer.concat([input, Buffer.alloc(3 - (input.length % 4)), Buffer.from([input.length])])
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.readInt32LE(at)
    v[3] ^= word
    rounds(perWord)
    v[0] ^= word
  }
  v[2] ^= 0xff
  rounds(atEnd)
  const hash = Buffer.alloc(4)
  hash.writeInt32LE(v[1] ^ v[3])
  return hash
}
