/**
 * Kafka as the rest of the platform uses it: requests to brokers by node id, over connections of one owner. Leaders,
 * coordinators and the login are shared with all other wires of the process that have the same settings.
 */
import { createSystemClock, createSystemRandom } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ClusterMap, TopicInfo } from './cluster.ts'
import { initProducerIdRequest } from './coordinator-requests.ts'
import { COORDINATOR_MOVED, type CoordinatorKind } from './coordinators.ts'
import { errorName, LEADER_MOVED } from './error-codes.ts'
import { listOffsetsRequest, type OffsetPlace, type OffsetQuery } from './metadata-requests.ts'
import { shareCluster } from './shared-cluster.ts'
import { KafkaError, type KafkaSettings, type ProducerIdentity, type WireRequest } from './types.ts'

export type { CoordinatorKind } from './coordinators.ts'
export {
  type AccessToken,
  KafkaError,
  type KafkaSettings,
  type ProducerIdentity,
  type SaslMechanism,
  type SocketFactory,
  type TlsSettings,
  type WireRequest,
} from './types.ts'

export interface PartitionName {
  topic: string
  partition: number
}

/** A separate set of connections, opened on first use: a long poll blocks no other requests. */
export interface Wire {
  readonly cluster: ClusterMap
  /**
   * Requests of one lane share a connection to that broker, other lanes have their own. An expired deadline destroys
   * the connection, marks the broker as suspect and rejects with `REQUEST_TIMEOUT`; a broken connection marks it too
   * and rejects with `CONNECTION`.
   */
  send<T>(nodeId: number, request: WireRequest<T>, lane?: string): Promise<T>
  /**
   * Always makes a request: to a broker that is not suspect, after 500 ms to a second one. No topics: an empty answer
   * ("all" is not supported here).
   */
  metadata(topics: string[]): Promise<TopicInfo[]>
  /** The first offset that exists, or the next one to be written. */
  offset(topic: string, partition: number, at: 'earliest' | 'latest'): Promise<number>
  /**
   * The next offsets to be written, of many partitions in one request per broker, by `<topic>/<partition>`; partitions
   * without a leader are left out.
   */
  ends(partitions: readonly PartitionName[]): Promise<Map<string, number>>
  /** The same for the first offsets that exist. */
  starts(partitions: readonly PartitionName[]): Promise<Map<string, number>>
  /** The same for the ends of committed records: an open transaction ends a log here. */
  stableEnds(partitions: readonly PartitionName[]): Promise<Map<string, number>>
  /** `current`: the identity that continues under its next epoch (KIP-360). */
  initProducerId(
    transactionalId: string | null,
    transactionTimeoutMs: number,
    current?: ProducerIdentity,
  ): Promise<ProducerIdentity>
  /** Node id of the coordinator, cached until invalidated. */
  coordinator(kind: CoordinatorKind, key: string): Promise<number>
  forgetCoordinator(kind: CoordinatorKind, key: string): void
  /**
   * To the coordinator of this transactional id; an answer "not mine, not now" and a broken connection invalidate it.
   */
  sendToCoordinator<T>(transactionalId: string, request: WireRequest<T>): Promise<T>
  /** To any available broker. */
  sendToAny<T>(request: WireRequest<T>): Promise<T>
  close(): Promise<void>
}

const system = { clock: createSystemClock(), random: createSystemRandom() }
const OFFSET_TRIES = 3
const OFFSET_PAUSE_MS = 50

/**
 * Rejects when no broker answers (`CONNECTION`), or none accepts the login: then with a sentence that says what to
 * change.
 */
