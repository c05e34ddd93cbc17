import { avroCodec } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** An accepted emit that holds an idempotency key: what its first answer is rebuilt from. */
export interface HeldKey {
  organizationId: string
  /** First 16 bytes of SHA-256 over environment and key. */
  keyHash: Buffer
  /** First 16 bytes of SHA-256 over requested name, requested version and payload. */
  contentHash: Buffer
  emitId: string
  eventId: string
  canonicalName: string
  /** 0: the emit failed; it has no number, but keeps its key (C.11.4). */
  sequence: number
  recordedAtMs: number
}

export interface AdmissionKeys {
  keys: HeldKey[]
}

export const admissionKeysCodec = avroCodec<AdmissionKeys>({
  type: 'record',
  name: 'AdmissionKeys',
  namespace: 'clarion',
  fields: [
    {
      name: 'keys',
      default: [],
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'HeldKey',
          fields: [
            { name: 'organizationId', type: 'string' },
            { name: 'keyHash', type: { type: 'fixed', name: 'Hash128', size: 16 } },
            { name: 'contentHash', type: 'Hash128' },
            { name: 'emitId', type: 'string' },
            { name: 'eventId', type: 'string' },
            { name: 'canonicalName', type: 'string' },
            { name: 'sequence', type: 'long' },
            { name: 'recordedAtMs', type: 'long' },
          ],
        },
      },
    },
  ],
})

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
