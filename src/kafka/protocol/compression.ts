/** Undoing what producers' compression did. Organizations choose their codec; what comes out is bounded, whatever went in. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { unpackLz4 } from './lz4.ts'
import { unpackSnappy } from './snappy.ts'

/** A batch may be 8 MB compressed; what it holds may be this much. Unpacking holds the event loop, so it is some 50 ms of it at most. */
const UNCOMPRESSED_BYTES_MAX = 16 * 1024 * 1024

/** @param codec the low three bits of the batch's attributes. Throws on an unknown codec, on damage and beyond the bound. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case 1:
      return gunzipSync(bytes, { maxOutputLength: UNCOMPRESSED_BYTES_MAX })
    case 2:
      return unpackSnappy(bytes, UNCOMPRESSED_BYTES_MAX)
    case 3:
      return unpackLz4(bytes, UNCOMPRESSED_BYTES_MAX)
    case 4:
      return zstdDecompressSync(bytes, { maxOutputLength: UNCOMPRESSED_BYTES_MAX })
    default:
      throw new Error(`unknown compression codec ${codec}`)
  }
}
