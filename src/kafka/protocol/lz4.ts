/**
 * Decompresses lz4 (LZ4 frame format 1.6.4). The JavaScript libraries trust their input: a damaged frame can block them
 * for minutes. The broker checks a frame only in part, so a frame that it accepted is not to be trusted here.
 */
const MAGIC = 0x184d2204
const VERSION_MASK = 0xc0
const VERSION_1 = 0x40
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const DICTIONARY = 0x01
/** Flag of a block's size: it is not compressed. */
const PLAIN = 0x80000000
const HEADER_BYTES = 7
const FEWEST_MATCHED = 4

/**
 * The content of one frame; bytes after its end are ignored. Throws on damage and beyond `bytesMax`. Checksums are not
 * checked: the batch has its own.
 */
export function unpackLz4(frame: Buffer, bytesMax: number): Buffer {
  if (frame.length < HEADER_BYTES || frame.readUInt32LE(0) !== MAGIC) throw new Error('not a frame of lz4')
  const flags = frame[4]!
  if ((flags & VERSION_MASK) !== VERSION_1 || (flags & DICTIONARY) !== 0)
    throw new Error('a frame of lz4 of another kind')
  let at = HEADER_BYTES + (flags & CONTENT_SIZE ? 8 : 0)
  const checksumBytes = flags & BLOCK_CHECKSUM ? 4 : 0
  const output = new Output(blockBytesMax(frame[5]!), bytesMax)
  for (;;) {
    const size = frame.readUInt32LE(at)
    at += 4
    if (size === 0) return output.done()
    const end = at + (size & ~PLAIN)
    if (end > frame.length) throw new Error('a block of lz4 ends too early')
    if (size >= PLAIN) output.append(frame, at, end)
    else unpackBlock(frame, at, end, output)
    at = end + checksumBytes
  }
}

/** 64 KB, 256 KB, 1 MB or 4 MB. */
function blockBytesMax(descriptor: number): number {
  const index = (descriptor >> 4) & 7
  if (index < 4) throw new Error('a frame of lz4 with blocks of no size')
  return 1 << (8 + 2 * index)
}

/** Sequences of literals and of matches: a match copies from `offset` bytes before, and may overlap its own output. */
function unpackBlock(source: Buffer, start: number, end: number, output: Output): void {
  let at = start

  function length(nibble: number): number {
    if (nibble < 15) return nibble
    for (let sum = nibble; ; ) {
      if (at >= end) throw new Error('a block of lz4 ends too early')
      const byte = source[at++]!
      sum += byte
      if (byte < 255) return sum
    }
  }

  while (at < end) {
    const token = source[at++]!
    const literals = length(token >> 4)
    if (at + literals > end) throw new Error('a block of lz4 ends too early')
    output.append(source, at, at + literals)
    at += literals
    if (at === end) return
    if (at + 2 > end) throw new Error('a block of lz4 ends too early')
    const offset = source.readUInt16LE(at)
    at += 2
    output.repeat(offset, length(token & 15) + FEWEST_MATCHED)
  }
}

class Output {
  private buffer: Buffer
  private at = 0
  private readonly bytesMax: number

  constructor(bytes: number, bytesMax: number) {
    this.bytesMax = bytesMax
    this.buffer = Buffer.allocUnsafe(Math.min(bytes, bytesMax))
  }

  private room(bytes: number): number {
    const start = this.at
    this.at += bytes
    if (this.at > this.bytesMax) throw new Error(`it holds more than ${this.bytesMax} bytes`)
    if (this.at > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(this.buffer.length * 2, this.at), this.bytesMax))
      this.buffer.copy(larger, 0, 0, start)
      this.buffer = larger
    }
    return start
  }

  append(source: Buffer, start: number, end: number): void {
    source.copy(this.buffer, this.room(end - start), start, end)
  }

  repeat(offset: number, length: number): void {
    if (offset === 0 || offset > this.at) throw new Error('a match of lz4 points nowhere')
    const start = this.room(length)
    if (offset >= length) this.buffer.copyWithin(start, start - offset, start - offset + length)
    else for (let at = start; at < start + length; at++) this.buffer[at] = this.buffer[at - offset]!
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at)
  }
}
