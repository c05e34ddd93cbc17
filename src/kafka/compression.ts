/** Undoing what producers' compression did. Organizations choose their codec; what comes out is bounded, whatever went in. */
import { createRequire } from 'node:module'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { unpackLz4 } from './lz4.ts'

const require = createRequire(import.meta.url)
const snappy = require('snappyjs') as { uncompress(data: Buffer, maxLength?: number): Buffer }

/** A batch may be 8 MB compressed; what it holds may be this much. Unpacking holds the event loop, so it is some 50 ms of it at most. */
const UNCOMPRESSED_BYTES_MAX = 16 * 1024 * 1024
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER_BYTES = 16

/** @param codec the low three bits of the batch's attributes. Throws on an unknown codec, on damage and beyond the bound. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case 1:
      return gunzipSync(bytes, { maxOutputLength: UNCOMPRESSED_BYTES_MAX })
    case 2:
      return uncompressSnappy(bytes)
    case 3:
      return unpackLz4(bytes, UNCOMPRESSED_BYTES_MAX)
    case 4:
      return zstdDecompressSync(bytes, { maxOutputLength: UNCOMPRESSED_BYTES_MAX })
    default:
      throw new Error(`unknown compression codec ${codec}`)
  }
}

/** Java clients frame snappy in blocks (xerial), others send one bare block. */
function uncompressSnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, 8).equals(XERIAL_MAGIC)) return snappy.uncompress(bytes, UNCOMPRESSED_BYTES_MAX)
  const blocks: Buffer[] = []
  let at = XERIAL_HEADER_BYTES
  let total = 0
  while (at + 4 <= bytes.length) {
    const length = bytes.readInt32BE(at)
    if (length < 0 || at + 4 + length > bytes.length) throw new Error('a block of snappy ends too early')
    const block = snappy.uncompress(bytes.subarray(at + 4, at + 4 + length), UNCOMPRESSED_BYTES_MAX - total)
    total += block.length
    blocks.push(block)
    at += 4 + length
  }
  return Buffer.concat(blocks)
}
