/**
 * Encodes and decodes location requests: Metadata 12 (brokers, leaders, topic ids), FindCoordinator 4, ListOffsets 7.
 */
import type { PartitionInfo, TopicInfo } from './cluster.ts'
import {
  boolean,
  type CompactReader,
  compact,
  compactArray,
  flexibleRequest,
  int8,
  int32,
  int64,
  NO_TAGS,
  uuid,
} from './flexible.ts'
import type { WireRequest } from './types.ts'

const LIST_OFFSETS = 2
const METADATA = 3
const FIND_COORDINATOR = 10
const METADATA_MS = 1_500
const OFFSETS_MS = 4_000

export interface BrokerAddress {
  nodeId: number
  host: string
  port: number
}

export interface MetadataAnswer {
  brokers: BrokerAddress[]
  /** Of the topics in the request. */
  topics: Array<TopicInfo & { operations: number }>
}

/** No topics: the brokers only. `withOperations`: also the user's permissions on each topic, as Kafka's bit field. */
export function metadataRequest(topics: readonly string[], withOperations = false): WireRequest<MetadataAnswer> {
  const names = compactArray(topics.map(topic => [uuid(''), compact(topic), NO_TAGS]))
  return flexibleRequest({
    apiKey: METADATA,
    apiVersion: 12,
    apiName: 'Metadata',
    body: [names, boolean(false), boolean(withOperations)],
    decode: decodeMetadata,
    timeoutMs: METADATA_MS,
  })
}

function decodeMetadata(reader: CompactReader): MetadataAnswer {
  reader.int32() // throttle time
  const brokers = reader.array(() => {
    const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() }
    reader.string() // rack
    reader.tags()
    return broker
  })
  reader.string() // cluster id
  reader.int32() // controller
  const topics = reader.array(() => {
    const errorCode = reader.int16()
    const topic = reader.string()
    const id = reader.uuid()
    reader.boolean() // internal
    const partitions = reader.array(() => decodePartition(reader))
    const operations = reader.int32()
    reader.tags()
    return { topic, id, errorCode, partitions, operations }
  })
  return { brokers, topics }
}

function decodePartition(reader: CompactReader): PartitionInfo {
  reader.int16() // an error is said by what is absent, too
  const partition = reader.int32()
  const leader = reader.int32()
  const leaderEpoch = reader.int32()
  const replicas = reader.array(() => reader.int32())
  const isr = reader.array(() => reader.int32())
  reader.array(() => reader.int32()) // replicas that are offline
  reader.tags()
  return { partition, leader, leaderEpoch, replicas, isr }
}

export interface FoundCoordinator extends BrokerAddress {
  errorCode: number
  message: string
}

export function findCoordinatorRequest(kind: 'group' | 'transaction', key: string): WireRequest<FoundCoordinator> {
  return flexibleRequest({
    apiKey: FIND_COORDINATOR,
    apiVersion: 4,
    apiName: 'FindCoordinator',
    body: [int8(kind === 'group' ? 0 : 1), compactArray([[compact(key)]])],
    decode(reader) {
      reader.int32() // throttle time
      const [found] = reader.array(() => {
        reader.string() // the key
        const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() }
        const coordinator = { ...broker, errorCode: reader.int16(), message: reader.string() }
        reader.tags()
        return coordinator
      })
      return found!
    },
    timeoutMs: METADATA_MS,
  })
}

export interface OffsetQuery {
  topic: string
  partition: number
  leaderEpoch: number
}

export interface OffsetFound {
  topic: string
  partition: number
  errorCode: number
  offset: number
}

/** `latest`: the end of the log, open transactions included; `stable`: where committed records end. */
export type OffsetPlace = 'earliest' | 'latest' | 'stable'

export function listOffsetsRequest(wanted: readonly OffsetQuery[], at: OffsetPlace): WireRequest<OffsetFound[]> {
  const timestamp = int64(at === 'earliest' ? -2n : -1n)
  const isolation = int8(at === 'stable' ? 1 : 0)
  const byTopic = Map.groupBy(wanted, each => each.topic)
  const topics = [...byTopic].map(([topic, list]) => [
    compact(topic),
    compactArray(list.map(({ partition, leaderEpoch }) => [int32(partition), int32(leaderEpoch), timestamp, NO_TAGS])),
    NO_TAGS,
  ])
  return flexibleRequest({
    apiKey: LIST_OFFSETS,
    apiVersion: 7,
    apiName: 'ListOffsets',
    body: [int32(-1), isolation, compactArray(topics)],
    decode(reader) {
      reader.int32() // throttle time
      const found = reader.array(() => {
        const topic = reader.string()
        const partitions = reader.array(() => {
          const partition = reader.int32()
          const errorCode = reader.int16()
          reader.int64() // time of the record
          const offset = reader.int64()
          reader.int32() // its leader epoch
          reader.tags()
          return { topic, partition, errorCode, offset }
        })
        reader.tags()
        return partitions
      })
      return found.flat()
    },
    timeoutMs: OFFSETS_MS,
  })
}
