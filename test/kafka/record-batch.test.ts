import { createRequire } from 'node:module'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { encodeBatch } from '../../src/kafka/protocol/encode-batch.ts'
import { decodeRecordSet } from '../../src/kafka/protocol/record-batch.ts'
import { withChecksum } from '../support/raw-batches.ts'

const require = createRequire(import.meta.url)
const snappy = require('snappyjs') as { compress(bytes: Buffer): Buffer }
const lz4 = require('lz4js') as { compress(bytes: Buffer): Uint8Array }

function xerial(body: Buffer): Buffer {
  const block = snappy.compress(body)
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0])
  head.writeInt32BE(block.length, 16)
  return Buffer.concat([head, block])
}

const identity = {
  producerId: 7n,
  producerEpoch: 1,
  baseSequence: 0,
  transactional: true,
  timestampMs: 1_700_000_000_000,
}
const decode = (bytes: Buffer, from = 0) => decodeRecordSet(bytes, 't', 0, from, [])

/** A batch as the broker stores it: with its base offset. */
function stored(
  records: OutRecord[],
  baseOffset: number,
  overrides: Partial<typeof identity> & { attributes?: number } = {},
): Buffer {
  const bytes = encodeBatch(records, { ...identity, ...overrides })
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  if (overrides.attributes !== undefined) bytes.writeInt16BE(overrides.attributes, 21)
  return withChecksum(bytes)
}
const record = (value: string | null): OutRecord => ({ topic: 't', partition: 0, key: null, value })
const abortMarker = (producerId: bigint, offset: number) =>
  stored([record('marker')], offset, { producerId, attributes: 0x30 })
/** They begin, end and are in the middle alike. */
const LIKE_EACH_OTHER = Array.from({ length: 3_000 }, (_, at) => `n${String(at).padStart(6, '0')}-m-${at % 7}e`)
const values = (decoded: ReturnType<typeof decode>) => decoded.records.map(each => each.value?.toString())