export async function openWire(settings: KafkaSettings, logger: Logger, { clock, random } = system): Promise<Wire> {
  const cluster = shareCluster({ settings, clock, random, logger })
  try {
    await cluster.ready()
  } catch (error) {
    cluster.release()
    throw error
  }
  const { map, coordinators } = cluster
  const connections = cluster.createConnections()
  let isClosed = false

  async function atCoordinator<T>(transactionalId: string, request: WireRequest<T>): Promise<T> {
    try {
      return await connections.send(await coordinators.find('transaction', transactionalId), request)
    } catch (error) {
      if (error instanceof KafkaError && COORDINATOR_MOVED.has(error.type))
        coordinators.forget('transaction', transactionalId)
      throw error
    }
  }

  async function offsetOnce(topic: string, partition: number, at: 'earliest' | 'latest'): Promise<number> {
    const { node, epoch } = map.leader(topic, partition)!
    const [found] = await connections.send(node, listOffsetsRequest([{ topic, partition, leaderEpoch: epoch }], at))
    if (found?.errorCode === 0) return found.offset
    const name = errorName(found?.errorCode ?? -1)
    throw new KafkaError(name, `the offset of ${topic}/${partition} is not to be had: ${name}`)
  }

  async function offset(topic: string, partition: number, at: 'earliest' | 'latest'): Promise<number> {
    for (let tries = 1; ; tries++) {
      await map.load([topic])
      if (!map.leader(topic, partition)) {
        map.stale(topic)
        throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${topic}/${partition} has no leader now`)
      }
      try {
        return await offsetOnce(topic, partition, at)
      } catch (error) {
        if (!isElsewhere(error)) throw error
        map.stale(topic)
        if (tries === OFFSET_TRIES) throw error
        await clock.sleep(OFFSET_PAUSE_MS)
      }
    }
  }

  /**
   * Leaves out partitions of an unavailable leader as long as another broker answers; partitions that moved are looked
   * up once more.
   */
  async function offsetsOf(partitions: readonly PartitionName[], at: OffsetPlace): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    const moved = await findOffsets(partitions, at, found)
    if (moved.length > 0) await findOffsets(moved, at, found)
    return found
  }

  /** Returns those that another broker leads by now. */
  async function findOffsets(
    partitions: readonly PartitionName[],
    at: OffsetPlace,
    found: Map<string, number>,
  ): Promise<PartitionName[]> {
    await map.load(new Set(partitions.map(({ topic }) => topic)))
    const answers = await Promise.allSettled(
      [...byLeader(partitions)].map(([node, wanted]) => connections.send(node, listOffsetsRequest(wanted, at))),
    )
    const failed = answers.find(answer => answer.status === 'rejected')
    if (failed && answers.every(answer => answer.status === 'rejected')) throw failed.reason
    const moved: PartitionName[] = []
    for (const { topic, partition, errorCode, offset } of answers.flatMap(answer =>
      answer.status === 'fulfilled' ? answer.value : [],
    )) {
      if (errorCode === 0) {
        found.set(`${topic}/${partition}`, offset)
        continue
      }
      map.stale(topic)
      if (LEADER_MOVED.has(errorName(errorCode))) moved.push({ topic, partition })
    }
    return moved
  }

  function byLeader(partitions: readonly PartitionName[]): Map<number, OffsetQuery[]> {
    const byNode = new Map<number, OffsetQuery[]>()
    for (const { topic, partition } of partitions) {
      const leader = map.leader(topic, partition)
      if (!leader) {
        map.stale(topic)
        continue
      }
      const list = byNode.get(leader.node) ?? []
      byNode.set(leader.node, list)
      list.push({ topic, partition, leaderEpoch: leader.epoch })
    }
    return byNode
  }

  return {
    cluster: map,
    // Ids below zero are addresses, not brokers: a partition without a leader has one.
    send: async (nodeId, request, lane) => {
      if (nodeId < 0) throw new KafkaError('LEADER_NOT_AVAILABLE', `${request.apiName} has no broker to go to`)
      return connections.send(nodeId, request, lane)
    },
    coordinator: coordinators.find,
    forgetCoordinator: coordinators.forget,
    sendToCoordinator: atCoordinator,
    sendToAny: async request => connections.send(await cluster.anyNode(), request),
    metadata: async topics => (topics.length === 0 ? [] : (await cluster.askMetadata(topics)).topics),
    offset,
    ends: partitions => offsetsOf(partitions, 'latest'),
    starts: partitions => offsetsOf(partitions, 'earliest'),
    stableEnds: partitions => offsetsOf(partitions, 'stable'),
    initProducerId(transactionalId, transactionTimeoutMs, current) {
      const request = initProducerIdRequest(transactionalId, transactionTimeoutMs, current)
      return transactionalId === null ? cluster.askAny(request) : atCoordinator(transactionalId, request)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      connections.close()
      cluster.release()
    },
  }
}

/** The leader has moved, or is unavailable. */
const isElsewhere = (error: unknown): boolean =>
  error instanceof KafkaError &&
  (LEADER_MOVED.has(error.type) || error.type === 'CONNECTION' || error.type === 'REQUEST_TIMEOUT')
