/**
 * Encodes and decodes requests about topics: CreateTopics 7, DeleteTopics 6, CreatePartitions 3, DescribeConfigs 4,
 * IncrementalAlterConfigs 1 (Kafka protocol guide).
 */
import { errorName } from '../protocol/error-codes.ts'
import {
  boolean,
  type CompactReader,
  compact,
  compactArray,
  compactNullable,
  flexibleRequest,
  int8,
  int16,
  int32,
  NO_TAGS,
  uuid,
} from '../protocol/flexible.ts'
import { KafkaError, type WireRequest } from '../protocol/types.ts'

const CREATE_TOPICS = 19
const DELETE_TOPICS = 20
const DESCRIBE_CONFIGS = 32
const CREATE_PARTITIONS = 37
const INCREMENTAL_ALTER_CONFIGS = 44

const TOPIC = 2
const BROKER = 4
const SET = 0
const DELETE = 1
const FROM_TOPIC = 1
/** The broker's own limit is below ours, so it answers when it is late. */
const BROKER_MS = 10_000
const ANSWER_MS = 12_000

export interface NewTopic {
  topic: string
  partitions: number
  replicationFactor: number
  settings: Readonly<Record<string, string>>
}

/** The result for one topic. */
export interface TopicResult {
  topic: string
  /** Undefined: success. */
  error: KafkaError | undefined
}

export function createTopicsRequest(topics: readonly NewTopic[]): WireRequest<TopicResult[]> {
  const list = topics.map(({ topic, partitions, replicationFactor, settings }) => {
    const configs = Object.entries(settings).map(([name, value]) => [compact(name), compact(value), NO_TAGS])
    return [
      compact(topic),
      int32(partitions),
      int16(replicationFactor),
      compactArray([]),
      compactArray(configs),
      NO_TAGS,
    ]
  })
  return flexibleRequest({
    apiKey: CREATE_TOPICS,
    apiVersion: 7,
    apiName: 'CreateTopics',
    body: [compactArray(list), int32(BROKER_MS), boolean(false)],
    decode: reader =>
      results(reader, () => {
        const topic = reader.string()
        reader.uuid()
        const error = errorOf(reader, topic)
        reader.int32() // partitions
        reader.int16() // replicas
        reader.array(() => {
          reader.string()
          reader.string()
          reader.boolean() // read only
          reader.int8() // source
          reader.boolean() // sensitive
          reader.tags()
        })
        return { topic, error }
      }),
    timeoutMs: ANSWER_MS,
  })
}

export function deleteTopicsRequest(topics: readonly string[]): WireRequest<TopicResult[]> {
  return flexibleRequest({
    apiKey: DELETE_TOPICS,
    apiVersion: 6,
    apiName: 'DeleteTopics',
    body: [compactArray(topics.map(topic => [compact(topic), uuid(''), NO_TAGS])), int32(BROKER_MS)],
    decode: reader =>
      results(reader, () => {
        const topic = reader.string()
        reader.uuid()
        return { topic, error: errorOf(reader, topic) }
      }),
    timeoutMs: ANSWER_MS,
  })
}

/** `count`: the number of partitions that each topic is to have. */
export function createPartitionsRequest(
  topics: ReadonlyArray<{ topic: string; count: number }>,
): WireRequest<TopicResult[]> {
  const chosenByBroker = compactNullable(null)
  return flexibleRequest({
    apiKey: CREATE_PARTITIONS,
    apiVersion: 3,
    apiName: 'CreatePartitions',
    body: [
      compactArray(topics.map(({ topic, count }) => [compact(topic), int32(count), chosenByBroker, NO_TAGS])),
      int32(BROKER_MS),
      boolean(false),
    ],
    decode: reader =>
      results(reader, () => {
        const topic = reader.string()
        return { topic, error: errorOf(reader, topic) }
      }),
    timeoutMs: ANSWER_MS,
  })
}

/** The settings of a topic or a broker in force, by name. */
export interface DescribedConfig {
  name: string
  error: KafkaError | undefined
  settings: Map<string, { value: string | null; isOwn: boolean }>
}

/** `kind`: of `names`; brokers by their ids. `keys`: only these settings. */
export function describeConfigsRequest(
  kind: 'topic' | 'broker',
  names: readonly string[],
  keys: readonly string[],
): WireRequest<DescribedConfig[]> {
  const type = int8(kind === 'topic' ? TOPIC : BROKER)
  const resources = names.map(name => [type, compact(name), compactArray(keys.map(key => [compact(key)])), NO_TAGS])
  return flexibleRequest({
    apiKey: DESCRIBE_CONFIGS,
    apiVersion: 4,
    apiName: 'DescribeConfigs',
    body: [compactArray(resources), boolean(false), boolean(false)],
    decode: reader =>
      results(reader, () => {
        const code = reader.int16()
        const message = reader.string()
        reader.int8() // kind
        const name = reader.string()
        const settings = new Map(reader.array(() => decodeSetting(reader)))
        return { name, error: errorFor(code, message, name), settings }
      }),
    timeoutMs: ANSWER_MS,
  })
}

function decodeSetting(reader: CompactReader): [string, { value: string | null; isOwn: boolean }] {
  const name = reader.string()
  const value = reader.nullableString()
  reader.boolean() // read only
  const isOwn = reader.int8() === FROM_TOPIC
  reader.boolean() // sensitive
  reader.array(() => {
    reader.string()
    reader.string()
    reader.int8()
    reader.tags()
  })
  reader.int8() // type
  reader.string() // documentation
  reader.tags()
  return [name, { value, isOwn }]
}

/** Sets these, or restores the default where the value is null; all other settings of the topics stay. */
export function alterTopicConfigsRequest(
  topics: ReadonlyArray<readonly [topic: string, settings: Readonly<Record<string, string | null>>]>,
): WireRequest<TopicResult[]> {
  const changes = (settings: Readonly<Record<string, string | null>>) =>
    Object.entries(settings).map(([name, value]) => [
      compact(name),
      int8(value === null ? DELETE : SET),
      compactNullable(value),
      NO_TAGS,
    ])
  return flexibleRequest({
    apiKey: INCREMENTAL_ALTER_CONFIGS,
    apiVersion: 1,
    apiName: 'IncrementalAlterConfigs',
    body: [
      compactArray(
        topics.map(([topic, settings]) => [int8(TOPIC), compact(topic), compactArray(changes(settings)), NO_TAGS]),
      ),
      boolean(false),
    ],
    decode: reader =>
      results(reader, () => {
        const code = reader.int16()
        const message = reader.string()
        reader.int8() // kind
        const topic = reader.string()
        return { topic, error: errorFor(code, message, topic) }
      }),
    timeoutMs: ANSWER_MS,
  })
}

/** Follows the throttle time; each structure ends with its tags. */
function results<T>(reader: CompactReader, item: () => T): T[] {
  reader.int32()
  return reader.array(() => {
    const result = item()
    reader.tags()
    return result
  })
}

function errorOf(reader: CompactReader, of: string): KafkaError | undefined {
  const code = reader.int16()
  return errorFor(code, reader.string(), of)
}

function errorFor(code: number, message: string, of: string): KafkaError | undefined {
  if (code === 0) return undefined
  const name = errorName(code)
  return new KafkaError(name, `${of}: ${message ? `${message} (${name})` : name}`)
}
