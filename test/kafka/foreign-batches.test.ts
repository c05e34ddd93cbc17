/** Batches that an organization's producer has made by hand: none of their own claims is trusted. */
import { createRequire } from 'node:module'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeRecordSet } from '../../src/kafka/protocol/record-batch.ts'
import { MalformedBatch } from '../../src/kafka/protocol/record-cursor.ts'
import { countCost } from '../support/cpu.ts'
import { BATCH_HEADER_BYTES, type RawBatch, type RawRecord, rawBatch, rawRecord } from '../support/raw-batches.ts'
import { TIMES } from '../support/searches.ts'

const require = createRequire(import.meta.url)
const snappy = require('snappyjs') as { compress(data: Buffer): Buffer }
const lz4 = require('lz4js') as { compress(data: Buffer): Uint8Array }

const RECORDS_MAX = 100
const PACKERS: Array<[number, (data: Buffer) => Buffer]> = [
  [0, data => data],
  [1, gzipSync],
  [2, data => Buffer.from(snappy.compress(data))],
  [3, data => Buffer.from(lz4.compress(data))],
  [4, zstdCompressSync],
]
const ofCodec = (codec: number): RawBatch => ({ codec, pack: PACKERS[codec]![1] })

/** As the broker stores it, at `baseOffset`. */
function stored(records: RawRecord[] | Buffer, raw: RawBatch, baseOffset = 0): Buffer {
  const batch = rawBatch(records, raw)
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  return batch
}
const read = (bytes: Buffer, from = 0) =>
  decodeRecordSet(bytes, 'emits.org_a', 0, from, [], { recordsMax: RECORDS_MAX })
const at = (...deltas: number[]): RawRecord[] => deltas.map(offsetDelta => ({ offsetDelta, value: `v${offsetDelta}` }))
const seen = (bytes: Buffer, from?: number) => {
  const { records, nextOffset } = read(bytes, from)
  return [records.map(({ offset, undecodable }) => (undecodable === undefined ? offset : `${offset}!`)), nextOffset]
}

describe.each(PACKERS.map(([codec]) => codec))('a batch of codec %d in an ingress', codec => {
  const with_ = (more: RawBatch = {}) => ({ ...ofCodec(codec), ...more })

  it('whose offsets are its places is read', () => {
    expect(seen(stored(at(0, 1, 2), with_(), 7))).toEqual([[7, 8, 9], 10])
    expect(seen(stored(at(0, 1, 2), with_(), 7), 8)).toEqual([[8, 9], 10])
  })

  it.each([[[0, 2]], [[0, 0]], [[1, 0]], [[-3, 0]], [[0, 2 ** 31 - 1]], [[-(2 ** 31), 1]], [[1, 2]]])(
    'whose records claim the offsets %j is undecodable, and takes its own places alone',
    deltas => expect(seen(stored(at(...deltas), with_(), 7))).toEqual([['7!', '8!'], 9]),
  )

  it.each([
    ['fewer records than it has', 1, 1],
    ['more records than it has', 3, 3],
    ['more records than places', 3, 2],
    ['fewer records than places', 1, 2],
    ['no records', 0, 2],
    ['less than no records', -1, 2],
  ])('that claims %s is undecodable', (_what, count, places) => {
    const [offsets, nextOffset] = seen(stored(at(0, 1), with_({ count, lastOffsetDelta: places - 1 }), 7))
    expect([offsets, nextOffset]).toEqual([Array.from({ length: places }, (_, n) => `${7 + n}!`), 7 + places])
  })

  it('that claims as many records as a number can hold is one record that says so', () => {
    const bytes = stored(at(0, 1), with_({ count: 2 ** 31 - 1 }), 7)
    expect(seen(bytes)).toEqual([['7!'], 7 + 2 ** 31 - 1])
    expect(read(bytes).records[0]?.undecodable).toContain('at most 100')
    expect(seen(bytes, 8)).toEqual([[], 7 + 2 ** 31 - 1])
  })

  it('that holds one record too many is one record that says so, and the batch behind it is read', () => {
    const tiny = (count: number) => Array.from({ length: count }, (_, offsetDelta) => ({ offsetDelta, value: '' }))
    const set = Buffer.concat([
      stored(tiny(101), with_()),
      stored(at(0), with_(), 101),
      stored(tiny(100), with_(), 102),
    ])
    const { records, nextOffset } = read(set)
    expect(records.slice(0, 3).map(({ offset, undecodable }) => [offset, typeof undecodable])).toEqual([
      [0, 'string'],
      [101, 'undefined'],
      [102, 'undefined'],
    ])
    expect([records.length, nextOffset]).toEqual([102, 202])
  })

  it.each<[string, Partial<RawRecord>]>([
    ['its length', { length: 2 ** 31 - 1 }],
    ['its length, below zero', { length: -5 }],
    ['its length, too short', { length: 4 }],
    ['its key', { keyLength: 2 ** 31 - 1 }],
    ['its value', { valueLength: 2 ** 31 - 1 }],
    ['its value, too short', { valueLength: 1 }],
    ['its headers', { headerCount: 2 ** 31 - 1 }],
    ['its headers, below zero', { headerCount: -1 }],
  ])('with a record that lies about %s is undecodable', (_what, lie) => {
    expect(seen(stored([{ offsetDelta: 0, value: 'abc', ...lie }], with_(), 7))).toEqual([['7!'], 8])
  })

  it('with bytes behind its last record is undecodable', () => {
    expect(seen(stored(Buffer.concat([rawRecord(at(0)[0]!), Buffer.alloc(20)]), with_(), 7))).toEqual([['7!'], 8])
  })

  it('may be damaged anywhere: the records have offsets of the batch, at once and within limits', () => {
    const cost = countCost()
    const records = fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 8 })
    const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x3c, 0xfc)), {
      minLength: 1,
      maxLength: 4,
    })
    const cut = fc.option(fc.nat({ max: 40 }), { nil: 0 })
    fc.assert(
      fc.property(records, damage, cut, fc.nat({ max: 12 }), (values, changes, cutBytes, from) => {
        const whole = stored(values.map((value, offsetDelta) => ({ offsetDelta, value, headers: { name: value } })), with_(), 5) // biome-ignore format: one thought
        const bytes = Buffer.from(whole.subarray(0, Math.max(BATCH_HEADER_BYTES, whole.length - cutBytes)))
        bytes.writeInt32BE(bytes.length - 12, 8)
        // The base offset and the length are the broker's.
        for (const [place, byte] of changes) bytes[12 + (place % (bytes.length - 12))] = byte
        const lastOffset = 5 + Math.max(0, bytes.readInt32BE(23))
        try {
          const { records: found, nextOffset } = read(bytes, from)
          expect(found.length).toBeLessThanOrEqual(RECORDS_MAX)
          for (const { offset } of found) expect(offset >= Math.max(5, from) && offset <= lastOffset).toBe(true)
          expect(new Set(found.map(({ offset }) => offset)).size).toBe(found.length)
          expect(nextOffset).toBe(Math.max(from, lastOffset + 1))
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBatch)
          expect(bytes[16]).not.toBe(2)
        }
      }),
      // The library that packs lz4 takes 30 ms each time.
      { numRuns: (codec === 3 ? 20 : 100) * TIMES },
    )
    expect(cost()).toBeLessThan(3_000 * TIMES)
  })
})

