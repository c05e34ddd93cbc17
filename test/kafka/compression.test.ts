/** Batches that a broker accepts and that our libraries cannot decompress, or should not. */
import { createRequire } from 'node:module'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decompress } from '../../src/kafka/protocol/compression.ts'
import { encodeBatch } from '../../src/kafka/protocol/encode-batch.ts'
import { decodeRecordSet } from '../../src/kafka/protocol/record-batch.ts'
import { countCost } from '../support/cpu.ts'
import { withChecksum } from '../support/raw-batches.ts'

const require = createRequire(import.meta.url)
const snappy = require('snappyjs') as { compress(data: Buffer): Buffer }
const lz4 = require('lz4js') as { compress(data: Buffer): Uint8Array }

const HEADER_BYTES = 61
const CODECS: Array<[number, string, (data: Buffer) => Buffer]> = [
  [1, 'gzip', gzipSync],
  [2, 'snappy', data => Buffer.from(snappy.compress(data))],
  [3, 'lz4', data => Buffer.from(lz4.compress(data))],
  [4, 'zstd', zstdCompressSync],
]
const identity = { producerId: -1n, producerEpoch: -1, baseSequence: -1, transactional: false, timestampMs: 0 }
const records = ['a', 'b', 'c'].map(value => ({ topic: 't', partition: 0, key: null, value }))

/** The batch of three records with its body compressed by `pack`. */
function packed(codec: number, pack: (body: Buffer) => Buffer): Buffer {
  const plain = encodeBatch(records, identity)
  const batch = Buffer.concat([plain.subarray(0, HEADER_BYTES), pack(plain.subarray(HEADER_BYTES))])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE(codec, 21)
  return withChecksum(batch)
}

const read = (batch: Buffer) => decodeRecordSet(batch, 't', 0, 0, [])

describe.each(CODECS)('a batch of codec %d (%s)', (codec, _name, compress) => {
  it('is read', () => {
    expect(read(packed(codec, compress)).records.map(({ value }) => value?.toString())).toEqual(['a', 'b', 'c'])
  })

  it.each<[string, (body: Buffer) => Buffer]>([
    ['that is damaged', body => Buffer.concat([compress(body).subarray(0, 6), Buffer.from('damage')])],
    ['whose records end too early', body => compress(body.subarray(0, body.length - 1))],
    ['whose records are none', () => compress(Buffer.alloc(0))],
    ['that unpacks to more than 16 MB', () => compress(Buffer.alloc(17 * 1024 * 1024))],
  ])('%s becomes as many unreadable records, and the next batch is reached', (_what, pack) => {
    const { records: found, nextOffset } = read(packed(codec, pack))
    expect(found.map(({ offset, value, undecodable }) => [offset, value, typeof undecodable])).toEqual(
      [0, 1, 2].map(offset => [offset, null, 'string']),
    )
    expect(nextOffset).toBe(3)
  })
})

it('several frames of zstd in a row, which the broker reads as one, are refused and not cut off in silence', () => {
  const { records: found } = read(
    packed(4, body => Buffer.concat([zstdCompressSync(body.subarray(0, 8)), zstdCompressSync(body.subarray(8))])),
  )
  expect(found.map(({ undecodable }) => typeof undecodable)).toEqual(['string', 'string', 'string'])
})

describe('snappy in the frames of Java clients', () => {
  const frame = (...blocks: Array<[number, Buffer]>) => {
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    const lengths = blocks.map(([length, block]) => {
      const bytes = Buffer.alloc(4)
      bytes.writeInt32BE(length)
      return Buffer.concat([bytes, block])
    })
    return Buffer.concat([header, ...lengths])
  }
  const block = Buffer.from(snappy.compress(Buffer.from('abc')))

  it('is read block by block', () => {
    expect(decompress(2, frame([block.length, block], [block.length, block])).toString()).toBe('abcabc')
  })

  it.each([-4, -2_000_000_000, 1_000])('with a block of the length %d does not run for ever', length => {
    expect(() => decompress(2, frame([length, block]))).toThrow()
  })
})

describe('snappy', () => {
  it('is unpacked as the library has packed it, whatever it is', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 20 }).map(text => Buffer.from(text.repeat(50))),
    )
    fc.assert(
      fc.property(bytes, data => {
        expect(decompress(2, Buffer.from(snappy.compress(Buffer.from(data)))).equals(Buffer.from(data))).toBe(true)
      }),
    )
  })

  it.each([
    ['a literal of a length below zero', [4, 0xfc, 0, 0, 0, 0x80, 1, 2, 3, 4]],
    ['a literal beyond its end', [4, 0xfc, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3, 4]],
    ['a copy from before its start', [4, 0x00, 1, 0x05, 9]],
    ['a copy of itself', [4, 0x00, 1, 0x05, 0]],
    ['more than it says', [1, 0x04, 1, 2]],
    ['less than it says', [4, 0x00, 1]],
    ['no length', [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a length beyond memory', [0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['nothing', []],
  ])('with %s is refused at once', (_what, bytes) => {
    const cost = countCost()
    expect(() => decompress(2, Buffer.from(bytes))).toThrow()
    expect(cost()).toBeLessThan(100)
  })

  it('in more blocks than 16 MB need is refused', () => {
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    const empty = Buffer.from([0, 0, 0, 1, 0])
    expect(decompress(2, Buffer.concat([header, ...Array.from({ length: 16_384 }, () => empty)])).length).toBe(0)
    expect(() => decompress(2, Buffer.concat([header, ...Array.from({ length: 16_385 }, () => empty)]))).toThrow(
      'blocks',
    )
  })
})

describe('lz4', () => {
  it('is unpacked as the library unpacks it, whatever it is', () => {
    const text = (n: number) => Buffer.from(Array.from({ length: n }, (_, at) => `${at % 97} ${at % 13}`).join(','))
    for (const data of [
      Buffer.alloc(0),
      Buffer.from('a'),
      Buffer.alloc(300_000, 'ab'),
      text(5),
      text(40_000),
      Buffer.from(gzipSync(text(40_000))),
    ]) {
      expect(decompress(3, Buffer.from(lz4.compress(data))).equals(data)).toBe(true)
    }
  })
})

describe.each(CODECS)('what codec %d (%s) has packed', (codec, _name, compress) => {
  it('and is damaged anywhere is refused or unpacked, within bounds and at once', () => {
    const whole = compress(Buffer.from('some text, some more text, and some text again '.repeat(50)))
    const cost = countCost()
    let outcomes = 0
    for (let at = 0; at < whole.length; at++) {
      for (const byte of [0, 0xff, whole[at]! ^ 0x80]) {
        const damaged = Buffer.from(whole)
        damaged[at] = byte
        outcomes += unpackedBytes(codec, damaged) <= 16 * 1024 * 1024 ? 1 : 0
      }
    }
    expect(outcomes).toBe(3 * whole.length)
    expect(cost()).toBeLessThan(2_000)
  })
})

/** 0 when it is refused. */
function unpackedBytes(codec: number, bytes: Buffer): number {
  try {
    return decompress(codec, bytes).length
  } catch {
    return 0
  }
}
