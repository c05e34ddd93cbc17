/**
 * Decompresses snappy (google/snappy, format_description.txt), bare or in the blocks of Java clients (xerial). The
 * JavaScript library trusts the lengths that it reads: a negative one makes it loop for ever.
 */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER_BYTES = 16
/** Java clients make blocks of a KB at least; this many of them are 16 MB. */
const BLOCKS_MAX = 16_384
const LENGTH_BYTES_MAX = 5
/** From this tag of a literal on, the length follows in this many bytes. */
const LONG_LITERAL = 60

/** Throws on damage and beyond `bytesMax`. */
export function unpackSnappy(bytes: Buffer, bytesMax: number): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return unpackBlock(bytes, bytesMax)
  const blocks: Buffer[] = []
  let at = XERIAL_HEADER_BYTES
  let total = 0
  while (at + 4 <= bytes.length) {
    const length = bytes.readInt32BE(at)
    if (length < 0 || at + 4 + length > bytes.length) throw new Error('a block of snappy ends too early')
    if (blocks.length === BLOCKS_MAX) throw new Error(`snappy of more than ${BLOCKS_MAX} blocks`)
    const block = unpackBlock(bytes.subarray(at + 4, at + 4 + length), bytesMax - total)
    total += block.length
    blocks.push(block)
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

function unpackBlock(source: Buffer, bytesMax: number): Buffer {
  const { length, at: start } = readLength(source)
  if (length > bytesMax) throw new Error(`it holds more than ${bytesMax} bytes`)
  const output = Buffer.allocUnsafe(length)
  let written = 0
  let at = start

  /** Little-endian, unsigned. */
  function number(bytes: number): number {
    if (at + bytes > source.length) throw new Error('snappy ends too early')
    at += bytes
    return bytes === 0 ? 0 : source.readUIntLE(at - bytes, bytes)
  }
  function literal(tag: number): void {
    const short = tag >> 2
    const size = (short < LONG_LITERAL ? short : number(short - LONG_LITERAL + 1)) + 1
    if (at + size > source.length || written + size > length) throw new Error('a literal of snappy is too long')
    source.copy(output, written, at, at + size)
    at += size
    written += size
  }
  function copy(size: number, offset: number): void {
    if (offset === 0 || offset > written || written + size > length) throw new Error('a copy of snappy points nowhere')
    // A copy may overlap its own output.
    if (offset >= size) output.copyWithin(written, written - offset, written - offset + size)
    else for (let place = written; place < written + size; place++) output[place] = output[place - offset]!
    written += size
  }

  while (at < source.length) {
    const tag = source[at++]!
    const kind = tag & 3
    if (kind === 0) literal(tag)
    else if (kind === 1) copy(((tag >> 2) & 7) + 4, ((tag >> 5) << 8) | number(1))
    else copy((tag >> 2) + 1, number(kind === 2 ? 2 : 4))
  }
  if (written !== length) throw new Error('snappy ends too early')
  return output
}

/** The decompressed length: a varint of 32 bits. */
function readLength(source: Buffer): { length: number; at: number } {
  let length = 0
  for (let at = 0; at < Math.min(source.length, LENGTH_BYTES_MAX); at++) {
    const byte = source[at]!
    length += (byte & 0x7f) * 128 ** at
    if (byte < 0x80) return { length, at: at + 1 }
  }
  throw new Error('snappy without a length')
}
