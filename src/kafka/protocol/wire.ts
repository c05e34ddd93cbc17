/**
 * Kafka's wire, as kafkajs speaks it: connections, authentication, metadata, requests. What imports from inside kafkajs is here,
 * in `framing.ts` and in `literal-addresses.ts`; the files beside them use the requests.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { Logger } from '../../observability/logger.ts'
import type { ClusterMap, TopicInfo } from './cluster.ts'
import { errorName } from './error-codes.ts'
import type { FramedRequest } from './framing.ts'
import { brokersOf } from './literal-addresses.ts'
import './framing.ts' // kafkajs's connections learn to send them

const require = createRequire(import.meta.url)

/** How to reach a cluster. No username: no SASL. */
export interface KafkaSettings {
  brokers: string[]
  username?: string | undefined
  password?: string | undefined
  ssl?: boolean | undefined
  clientId: string
  /** How a connection is made, if not in the usual way. */
  socketFactory?: SocketFactory | undefined
}

/** `onConnect` is to be called once the connection stands. */
export type SocketFactory = (options: { host: string; port: number; ssl?: unknown; onConnect(): void }) => Socket

export interface WireRequest<T> {
  apiKey: number
  apiVersion: number
  apiName: string
  body: Buffer
  decode(payload: Buffer): T
  /** The whole deadline of this request from its sending, ms; 30 s by default. */
  timeoutMs?: number
  /** A longer answer destroys the connection; 100 MB by default. */
  answerBytesMax?: number
}

export interface PartitionName {
  topic: string
  partition: number
}

/** The `type` of a Kafka error, e.g. `INVALID_PRODUCER_EPOCH`; `CONNECTION` for a broken or refused connection. */
export class KafkaError extends Error {
  readonly type: string
  constructor(type: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'KafkaError'
    this.type = type
  }
}

export interface ProducerIdentity {
  producerId: bigint
  producerEpoch: number
}

export type CoordinatorKind = 'group' | 'transaction'

/** A set of connections of its own, opened on first use: a long poll holds up nobody else's requests. */
export interface Wire {
  readonly cluster: ClusterMap
  /**
   * Requests of one lane share a connection to that broker, other lanes have their own. A deadline that passes destroys the connection, marks the
   * broker as suspect and rejects with `REQUEST_TIMEOUT`; a broken connection marks it too and rejects with `CONNECTION`.
   */
  send<T>(nodeId: number, request: WireRequest<T>, lane?: string): Promise<T>
  /** Always asks: a broker that is not suspect, after 500 ms a second one. No topics: no answer ("all" does not exist here). */
  metadata(topics: string[]): Promise<TopicInfo[]>
  /** The first offset there is, or the next one to be written. */
  offset(topic: string, partition: number, at: 'earliest' | 'latest'): Promise<number>
  /** The next offsets to be written, of many partitions in one request per broker, by `<topic>/<partition>`; what has no leader now is left out. */
  ends(partitions: readonly PartitionName[]): Promise<Map<string, number>>
  /** The same for the first offsets there are. */
  starts(partitions: readonly PartitionName[]): Promise<Map<string, number>>
  /** `current`: the identity that goes on under its next epoch (KIP-360). */
  initProducerId(transactionalId: string | null, transactionTimeoutMs: number, current?: ProducerIdentity): Promise<ProducerIdentity>
  addPartitionsToTransaction(transactionalId: string, identity: ProducerIdentity, topics: Map<string, number[]>): Promise<void>
  endTransaction(transactionalId: string, identity: ProducerIdentity, commit: boolean): Promise<void>
  /** Node id of the coordinator, kept until it is forgotten. */
  coordinator(kind: CoordinatorKind, key: string): Promise<number>
  forgetCoordinator(kind: CoordinatorKind, key: string): void
  /** To the coordinator of this transactional id; an answer "not mine, not now" and a broken connection forget it. */
  sendToCoordinator<T>(transactionalId: string, request: WireRequest<T>): Promise<T>
  /** To whichever broker is at hand. */
  sendToAny<T>(request: WireRequest<T>): Promise<T>
  leaveGroup(groupId: string, memberId: string): Promise<void>
  close(): Promise<void>
}

// What is used of kafkajs's inside, typed as far as it is used.
interface Protocol {
  request: unknown
  response: { decode(payload: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> }
}
interface Broker {
  nodeId: number
  lookupRequest(apiKey: number, definition: unknown): (arguments_: unknown) => Protocol
  initProducerId(request: unknown): Promise<{ producerId: string; producerEpoch: number }>
  addPartitionsToTxn(request: unknown): Promise<unknown>
  endTxn(request: unknown): Promise<unknown>
  leaveGroup(request: unknown): Promise<unknown>
}
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  getNodeIds(): string[]
  findBroker(options: { nodeId: number }): Promise<Broker>
  findGroupCoordinator(options: { groupId: string; coordinatorType: number }): Promise<Broker>
  brokerPool: { findConnectedBroker(): Promise<Broker> }
}

