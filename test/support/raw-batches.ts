/** Record batches made by hand, as a producer may send them that obeys no library: any deltas, counts, lengths and codecs, with a right checksum. */
import { crc32c } from '@node-rs/crc32'
import { produceRequest } from '../../src/kafka/protocol/produce-request.ts'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import type { Credential } from './kafka-clients.ts'

export const BATCH_HEADER_BYTES = 61

export interface RawRecord {
  offsetDelta: number
  value: string
  headers?: Record<string, string>
  /** False lengths of itself, its key, its value and its headers. */
  length?: number
  keyLength?: number
  valueLength?: number
  headerCount?: number
}

export interface RawBatch {
  count?: number
  lastOffsetDelta?: number
  attributes?: number
  magic?: number
  producerId?: bigint
  /** Of the low three bits of the attributes; what the records are packed with. */
  codec?: number
  pack?: (body: Buffer) => Buffer
}

export function rawBatch(records: RawRecord[] | Buffer, raw: RawBatch = {}): Buffer {
  const plain = Buffer.isBuffer(records) ? records : Buffer.concat(records.map(rawRecord))
  const body = raw.pack?.(plain) ?? plain
  const count = raw.count ?? (Buffer.isBuffer(records) ? 1 : records.length)
  const batch = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), body])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch[16] = raw.magic ?? 2
  batch.writeInt16BE((raw.attributes ?? 0) | (raw.codec ?? 0), 21)
  batch.writeInt32BE(raw.lastOffsetDelta ?? count - 1, 23)
  batch.writeBigInt64BE(BigInt(Date.now()), 27)
  batch.writeBigInt64BE(BigInt(Date.now()), 35)
  batch.writeBigInt64BE(raw.producerId ?? -1n, 43)
  batch.writeInt16BE(-1, 51)
  batch.writeInt32BE(-1, 53)
  batch.writeInt32BE(count, 57)
  return withChecksum(batch)
}

/** The batch, changed by hand, with the checksum of what it holds now. */
export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

export function rawRecord({ offsetDelta, value, headers = {}, ...lies }: RawRecord): Buffer {
  const named = Object.entries(headers)
  const body = Buffer.concat([
    Buffer.from([0, 0]),
    varint(offsetDelta),
    varint(lies.keyLength ?? -1),
    varint(lies.valueLength ?? Buffer.byteLength(value)),
    Buffer.from(value),
    varint(lies.headerCount ?? named.length),
    ...named.flatMap(([name, text]) => [
      varint(name.length),
      Buffer.from(name),
      varint(Buffer.byteLength(text)),
      Buffer.from(text),
    ]),
  ])
  return Buffer.concat([varint(lies.length ?? body.length), body])
}

/** Zigzag, as all lengths in a record are. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** Sends them as they are, one by one; answers the broker's error codes. */
export async function produceBatches(credential: Credential, batches: Buffer[]): Promise<number[]> {
  const { username, password, bootstrapServers, topics } = credential
  const wire = await openWire(
    { brokers: bootstrapServers.split(','), username, password, clientId: 'test' },
    createLogger('silent'),
  )
  const [topic] = await wire.metadata([topics.emits])
  const codes: number[] = []
  for (const batch of batches) {
    const options = { transactionalId: null, version: 11, brokerTimeoutMs: 10_000, timeoutMs: 12_000 } as const
    const request = produceRequest([{ topic: topics.emits, partition: 0, batch }], options)
    codes.push((await wire.send(topic!.partitions[0]!.leader, request))[0]!.errorCode)
  }
  await wire.close()
  return codes
}
