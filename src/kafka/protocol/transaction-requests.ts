/**
 * Encodes and decodes transaction requests. Kafka has two protocols: with brokers before 4.0 each partition is
 * announced (AddPartitionsToTxn 3) before it is written to, and EndTxn 3 ends a transaction; with the second one
 * (KIP-890) a partition joins by being written to, and the answer to EndTxn 5 brings the epoch of the next transaction.
 * ApiVersions 3 says which one a cluster has agreed on (the feature `transaction.version`).
 */
import { errorName } from './error-codes.ts'
import { type CompactReader, compact, compactArray, flexibleRequest, int16, int32, int64, NO_TAGS } from './flexible.ts'
import { KafkaError, type ProducerIdentity, type WireRequest } from './types.ts'

const API_VERSIONS = 18
const ADD_PARTITIONS_TO_TXN = 24
const END_TXN = 26
const DESCRIBE_TRANSACTIONS = 65
const FINALIZED_FEATURES = 2
const TRANSACTION_VERSION = 'transaction.version'
const COORDINATOR_TIMEOUT_MS = 4_000

/** The producer of a transaction. */
export interface TransactionWriter extends ProducerIdentity {
  transactionalId: string
}

export interface AddedPartition {
  topic: string
  partition: number
  errorCode: number
}

/** Announces partitions before they are written to; returns an answer for each. */
export function addPartitionsRequest(
  writer: TransactionWriter,
  topics: ReadonlyMap<string, readonly number[]>,
): WireRequest<AddedPartition[]> {
  const list = [...topics].map(([topic, partitions]) => [
    compact(topic),
    // An array of plain numbers: its items have no tags.
    compactArray(partitions.map(partition => [int32(partition)])),
    NO_TAGS,
  ])
  return flexibleRequest({
    apiKey: ADD_PARTITIONS_TO_TXN,
    apiVersion: 3,
    apiName: 'AddPartitionsToTxn',
    body: [...identityOf(writer), compactArray(list)],
    timeoutMs: COORDINATOR_TIMEOUT_MS,
    decode: decodeAddPartitions,
  })
}

function decodeAddPartitions(reader: CompactReader): AddedPartition[] {
  reader.int32() // throttle time
  const topics = reader.array(() => {
    const topic = reader.string()
    const partitions = reader.array(() => {
      const partition = reader.int32()
      const errorCode = reader.int16()
      reader.tags()
      return { topic, partition, errorCode }
    })
    reader.tags()
    return partitions
  })
  return topics.flat()
}

export interface EndTransaction {
  writer: TransactionWriter
  commit: boolean
  /**
   * 3: for announced partitions. 5: for partitions that joined; the answer names the producer of the next transaction.
   */
  version: 3 | 5
}

/** Returns the producer of the next transaction: the same identity with version 3. */
export function endTransactionRequest({ writer, commit, version }: EndTransaction): WireRequest<ProducerIdentity> {
  return flexibleRequest({
    apiKey: END_TXN,
    apiVersion: version,
    apiName: 'EndTxn',
    body: [...identityOf(writer), Buffer.of(commit ? 1 : 0)],
    timeoutMs: COORDINATOR_TIMEOUT_MS,
    decode(reader) {
      reader.int32() // throttle time
      const code = reader.int16()
      if (code !== 0)
        throw new KafkaError(
          errorName(code),
          `the transaction of ${writer.transactionalId} cannot end: ${errorName(code)}`,
        )
      if (version === 3) return { producerId: writer.producerId, producerEpoch: writer.producerEpoch }
      return { producerId: reader.bigint64(), producerEpoch: reader.int16() }
    },
  })
}

const identityOf = ({ transactionalId, producerId, producerEpoch }: TransactionWriter) => [
  compact(transactionalId),
  int64(producerId),
  int16(producerEpoch),
]

export interface TransactionState {
  /** Kafka's name, e.g. `Ongoing`, `PrepareAbort` or `CompleteCommit`. */
  state: string
  /** The partitions that have not received its marker yet. */
  topics: Map<string, number[]>
}

/** DescribeTransactions 0, to the coordinator. */
export function describeTransactionRequest(transactionalId: string): WireRequest<TransactionState> {
  return flexibleRequest({
    apiKey: DESCRIBE_TRANSACTIONS,
    apiVersion: 0,
    apiName: 'DescribeTransactions',
    body: [compactArray([[compact(transactionalId)]])],
    timeoutMs: COORDINATOR_TIMEOUT_MS,
    decode(reader) {
      reader.int32() // throttle time
      const [found] = reader.array(() => readState(reader, transactionalId))
      return found ?? { state: 'Empty', topics: new Map() }
    },
  })
}

function readState(reader: CompactReader, transactionalId: string): TransactionState {
  const code = reader.int16()
  if (code !== 0)
    throw new KafkaError(
      errorName(code),
      `the transaction of ${transactionalId} cannot be described: ${errorName(code)}`,
    )
  reader.string() // transactional id
  const state = reader.string()
  reader.int32() // timeout
  reader.int64() // when it began
  reader.int64() // producer id
  reader.int16() // producer epoch
  const topics = reader.array((): [string, number[]] => {
    const named: [string, number[]] = [reader.string(), reader.array(() => reader.int32())]
    reader.tags()
    return named
  })
  reader.tags()
  return { state, topics: new Map(topics) }
}

/** The version of transactions that the cluster has agreed on; 0 if the broker does not say. */
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
