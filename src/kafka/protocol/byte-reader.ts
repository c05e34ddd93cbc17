/** Reads the primitive types of Kafka's protocol in sequence; big-endian. */
export class ByteReader {
  readonly buffer: Buffer
  at = 0
  constructor(buffer: Buffer) {
    this.buffer = buffer
  }
  int8(): number {
    return this.buffer.readInt8(this.at++)
  }
  int16(): number {
    this.at += 2
    return this.buffer.readInt16BE(this.at - 2)
  }
  int32(): number {
    this.at += 4
    return this.buffer.readInt32BE(this.at - 4)
  }
  int64(): number {
    return Number(this.bigint64())
  }
  bigint64(): bigint {
    this.at += 8
    return this.buffer.readBigInt64BE(this.at - 8)
  }
}
