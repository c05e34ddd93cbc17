/**
 * The requests of the cluster's operator, to bytes and back, written by hand so that the harness depends neither on the client that it tests nor on
 * a library that refreshes all metadata first: Metadata 12, FindCoordinator 4, CreateTopics 7, DeleteTopics 6, DeleteRecords 2, ElectLeaders 2 and
 * AlterPartitionReassignments 0 (Kafka protocol guide); DescribeConfigs 4 and IncrementalAlterConfigs 1 are in `operator-settings.ts`.
 */
import { errorName } from '../../src/kafka/protocol/error-codes.ts'
import {
  type CompactReader,
  compact,
  compactArray,
  int16,
  int32,
  int64,
  NO_TAGS,
} from '../../src/kafka/protocol/flexible.ts'
import { flag, int32Array, int32s, NULL, request, texts } from './operator-fields.ts'

const METADATA = 3
const FIND_COORDINATOR = 10
const DESCRIBE_GROUPS = 15
const CREATE_TOPICS = 19
const DELETE_TOPICS = 20
const DELETE_RECORDS = 21
const ELECT_LEADERS = 43
const ALTER_PARTITION_REASSIGNMENTS = 45

const PREFERRED = 0
const TIMEOUT_MS = 10_000
const NO_UUID = Buffer.alloc(16)
const TOPIC_ALREADY_EXISTS = 36
const ELECTION_NOT_NEEDED = 84

export interface PartitionState {
  partition: number
  /** -1: none now. */
  leader: number
  leaderEpoch: number
  replicas: number[]
  isr: number[]
}

export interface TopicState {
  topic: string
  /** 32 hex digits. */
  id: string
  errorCode: number
  partitions: PartitionState[]
}

export interface ClusterState {
  /** Node ids of the brokers that are not fenced. */
  brokers: number[]
  topics: TopicState[]
}

export interface PartitionName {
  topic: string
  partition: number
}

/** The brokers and these topics; `'all'`: every topic of the cluster. */
export function describeTopics(topics: readonly string[] | 'all') {
  const named = topics === 'all' ? NULL : compactArray(topics.map(name => [NO_UUID, compact(name), NO_TAGS]))
  return request(METADATA, 12, 'Metadata', [named, flag(false), flag(false)], (reader): ClusterState => {
    reader.int32() // throttle time
    const brokers = reader.array(() => {
      const id = reader.int32()
      reader.string()
      reader.int32()
      reader.string()
      reader.tags()
      return id
    })
    reader.string()
    reader.int32()
    const found = reader.array(() => {
      const errorCode = reader.int16()
      const topic = reader.string()
      const id = uuid(reader)
      reader.int8()
      const partitions = reader.array(() => {
        reader.int16()
        const [partition, leader, leaderEpoch] = [reader.int32(), reader.int32(), reader.int32()]
        const [replicas, isr] = [int32s(reader), int32s(reader)]
        int32s(reader) // replicas that are offline
        reader.tags()
        return { partition, leader, leaderEpoch, replicas, isr }
      })
      reader.int32()
      reader.tags()
      return { topic, id, errorCode, partitions: partitions.sort((a, b) => a.partition - b.partition) }
    })
    return { brokers: brokers.sort((a, b) => a - b), topics: found }
  })
}

/** The node that coordinates a group or a transactional id. The first request makes its internal topic. Throws until it is there. */
export const findCoordinator = (kind: 'group' | 'transaction', key: string) =>
  request(FIND_COORDINATOR, 4, 'FindCoordinator', [Buffer.of(kind === 'group' ? 0 : 1), texts([key])], reader => {
    reader.int32()
    const [node] = reader.array(() => {
      reader.string()
      const id = reader.int32()
      reader.string()
      reader.int32()
      reader.error(`the coordinator of ${key}`)
      reader.tags()
      return id
    })
    return node!
  })

export interface NewTopic {
  topic: string
  /** By partition: the nodes of its replicas, the preferred leader first. Or a count, and the controller places three replicas of each. */
  partitions: number | number[][]
  settings?: Readonly<Record<string, string>>
}

/** A topic that exists already is no error. */
export function createTopics(topics: readonly NewTopic[]) {
  const entries = topics.map(({ topic, partitions, settings = {} }) => {
    const placed = typeof partitions === 'number' ? [] : partitions
    const [count, factor] = typeof partitions === 'number' ? [partitions, 3] : [-1, -1]
    const configs = Object.entries(settings).map(([name, value]) => [compact(name), compact(value), NO_TAGS])
    const assignments = placed.map((nodes, partition) => [int32(partition), int32Array(nodes), NO_TAGS])
    return [compact(topic), int32(count), int16(factor), compactArray(assignments), compactArray(configs), NO_TAGS]
  })
  return request(CREATE_TOPICS, 7, 'CreateTopics', [compactArray(entries), int32(TIMEOUT_MS), flag(false)], reader => {
    reader.int32()
    reader.array(() => {
      const topic = reader.string()
      uuid(reader)
      reader.error(`the topic ${topic}`, TOPIC_ALREADY_EXISTS)
      reader.int32()
      reader.int16()
      reader.array(() => {
        reader.string()
        reader.string()
        reader.int8()
        reader.int8()
        reader.int8()
        reader.tags()
      })
      reader.tags()
    })
  })
}