const BrokerClass = require('kafkajs/src/broker') as { prototype: Record<symbol, (protocol: unknown) => Promise<unknown>> }
const SEND_REQUEST = Object.getOwnPropertySymbols(BrokerClass.prototype).find(symbol => String(symbol).includes('sendRequest'))!
const sendTo = (broker: Broker, protocol: unknown) => BrokerClass.prototype[SEND_REQUEST]!.call(broker, protocol)
const ClusterClass = require('kafkajs/src/cluster') as new (options: unknown) => Cluster
const { createLogger, LEVELS } = require('kafkajs/src/loggers') as {
  createLogger(options: unknown): unknown
  LEVELS: Record<string, number>
}
const { requests } = require('kafkajs/src/protocol/requests') as { requests: Record<string, unknown> }
const apiKeys = require('kafkajs/src/protocol/requests/apiKeys') as Record<string, number>
const RequestQueue = require('kafkajs/src/network/requestQueue') as {
  prototype: { scheduleCheckPendingRequests(this: { pending: unknown[] }): void }
}
const COORDINATOR_GROUP = 0
const COORDINATOR_TRANSACTION = 1

// kafkajs re-arms a 1 ms timer on every idle connection for ever; there is nothing to check while nothing is pending.
const scheduleCheck = RequestQueue.prototype.scheduleCheckPendingRequests
RequestQueue.prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) scheduleCheck.call(this)
}

/** Spelt out, because kafkajs changes its defaults when it finds itself under a test runner. */
export const RETRY = { maxRetryTime: 5_000, initialRetryTime: 50, factor: 0.2, multiplier: 2, retries: 5 }

export function saslOf(settings: KafkaSettings) {
  if (!settings.username) return {}
  return { sasl: { mechanism: 'scram-sha-512' as const, username: settings.username, password: settings.password ?? '' } }
}

