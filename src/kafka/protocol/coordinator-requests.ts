/** What transaction coordinators are asked, as brokers have it since 3.0: InitProducerId 4, AddPartitionsToTxn 3, EndTxn 3; and LeaveGroup 5. */
import { errorName } from './error-codes.ts'
import {
  boolean,
  type CompactReader,
  compact,
  compactArray,
  compactNullable,
  flexibleRequest,
  int16,
  int32,
  int64,
  NO_TAGS,
} from './flexible.ts'
import { KafkaError, type ProducerIdentity, type WireRequest } from './types.ts'

const LEAVE_GROUP = 13
const INIT_PRODUCER_ID = 22
const ADD_PARTITIONS_TO_TXN = 24
const END_TXN = 26
const COORDINATOR_MS = 4_000
const OPERATION_NOT_ATTEMPTED = 55

const NO_PRODUCER: ProducerIdentity = { producerId: -1n, producerEpoch: -1 }

/** Throws the error of a code that is not 0. */
function check(code: number, of: string): void {
  if (code !== 0) throw new KafkaError(errorName(code), `${of}: ${errorName(code)}`)
}

/** `current`: the producer that goes on with the next epoch. */
export function initProducerIdRequest(
  transactionalId: string | null,
  transactionTimeoutMs: number,
  current = NO_PRODUCER,
): WireRequest<ProducerIdentity> {
  return flexibleRequest({
    apiKey: INIT_PRODUCER_ID,
    apiVersion: 4,
    apiName: 'InitProducerId',
    body: [compactNullable(transactionalId), int32(transactionTimeoutMs), int64(current.producerId), int16(current.producerEpoch)],
    decode(reader) {
      reader.int32() // throttle time
      check(reader.int16(), `no producer id for ${transactionalId ?? 'an idempotent producer'}`)
      return { producerId: reader.bigint64(), producerEpoch: reader.int16() }
    },
    timeoutMs: COORDINATOR_MS,
  })
}

/** Partitions by topic. */
export function addPartitionsRequest(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  topics: ReadonlyMap<string, readonly number[]>,
): WireRequest<void> {
  const list = [...topics].map(([topic, partitions]) => [compact(topic), compactArray(partitions.map(each => [int32(each)])), NO_TAGS])
  return flexibleRequest({
    apiKey: ADD_PARTITIONS_TO_TXN,
    apiVersion: 3,
    apiName: 'AddPartitionsToTxn',
    body: [compact(transactionalId), int64(producerId), int16(producerEpoch), compactArray(list)],
    decode(reader) {
      reader.int32() // throttle time
      const codes = decodePartitionCodes(reader)
      // Where one partition is refused the others are "not attempted", which says nothing.
      const code = codes.find(each => each !== 0 && each !== OPERATION_NOT_ATTEMPTED) ?? codes.find(each => each !== 0) ?? 0
      check(code, `partitions cannot join the transaction of ${transactionalId}`)
    },
    timeoutMs: COORDINATOR_MS,
  })
}

function decodePartitionCodes(reader: CompactReader): number[] {
  const topics = reader.array(() => {
    reader.string()
    const codes = reader.array(() => {
      reader.int32()
      const code = reader.int16()
      reader.tags()
      return code
    })
    reader.tags()
    return codes
  })
  return topics.flat()
}

/** The same identity goes on afterwards. */
export function endAnnouncedTransactionRequest(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  commit: boolean,
): WireRequest<void> {
  return flexibleRequest({
    apiKey: END_TXN,
    apiVersion: 3,
    apiName: 'EndTxn',
    body: [compact(transactionalId), int64(producerId), int16(producerEpoch), boolean(commit)],
    decode(reader) {
      reader.int32() // throttle time
      check(reader.int16(), `the transaction of ${transactionalId} cannot end`)
    },
    timeoutMs: COORDINATOR_MS,
  })
}

export function leaveGroupRequest(groupId: string, memberId: string): WireRequest<void> {
  return flexibleRequest({
    apiKey: LEAVE_GROUP,
    apiVersion: 5,
    apiName: 'LeaveGroup',
    body: [compact(groupId), compactArray([[compact(memberId), compactNullable(null), compactNullable(null), NO_TAGS]])],
    decode(reader) {
      reader.int32() // throttle time
      check(reader.int16(), `${memberId} cannot leave the group ${groupId}`)
    },
    timeoutMs: COORDINATOR_MS,
  })
}
