/**
 * The second version of Kafka's transactions (KIP-890): a partition joins a transaction by being written to, and each transaction has an epoch
 * of its own, which the answer to the one before it brings. Produce version 12, EndTxn version 5, and how to find out whether a cluster
 * speaks it (ApiVersions version 3, the feature `transaction.version`).
 */
import { errorName } from './error-codes.ts'
import { type CompactReader, compact, compactArray, flexibleRequest, int16, int32, int64, NO_TAGS } from './flexible.ts'
import { group, type PartitionBatch, type ProduceResult } from './requests.ts'
import { KafkaError, type ProducerIdentity, type WireRequest } from './wire.ts'

const PRODUCE = 0
const API_VERSIONS = 18
const END_TXN = 26
const FINALIZED_FEATURES = 2
const TRANSACTION_VERSION = 'transaction.version'

/** At most one batch per partition; `acks=all`. The partitions join the transaction of this id. */
export function joiningProduceRequest(
  transactionalId: string,
  batches: readonly PartitionBatch[],
  timeoutMs: number,
): WireRequest<ProduceResult[]> {
  const topics = [...group(batches)].map(([topic, list]) => {
    const partitions = list.map(({ partition, batch }) => [int32(partition), compact(batch), NO_TAGS])
    return [compact(topic), compactArray(partitions), NO_TAGS]
  })
  return flexibleRequest({
    apiKey: PRODUCE,
    apiVersion: 12,
    apiName: 'Produce',
    body: [compact(transactionalId), int16(-1), int32(timeoutMs), compactArray(topics)],
    decode: decodeProduce,
    timeoutMs,
  })
}

function decodeProduce(reader: CompactReader): ProduceResult[] {
  const topics = reader.array(() => {
    const topic = reader.string()
    const partitions = reader.array(() => {
      const partition = reader.int32()
      const errorCode = reader.int16()
      const baseOffset = reader.int64()
      const logAppendTimeMs = reader.int64()
      reader.int64() // log start offset
      reader.array(() => {
        reader.int32() // the record
        reader.string() // what is wrong with it
        reader.tags()
      })
      reader.string() // in words
      reader.tags()
      return { topic, partition, errorCode, baseOffset, logAppendTimeMs }
    })
    reader.tags()
    return partitions
  })
  return topics.flat()
}

/** Answers who writes the next transaction. */
export function endTransactionRequest(transactionalId: string, identity: ProducerIdentity, commit: boolean): WireRequest<ProducerIdentity> {
  return flexibleRequest({
    apiKey: END_TXN,
    apiVersion: 5,
    apiName: 'EndTxn',
    body: [compact(transactionalId), int64(identity.producerId), int16(identity.producerEpoch), Buffer.of(commit ? 1 : 0)],
    decode(reader) {
      reader.int32() // throttle time
      const code = reader.int16()
      if (code !== 0) throw new KafkaError(errorName(code), `the transaction of ${transactionalId} cannot end: ${errorName(code)}`)
      return { producerId: reader.bigint64(), producerEpoch: reader.int16() }
    },
  })
}

/** Answers the version of transactions that the cluster has agreed on; 0 if it does not tell. */
export function transactionVersionRequest(): WireRequest<{ version: number }> {
  const request = flexibleRequest({
    apiKey: API_VERSIONS,
    apiVersion: 3,
    apiName: 'ApiVersions',
    body: [compact('clarion'), compact('1')],
    decode: decodeTransactionVersion,
  })
  // The one answer whose header never has tagged fields, so that clients of any age can read it.
  return { ...request, decode: payload => request.decode(Buffer.concat([NO_TAGS, payload])) }
}

function decodeTransactionVersion(reader: CompactReader): { version: number } {
  let version = 0
  const code = reader.int16()
  if (code !== 0) return { version }
  reader.array(() => {
    reader.int16() // request
    reader.int16() // from version
    reader.int16() // to version
    reader.tags()
  })
  reader.int32() // throttle time
  reader.tags(tag => {
    if (tag !== FINALIZED_FEATURES) return
    reader.array(() => {
      const name = reader.string()
      const agreed = reader.int16()
      reader.int16() // the lowest that is spoken
      reader.tags()
      if (name === TRANSACTION_VERSION) version = agreed
    })
  })
  return { version }
}