export async function openWire(settings: KafkaSettings, logger: Logger): Promise<Wire> {
  const log = logger.child({ part: 'kafka-wire' })
  const cluster = new ClusterClass({
    logger: createLogger({ level: LEVELS.NOTHING, logCreator: () => () => undefined }),
    ...brokersOf(settings),
    clientId: settings.clientId,
    ssl: settings.ssl || undefined,
    ...saslOf(settings),
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    retry: RETRY,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 1,
  })
  await translated(() => cluster.connect())
  await translated(() => cluster.refreshMetadata())

  const coordinators = new Map<string, Broker>()

  async function brokerFor(nodeId: number): Promise<Broker> {
    return cluster.findBroker({ nodeId })
  }

  async function coordinator(transactionalId: string): Promise<Broker> {
    const known = coordinators.get(transactionalId)
    if (known) return known
    const found = await cluster.findGroupCoordinator({ groupId: transactionalId, coordinatorType: COORDINATOR_TRANSACTION })
    coordinators.set(transactionalId, found)
    return found
  }

  /** Anything but an answer "not mine, not now" leaves the coordinator as it is. */
  async function atCoordinator<T>(transactionalId: string, call: (broker: Broker) => Promise<T>): Promise<T> {
    try {
      return await translated(async () => call(await coordinator(transactionalId)))
    } catch (error) {
      if (error instanceof KafkaError && COORDINATOR_MOVED.has(error.type)) coordinators.delete(transactionalId)
      throw error
    }
  }

  async function exchange<T>(broker: Broker, request: WireRequest<T>): Promise<T> {
    const protocol: FramedRequest<T> = { request, response: request, requestTimeout: request.timeoutMs ?? null }
    return (await sendTo(broker, protocol)) as T
  }

  async function sendRaw(broker: Broker, apiKey: number, definition: unknown, arguments_: unknown): Promise<unknown> {
    const { request, response } = broker.lookupRequest(apiKey, definition)(arguments_)
    return sendTo(broker, { request, response: { decode: response.decode, parse: async (data: unknown) => data } })
  }

  async function leaderOf(topic: string, partition: number): Promise<number> {
    const [found] = await wire.metadata([topic])
    const leader = found?.partitions.find(each => each.partition === partition)?.leader
    if (leader === undefined || leader < 0) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${topic}/${partition} has no leader`)
    return leader
  }

  async function offsetsOf(partitions: readonly PartitionName[], timestamp: '-1' | '-2'): Promise<Map<string, number>> {
    const wanted = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`))
    const byLeader = new Map<number, Map<string, Array<{ partition: number; timestamp: string }>>>()
    for (const known of await wire.metadata([...new Set(partitions.map(({ topic }) => topic))])) {
      for (const { partition, leader } of known.partitions) {
        if (leader < 0 || !wanted.has(`${known.topic}/${partition}`)) continue
        const topics = byLeader.get(leader) ?? new Map<string, Array<{ partition: number; timestamp: string }>>()
        byLeader.set(leader, topics)
        topics.set(known.topic, [...(topics.get(known.topic) ?? []), { partition, timestamp }])
      }
    }
    const found = new Map<string, number>()
    for (const [leader, topics] of byLeader) {
      const asked = [...topics].map(([topic, list]) => ({ topic, partitions: list }))
      const answer = (await translated(async () =>
        sendRaw(await brokerFor(leader), apiKeys.ListOffsets!, requests.ListOffsets, { isolationLevel: 0, topics: asked }),
      )) as { responses: Array<{ topic: string; partitions: Array<{ partition: number; errorCode: number; offset: string }> }> }
      for (const { topic, partitions: list } of answer.responses)
        for (const { partition, errorCode, offset } of list) if (errorCode === 0) found.set(`${topic}/${partition}`, Number(offset))
    }
    return found
  }

  const notYet = (): never => {
    throw new Error('not there yet')
  }
  const wire: Wire = {
    cluster: { known: notYet, leader: notYet, load: notYet, stale: notYet, moved: notYet, suspect: notYet, isSuspect: notYet },
    coordinator: notYet,
    forgetCoordinator: notYet,
    send: (nodeId, request) => translated(async () => exchange(await brokerFor(nodeId), request)),
    sendToCoordinator: (transactionalId, request) => atCoordinator(transactionalId, broker => exchange(broker, request)),
    sendToAny: request => translated(async () => exchange(await cluster.brokerPool.findConnectedBroker(), request)),
    metadata: topics =>
      translated(async () => {
        const broker = await cluster.brokerPool.findConnectedBroker()
        const answer = (await sendRaw(broker, apiKeys.Metadata!, requests.Metadata, { topics, allowAutoTopicCreation: false })) as {
          topicMetadata: Array<{
            topic: string
            topicErrorCode: number
            partitionMetadata: Array<{ partitionId: number; leader: number }>
          }>
        }
        return answer.topicMetadata.map(each => ({
          topic: each.topic,
          errorCode: each.topicErrorCode,
          id: '',
          partitions: each.partitionMetadata.map(one => ({
            partition: one.partitionId,
            leader: one.leader,
            leaderEpoch: -1,
            replicas: [],
            isr: [],
          })),
        }))
      }),
    offset: (topic, partition, at) =>
      translated(async () => {
        const broker = await brokerFor(await leaderOf(topic, partition))
        const timestamp = at === 'earliest' ? '-2' : '-1'
        const topics = [{ topic, partitions: [{ partition, timestamp }] }]
        // Isolation 0: the end of the log, open transactions included.
        const answer = (await sendRaw(broker, apiKeys.ListOffsets!, requests.ListOffsets, { isolationLevel: 0, topics })) as {
          responses: Array<{ partitions: Array<{ errorCode: number; offset: string }> }>
        }
        const found = answer.responses[0]?.partitions[0]
        if (found?.errorCode !== 0)
          throw new KafkaError(
            errorName(found?.errorCode ?? -1),
            `the offset of ${topic}/${partition} is not to be had: ${found?.errorCode}`,
          )
        return Number(found.offset)
      }),
    ends: partitions => offsetsOf(partitions, '-1'),
    starts: partitions => offsetsOf(partitions, '-2'),
    initProducerId: async (transactionalId, transactionTimeoutMs) => {
      const request = { transactionalId, transactionTimeout: transactionTimeoutMs }
      const { producerId, producerEpoch } =
        transactionalId === null
          ? await translated(async () => (await cluster.brokerPool.findConnectedBroker()).initProducerId(request))
          : await atCoordinator(transactionalId, broker => broker.initProducerId(request))
      return { producerId: BigInt(String(producerId)), producerEpoch }
    },
    addPartitionsToTransaction: async (transactionalId, identity, topics) => {
      const list = [...topics].map(([topic, partitions]) => ({ topic, partitions }))
      const who = { transactionalId, producerId: String(identity.producerId), producerEpoch: identity.producerEpoch }
      await atCoordinator(transactionalId, broker => broker.addPartitionsToTxn({ ...who, topics: list }))
    },
    endTransaction: async (transactionalId, identity, commit) => {
      const who = { transactionalId, producerId: String(identity.producerId), producerEpoch: identity.producerEpoch }
      await atCoordinator(transactionalId, broker => broker.endTxn({ ...who, transactionResult: commit }))
    },
    leaveGroup: (groupId, memberId) =>
      translated(async () => {
        const broker = await cluster.findGroupCoordinator({ groupId, coordinatorType: COORDINATOR_GROUP })
        await broker.leaveGroup({ groupId, memberId })
      }),
    close: () => cluster.disconnect(),
  }
  log.debug({ nodes: cluster.getNodeIds() }, 'connected')
  return wire
}

const COORDINATOR_MOVED = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS', 'CONNECTION'])

async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof KafkaError) throw error
    const { type, name, message } = error as { type?: string; name?: string; message?: string }
    if (type) throw new KafkaError(type, message ?? type, { cause: error })
    if (name === 'KafkaJSGroupCoordinatorNotFound')
      throw new KafkaError('GROUP_COORDINATOR_NOT_AVAILABLE', message ?? name, { cause: error })
    throw new KafkaError('CONNECTION', `${name ?? 'Error'}: ${message ?? String(error)}`, { cause: error })
  }
}