it.each([
  ['to much', 15],
  ['to too much', 17],
])('batches that unpack %s are read a few at a time, and all of them', (_what, megabytes) => {
  const value = 'x'.repeat(megabytes * 1024 * 1024)
  const batch = stored([{ offsetDelta: 0, value }], ofCodec(4))
  const set = Buffer.concat(
    Array.from({ length: 20 }, (_, offset) => {
      batch.writeBigInt64BE(BigInt(offset), 0)
      return Buffer.from(batch)
    }),
  )
  const offsets: number[] = []
  for (let from = 0; from < 20; ) {
    const { records, nextOffset, unpackedBytes } = read(set, from)
    expect([records.length <= 2, unpackedBytes <= 32 * 1024 * 1024]).toEqual([true, true])
    offsets.push(...records.map(({ offset }) => offset))
    expect(nextOffset).toBeGreaterThan(from)
    from = nextOffset
  }
  expect(offsets).toEqual(Array.from({ length: 20 }, (_, offset) => offset))
})

it('a batch of more headers than memory is for is refused', () => {
  const headers = Object.fromEntries(Array.from({ length: 8_000 }, (_, n) => [n.toString(36), '']))
  const records = Array.from({ length: 80 }, (_, offsetDelta) => ({ offsetDelta, value: '', headers }))
  expect(read(stored(records, ofCodec(4))).records[0]?.undecodable).toContain('headers')
})

describe("in a topic that is the platform's own", () => {
  const own = (bytes: Buffer) => decodeRecordSet(bytes, 'control', 0, 0, []).records.map(({ offset }) => offset)

  it('a compacted batch keeps its gaps', () => {
    expect(own(stored(at(1, 4), { lastOffsetDelta: 9 }))).toEqual([1, 4])
    expect(own(stored(Buffer.alloc(0), { count: 0, lastOffsetDelta: 9 }))).toEqual([])
  })

  it('a batch whose records are outside of it is a fault that is not skipped', () => {
    expect(() => own(stored(at(0, 12), { lastOffsetDelta: 9 }))).toThrow(MalformedBatch)
    expect(() => own(stored(at(-1), {}))).toThrow(MalformedBatch)
  })
})
