/** Decompresses batches of producers. Organizations choose their codec; the result is bounded, whatever the input. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { unpackLz4 } from './lz4.ts'
import { unpackSnappy } from './snappy.ts'

/**
 * A batch may be 8 MB compressed, and its content at most this. Decompression blocks the event loop, at this size for
 * about 50 ms.
 */
const UNCOMPRESSED_BYTES_MAX = 16 * 1024 * 1024

/**
 * @param codec the low three bits of the batch's attributes. Throws on an unknown codec, on damage and beyond the
 * limit.
 */
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