export const deleteTopics = (topics: readonly string[]) =>
  request(
    DELETE_TOPICS,
    6,
    'DeleteTopics',
    [compactArray(topics.map(name => [compact(name), NO_UUID, NO_TAGS])), int32(TIMEOUT_MS)],
    reader => {
      reader.int32()
      reader.array(() => {
        const topic = reader.string()
        uuid(reader)
        reader.error(`the topic ${topic}`)
        reader.tags()
      })
    },
  )

/** Everything below this offset goes, as retention would have it. To the partition's leader. */
export const deleteRecords = (topic: string, partition: number, before: number) =>
  request(
    DELETE_RECORDS,
    2,
    'DeleteRecords',
    [
      compactArray([[compact(topic), compactArray([[int32(partition), int64(BigInt(before)), NO_TAGS]]), NO_TAGS]]),
      int32(TIMEOUT_MS),
    ],
    reader => {
      reader.int32()
      reader.array(() => {
        reader.string()
        reader.array(() => {
          reader.int32()
          reader.int64()
          throwOn(reader.int16(), `the records of ${topic}/${partition}`)
          reader.tags()
        })
        reader.tags()
      })
    },
  )

/** Makes the first replica of each partition its leader, if it is in sync; `'all'`: of every partition of the cluster. */
export function electPreferredLeaders(partitions: readonly PartitionName[] | 'all') {
  const chosen =
    partitions === 'all'
      ? NULL
      : compactArray(
          byTopic(partitions).map(([topic, list]) => [
            compact(topic),
            int32Array(list.map(each => each.partition)),
            NO_TAGS,
          ]),
        )
  return request(ELECT_LEADERS, 2, 'ElectLeaders', [Buffer.of(PREFERRED), chosen, int32(TIMEOUT_MS)], reader => {
    reader.int32()
    throwOn(reader.int16(), 'the election')
    reader.array(() => {
      const topic = reader.string()
      reader.array(() => {
        const partition = reader.int32()
        reader.error(`the election of ${topic}/${partition}`, ELECTION_NOT_NEEDED)
        reader.tags()
      })
      reader.tags()
    })
  })
}

/** Gives each partition these replicas, the preferred leader first. The same nodes in another order take effect at once. */
export function reassign(partitions: ReadonlyArray<PartitionName & { replicas: readonly number[] }>) {
  const topics = byTopic(partitions).map(([topic, list]) => [
    compact(topic),
    compactArray(list.map(({ partition, replicas }) => [int32(partition), int32Array(replicas), NO_TAGS])),
    NO_TAGS,
  ])
  return request(
    ALTER_PARTITION_REASSIGNMENTS,
    0,
    'AlterPartitionReassignments',
    [int32(TIMEOUT_MS), compactArray(topics)],
    reader => {
      reader.int32()
      reader.error('the reassignment')
      reader.array(() => {
        const topic = reader.string()
        reader.array(() => {
          const partition = reader.int32()
          reader.error(`the reassignment of ${topic}/${partition}`)
          reader.tags()
        })
        reader.tags()
      })
    },
  )
}

export interface GroupMember {
  memberId: string
  clientId: string
}

/** State and members of a classic group, as its coordinator sees it. */
export const describeGroup = (group: string) =>
  request(DESCRIBE_GROUPS, 5, 'DescribeGroups', [texts([group]), flag(false)], reader => {
    reader.int32()
    const [found] = reader.array(() => {
      throwOn(reader.int16(), `the group ${group}`)
      reader.string()
      const state = reader.string()
      reader.string()
      reader.string()
      const members = reader.array((): GroupMember => {
        const memberId = reader.string()
        reader.string() // instance id
        const clientId = reader.string()
        reader.string() // host
        reader.string() // metadata
        reader.string() // assignment
        reader.tags()
        return { memberId, clientId }
      })
      reader.int32()
      reader.tags()
      return { state, members }
    })
    return found!
  })

function uuid(reader: CompactReader): string {
  reader.at += 16
  return reader.buffer.toString('hex', reader.at - 16, reader.at)
}

function byTopic<T extends PartitionName>(partitions: readonly T[]): Array<[string, T[]]> {
  return [...Map.groupBy(partitions, ({ topic }) => topic)]
}

function throwOn(code: number, of: string): void {
  if (code !== 0) throw new Error(`${of}: ${errorName(code)}`)
}
