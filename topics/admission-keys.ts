import { byDefault, codecOf, fixed, list, long, record, text, type ValueOf } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

const hash128 = fixed('Hash128', 16)

/** An accepted emit that holds an idempotency key: a repetition is answered from it like the first call. */
export type HeldKey = ValueOf<typeof heldKeyFields>

export const heldKeyFields = record('HeldKey', {
  organizationId: text,
  /** First 16 bytes of SHA-256 over environment and key. */
  keyHash: hash128,
  /** First 16 bytes of SHA-256 over requested name, requested version and payload. */
  contentHash: hash128,
  emitId: text,
  eventId: text,
  canonicalName: text,
  /** 0: the emit failed. It has no number and keeps its key until it is redriven. */
  sequence: long,
  recordedAtMs: long,
})

export type AdmissionKeys = ValueOf<typeof admissionKeysFields>

export const admissionKeysFields = record('AdmissionKeys', {
  keys: byDefault([], list(heldKeyFields)),
})

export const admissionKeysCodec = codecOf(admissionKeysFields)

/** One packed record per transaction. Kept a day longer than a key is remembered. */
export const admissionKeys: Topic = {
  name: 'admission.keys',
  meaning: 'The state of `admit`: idempotency keys of accepted emits.',
  key: 'nothing',
  value: 'Avro AdmissionKeys',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['admit'],
  cleanup: 'delete',
  retentionMs: 31 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}

/** A key as it is in a record, not decoded, so that a restore reads millions of them. Valid until the next one. */
export interface HeldKeyBytes {
  bytes: Buffer
  organizationId: string
  keyHashAt: number
  contentHashAt: number
  emitIdAt: number
  emitIdLength: number
  eventIdAt: number
  eventIdLength: number
  nameAt: number
  nameLength: number
  sequence: number
  recordedAtMs: number
  decoded(): HeldKey
}

/** Calls `take` with each key of a record of this topic, always with the same object. Throws as the codec does. */
export function readHeldKeys(record: Buffer, take: (key: HeldKeyBytes) => void): void {
  const reader = createReader(admissionKeysCodec.body(record))
  for (let count = reader.long(); count !== 0; count = reader.long()) {
    // A negative count is followed by the block's length in bytes.
    if (count < 0) reader.long()
    for (let left = Math.abs(count); left > 0; left--) take(reader.key())
  }
  reader.end()
}

const HASH_BYTES = 16

/** Avro's binary encoding of `HeldKey`, field by field. */
function createReader(bytes: Buffer) {
  let at = 0
  let formerAt = 0
  let formerLength = -1
  const current: HeldKeyBytes = {
    ...{
      bytes,
      organizationId: '',
      keyHashAt: 0,
      contentHashAt: 0,
      emitIdAt: 0,
      emitIdLength: 0,
      eventIdAt: 0,
      eventIdLength: 0,
    },
    ...{ nameAt: 0, nameLength: 0, sequence: 0, recordedAtMs: 0 },
    decoded: () => ({
      organizationId: current.organizationId,
      keyHash: Buffer.from(bytes.subarray(current.keyHashAt, current.keyHashAt + HASH_BYTES)),
      contentHash: Buffer.from(bytes.subarray(current.contentHashAt, current.contentHashAt + HASH_BYTES)),
      emitId: bytes.toString('utf8', current.emitIdAt, current.emitIdAt + current.emitIdLength),
      eventId: bytes.toString('utf8', current.eventIdAt, current.eventIdAt + current.eventIdLength),
      canonicalName: bytes.toString('utf8', current.nameAt, current.nameAt + current.nameLength),
      sequence: current.sequence,
      recordedAtMs: current.recordedAtMs,
    }),
  }

  function long(): number {
    let byte = bytes[at++]!
    let value = byte & 0x7f
    for (let factor = 128; byte >= 128; factor *= 128) {
      byte = bytes[at++]!
      value += (byte & 0x7f) * factor
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  function isFormer(from: number, length: number): boolean {
    if (length !== formerLength) return false
    for (let each = 0; each < length; each++) if (bytes[from + each] !== bytes[formerAt + each]) return false
    return true
  }

  /** Length of a text at `at`, over which it goes. */
  function text(): number {
    const length = long()
    at += length
    return length
  }

  return {
    long,
    key(): HeldKeyBytes {
      const length = text()
      // Emits of one organization are judged one after the other.
      if (!isFormer(at - length, length)) current.organizationId = bytes.toString('utf8', at - length, at)
      formerAt = at - length
      formerLength = length
      current.keyHashAt = at
      current.contentHashAt = at + HASH_BYTES
      at += 2 * HASH_BYTES
      current.emitIdLength = text()
      current.emitIdAt = at - current.emitIdLength
      current.eventIdLength = text()
      current.eventIdAt = at - current.eventIdLength
      current.nameLength = text()
      current.nameAt = at - current.nameLength
      current.sequence = long()
      current.recordedAtMs = long()
      if (at > bytes.length) throw new Error('a record of AdmissionKeys ends too early')
      return current
    },
    end(): void {
      if (at !== bytes.length)
        throw new Error(`a record of AdmissionKeys has ${bytes.length} bytes, of which ${at} were read`)
    },
  }
}