describe('record batches', () => {
  it('come back as they were written, whatever is in them', () => {
    const part = fc.option(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 300 }).map(Buffer.from)),
      { nil: null },
    )
    const header = fc.tuple(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ unit: 'grapheme', maxLength: 200 }))
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: part, value: part, headers: fc.array(header, { maxLength: 8 }) }), {
          minLength: 1,
          maxLength: 30,
        }),
        list => {
          const records = list.map(each => ({ topic: 't', partition: 0, ...each }))
          const decoded = decode(stored(records, 100))
          expect(decoded.nextOffset).toBe(100 + records.length)
          decoded.records.forEach((got, index) => {
            const wanted = records[index]!
            const bytes = (value: Buffer | string | null) => (value === null ? null : Buffer.from(value))
            expect(got.offset).toBe(100 + index)
            expect(got.key).toEqual(bytes(wanted.key))
            expect(got.value).toEqual(bytes(wanted.value))
            for (const [name, value] of new Map(wanted.headers)) expect(got.headers[name]?.toString()).toBe(value)
          })
        },
      ),
    )
  })

  it('hold texts as UTF-8, short or long, wherever the first character beyond ASCII is', () => {
    const letters = ['a', '\u007f', '\u0080', 'é', 'ÿ', '\u0100', '€', '😀', '\ud800']
    const texts = letters.flatMap(letter =>
      [0, 1, 94, 95, 96, 97].flatMap(before => [`${'x'.repeat(before)}${letter}`, `${'x'.repeat(before)}${letter}x`]),
    )
    const decoded = decode(stored(texts.map(text => ({ topic: 't', partition: 0, key: text, value: text, headers: [[text, text]] })), 0)) // biome-ignore format: one thought
    expect(decoded.records.map(({ key, value }) => [key, value])).toEqual(
      texts.map(text => [Buffer.from(text), Buffer.from(text)]),
    )
  })

  it('keep headers of any name apart, and of any number of names', () => {
    const names = ['__proto__', 'constructor', 'toString', '', 'é', 'x'.repeat(65), ...LIKE_EACH_OTHER]
    const bytes = stored(
      names.map(name => ({ ...record('v'), headers: [[name, `of ${name}`] as [string, string]] })),
      0,
    )
    for (const { headers, offset } of decode(bytes).records) {
      const name = Buffer.from(names[offset]!).toString('latin1')
      expect(Object.entries(headers).map(([key, value]) => [key, value.toString()])).toEqual([
        [name, `of ${names[offset]}`],
      ])
      expect(headers.hasOwnProperty).toBe(undefined)
    }
  })

  it('may be read for a few headers alone', () => {
    const headers: Array<[string, string]> = [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]
    const bytes = stored([{ ...record('value'), key: 'key', headers }, record(null)], 7)
    const { records, nextOffset } = decodeRecordSet(bytes, 't', 0, 0, [], undefined, new Set(['b', 'd']))
    expect(records.map(({ key, value, offset }) => [offset, key, value])).toEqual([
      [7, null, null],
      [8, null, null],
    ])
    expect(records.map(each => Object.entries(each.headers).map(([name, value]) => [name, value.toString()]))).toEqual([
      [['b', '2']],
      [],
    ])
    expect(nextOffset).toBe(9)
  })

  it('have the same of them when they are read for these alone', () => {
    const name = fc.constantFrom('kind', 'ce_type', 'canonical-name', '__proto__', '', 'x'.repeat(36), 'x'.repeat(68))
    const headers = fc.array(fc.tuple(name, fc.string({ maxLength: 5 })), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(headers, { minLength: 1, maxLength: 10 }), fc.uniqueArray(name), (list, names) => {
        const bytes = stored(
          list.map(each => ({ ...record('v'), headers: each })),
          0,
        )
        const wanted = new Set(names)
        const { records } = decodeRecordSet(bytes, 't', 0, 0, [], undefined, wanted)
        const entries = (of: (typeof records)[number]) =>
          Object.entries(of.headers).map(([key, value]) => `${key}=${value}`)
        const all = decode(bytes).records.map(each => Object.entries(each.headers).filter(([key]) => wanted.has(key)))
        expect(records.map(entries)).toEqual(all.map(each => each.map(([key, value]) => `${key}=${value}`)))
      }),
    )
  })

  it('are read from the requested offset on, although a batch begins earlier', () => {
    expect(values(decode(stored([record('a'), record('b'), record('c')], 10), 11))).toEqual(['b', 'c'])
  })

  it('cut off by the fetch limit are left for the next fetch', () => {
    const whole = stored([record('a')], 0)
    const cut = stored([record('b')], 1).subarray(0, 65)
    const decoded = decode(Buffer.concat([whole, cut]))
    expect(values(decoded)).toEqual(['a'])
    expect(decoded.nextOffset).toBe(1)
  })

  it('of interleaved aborted transactions stay hidden, and those committed afterwards are seen', () => {
    const set = Buffer.concat([
      stored([record('one, aborted')], 0, { producerId: 1n }),
      stored([record('two, aborted')], 1, { producerId: 2n }),
      abortMarker(1n, 2),
      stored([record('two, aborted too')], 3, { producerId: 2n }),
      stored([record('one, committed')], 4, { producerId: 1n }),
      abortMarker(2n, 5),
      stored([record('two, committed')], 6, { producerId: 2n }),
    ])
    // The broker's list is not sorted, and names each aborted transaction once.
    const decoded = decodeRecordSet(set, 't', 0, 0, [
      { producerId: 2n, firstOffset: 1 },
      { producerId: 1n, firstOffset: 0 },
    ])
    expect(values(decoded)).toEqual(['one, committed', 'two, committed'])
    expect(decoded.nextOffset).toBe(7)
  })

  it.each([
    ['gzip', 1, (body: Buffer) => gzipSync(body)],
    ['snappy', 2, (body: Buffer) => snappy.compress(body)],
    ['snappy in the frame of Java clients', 2, xerial],
    ['lz4', 3, (body: Buffer) => Buffer.from(lz4.compress(body))],
    ['zstd', 4, (body: Buffer) => zstdCompressSync(body)],
  ])('are read whatever the producer compressed them with: %s', (_name, codec, compress) => {
    const plain = stored(['a', 'b', 'c'].map(record), 3)
    const body = compress(plain.subarray(61))
    const bytes = Buffer.concat([plain.subarray(0, 61), body])
    bytes.writeInt16BE(codec, 21)
    bytes.writeInt32BE(bytes.length - 12, 8)
    expect(values(decode(withChecksum(bytes)))).toEqual(['a', 'b', 'c'])
  })

  it('that would fill the memory when decompressed are not', () => {
    const plain = stored([record('x')], 0)
    const bytes = Buffer.concat([plain.subarray(0, 61), zstdCompressSync(Buffer.alloc(70 * 1024 * 1024))])
    bytes.writeInt16BE(4, 21)
    bytes.writeInt32BE(bytes.length - 12, 8)
    expect(decode(withChecksum(bytes)).records[0]).toMatchObject({
      offset: 0,
      value: null,
      undecodable: expect.any(String),
    })
  })

  it('that the disk has changed are never taken for what was written, whichever bit it is', () => {
    const whole = stored(['a', 'b'].map(record), 3)
    for (let bit = 21 * 8; bit < whole.length * 8; bit++) {
      const changed = Buffer.from(whole)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      if (isHidden(changed)) continue
      expect(() => decode(changed)).toThrow(
        /^the batch at t\/0\/3 is damaged: its checksum is wrong\. Restore Kafka's log/,
      )
      const { records } = decodeRecordSet(changed, 't', 0, 0, [], { recordsMax: 100 })
      expect(new Set(records.map(({ value, undecodable }) => [value, undecodable].join()))).toEqual(
        new Set([',is damaged: its checksum is wrong']),
      )
    }
  })
  /** A marker has no visible records; nor has a batch that ends before the offset that is read from. */
  const isHidden = (batch: Buffer) => (batch.readInt16BE(21) & 0x20) !== 0 || batch.readInt32BE(23) < -1

  it('that cannot be decompressed become records that say so', () => {
    const decoded = decode(stored([record('x'), record('y')], 5, { attributes: 0x04 }))
    expect(decoded.records.map(each => [each.offset, each.value, typeof each.undecodable])).toEqual([
      [5, null, 'string'],
      [6, null, 'string'],
    ])
  })
})
