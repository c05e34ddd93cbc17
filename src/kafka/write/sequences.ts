/** A producer as brokers know it, with the sequence number of the next record of each partition. */
import type { OutRecord } from '../ports.ts'
import { encodeBatch } from '../protocol/encode-batch.ts'
import type { ProducerIdentity } from '../protocol/wire.ts'
import type { Slice } from './slices.ts'

const SEQUENCE_MODULUS = 0x8000_0000

export interface EncodedBatch {
  topic: string
  partition: number
  batch: Buffer
  records: OutRecord[]
}

export interface SequencedProducer {
  encode(slice: Slice, timestampMs: number): EncodedBatch
  /**
   * The batch is not in the log and never will be: the next one of its partition takes its numbers. The partition has
   * nothing else in flight.
   */
  takeBack(batch: EncodedBatch): void
}

/** The next sequence number of each partition, by `<topic>/<partition>`. */
export type Sequences = Map<string, number>

/** `sequences`: shared by all that write under the same identity, in transactions and outside of them. */
export function createSequencedProducer(
  identity: ProducerIdentity,
  transactional: boolean,
  sequences: Sequences = new Map(),
): SequencedProducer {
  return {
    encode({ topic, partition, records, bytesMax }, timestampMs) {
      const key = `${topic}/${partition}`
      const baseSequence = sequences.get(key) ?? 0
      sequences.set(key, (baseSequence + records.length) % SEQUENCE_MODULUS)
      const batch = encodeBatch(
        records,
        { ...identity, baseSequence, transactional, timestampMs: Math.round(timestampMs) },
        bytesMax,
      )
      return { topic, partition, batch, records }
    },
    takeBack({ topic, partition, records }) {
      const key = `${topic}/${partition}`
      sequences.set(key, ((sequences.get(key) ?? 0) - records.length + SEQUENCE_MODULUS) % SEQUENCE_MODULUS)
    },
  }
}
