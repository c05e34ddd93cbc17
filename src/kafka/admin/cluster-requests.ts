/**
 * Encodes and decodes the preflight's requests about the cluster: DescribeCluster 0, DescribeGroups 5, the newest time
 * in a log (ListOffsets 7).
 */
import { boolean, compact, compactArray, flexibleRequest, int8, int32, int64, NO_TAGS } from '../protocol/flexible.ts'
import type { WireRequest } from '../protocol/types.ts'

const LIST_OFFSETS = 2
const DESCRIBE_GROUPS = 15
const DESCRIBE_CLUSTER = 60
const ANSWER_MS = 5_000
const MAX_TIMESTAMP = -3n

export interface ClusterDescription {
  /** Node ids of the live brokers. */
  brokers: number[]
  /** The same with their addresses. */
  places: Array<{ id: number; host: string; port: number }>
  /** The user's permissions on the cluster: bit n is Kafka's operation n. */
  operations: number
}

export function describeClusterRequest(): WireRequest<ClusterDescription> {
  return flexibleRequest({
    apiKey: DESCRIBE_CLUSTER,
    apiVersion: 0,
    apiName: 'DescribeCluster',
    body: [boolean(true)],
    decode(reader) {
      reader.int32() // throttle time
      reader.error('the cluster')
      reader.string() // cluster id
      reader.int32() // controller
      const places = reader.array(() => {
        const [id, host, port] = [reader.int32(), reader.string() ?? '', reader.int32()]
        reader.string() // rack
        reader.tags()
        return { id, host, port }
      })
      return { brokers: places.map(({ id }) => id), places, operations: reader.int32() }
    },
    timeoutMs: ANSWER_MS,
  })
}

/** The user's permissions on a group, as the same bits; the error code where it may not describe the group. */
export function describeGroupRequest(groupId: string): WireRequest<{ errorCode: number; operations: number }> {
  return flexibleRequest({
    apiKey: DESCRIBE_GROUPS,
    apiVersion: 5,
    apiName: 'DescribeGroups',
    body: [compactArray([[compact(groupId)]]), boolean(true)],
    decode(reader) {
      reader.int32() // throttle time
      const [group] = reader.array(() => {
        const errorCode = reader.int16()
        for (let text = 0; text < 4; text++) reader.string() // id, state, protocol type, protocol
        reader.array(() => {
          for (let text = 0; text < 4; text++) reader.string() // member, instance, client, host
          reader.bytes()
          reader.bytes()
          reader.tags()
        })
        const operations = reader.int32()
        reader.tags()
        return { errorCode, operations }
      })
      return group!
    },
    timeoutMs: ANSWER_MS,
  })
}

/** The time of the newest record of a partition, ms; -1 when it is empty or the broker does not say. */
export function newestTimeRequest(topic: string, partition: number): WireRequest<number> {
  return flexibleRequest({
    apiKey: LIST_OFFSETS,
    apiVersion: 7,
    apiName: 'ListOffsets',
    body: [
      int32(-1),
      int8(0),
      compactArray([
        [compact(topic), compactArray([[int32(partition), int32(-1), int64(MAX_TIMESTAMP), NO_TAGS]]), NO_TAGS],
      ]),
    ],
    decode(reader) {
      reader.int32() // throttle time
      const [times] = reader.array(() => {
        reader.string()
        return reader.array(() => {
          reader.int32()
          const errorCode = reader.int16()
          const timestamp = reader.int64()
          reader.int64()
          reader.int32()
          reader.tags()
          return errorCode === 0 ? timestamp : -1
        })
      })
      return times?.[0] ?? -1
    },
    timeoutMs: ANSWER_MS,
  })
}
