import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import { fetchKafkaProgram, type KafkaProgram } from '../../src/embedded/kafka-jars.ts'
import { findJava } from '../../src/embedded/kafka-java.ts'
import { PLATFORM_USER } from '../../src/embedded/kafka-settings.ts'
import { archiveClasses } from '../../src/embedded/kafka-storage.ts'
import type { ProgressLogger } from '../../src/embedded/part-directory.ts'
import type { ProcessIdentity } from '../../src/embedded/process-identity.ts'
import { type ClusterNodes, createClusterNodes } from './cluster-nodes.ts'
import { type ClusterTopics, createClusterTopics } from './cluster-topics.ts'
import { startGuardian } from './guardian.ts'
import { createLeadership } from './leadership.ts'
import type { OperatorRequest } from './operator.ts'
import { createOperatorCalls, led } from './operator-calls.ts'
import type { PartitionName } from './operator-requests.ts'
import * as requests from './operator-requests.ts'
import { partitionsOfShard, topicsOfOrganization } from './placement.ts'
import { prepareTemplate, SPARE, VOTERS } from './templates.ts'

export interface ClusterOptions {
  /** Takes the nodes' disks and logs. */
  directory: string
  /** Where the jars are, or go. */
  cacheDir: string
  logger: ProgressLogger
  /** `broker.session.timeout.ms`, 4 s by default: how long a dead broker keeps its partitions. */
  sessionTimeoutMs?: number
  /** Other jars than those of the embedded broker, of another version of Kafka. */
  program?: KafkaProgram
  /** Learns of every broker process that is started. */
  onStarted?(process: ProcessIdentity): void
}

/** The roles that work by shards; each is a consumer group of this name. */
export type ShardRole = 'admit' | 'deliver' | 'record'

export interface Cluster extends ClusterNodes, ClusterTopics {
  /** host:port of the listener for the platform itself, of the three brokers. */
  brokers: string[]
  /** host:port of the listener for organizations' own users. */
  clientBrokers: string[]
  /** May do everything; SCRAM-SHA-512, SCRAM-SHA-256 and PLAIN on `brokers`, SCRAM-SHA-512 on `clientBrokers`. */
  username: string
  password: string
  /** Makes `n`, a replica in sync, the leader, and the preferred one. Resolves when every broker that serves says so. */
  moveLeader(topic: string, partition: number, n: number): Promise<void>
  /** The same for many partitions at once. */
  moveLeaders(partitions: readonly PartitionName[], n: number): Promise<void>
  /** Puts the replicas of a partition on these nodes, the leader first, and waits until they are in sync. */
  setReplicas(topic: string, partition: number, nodes: number[]): Promise<void>
  /**
   * Takes the in-sync set of these partitions below the minimum of two: their replicas go to a broker of the three and to the fourth, which is killed.
   * Everybody else keeps three replicas in sync. Resolves when it is so. The answer puts the replicas back.
   */
  shrinkIsr(partitions: readonly PartitionName[]): Promise<() => Promise<void>>
  /** A topic of one partition and one replica whose broker is dead, so that it has no leader. The answer deletes it. */
  leaderlessTopic(topic: string): Promise<() => Promise<void>>
  /**
   * Broker `n` leads what a shard of this role depends on: its state, inputs and outputs, the topics of these organizations, the coordinator of its
   * transactions and that of the role's group.
   */
  placeShard(role: ShardRole, shard: number, n: number, organizationIds?: readonly string[]): Promise<void>
  /** Broker `n` coordinates this group or transactional id. */
  moveCoordinator(kind: 'group' | 'transaction', id: string, n: number): Promise<void>
  /** The node that coordinates this group or transactional id. */
  coordinator(kind: 'group' | 'transaction', id: string): Promise<number>

  /** Sends a request as the operator, to one broker or to any that serves. */
  ask<T>(request: OperatorRequest<T>, n?: number): Promise<T>
  close(): Promise<void>
}

/** Starts the three brokers together and resolves when each of them sees all three. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { directory, cacheDir, logger, sessionTimeoutMs = 4_000 } = options
  const java = await findJava()
  const program = options.program ?? (await fetchKafkaProgram({ cacheDir, logger }))
  await archiveClasses(program, java, logger)
  const template = await prepareTemplate({ program, java, logger })
  const { password } = template
  const username = PLATFORM_USER
  const ids = [...VOTERS, SPARE]
  const chosen = await chooseFreePorts(3 * ids.length)
  const ports = new Map(
    ids.map((id, at) => [
      id,
      { internal: chosen[3 * at]!, clients: chosen[3 * at + 1]!, controller: chosen[3 * at + 2]! },
    ]),
  )
  const guardian = startGuardian()
  const onStarted = (process: ProcessIdentity) => {
    guardian.watch(process)
    options.onStarted?.(process)
  }
  const nodes = createClusterNodes({
    ...{ directory, program, java, template, ports, sessionTimeoutMs, onStarted },
    seen: ids =>
      calls.everybodySees(`the brokers ${ids} are back`, [], ({ brokers }) => ids.every(id => brokers.includes(id))),
  })
  const { serving, away } = nodes
  const calls = createOperatorCalls({ serving, portOf: n => nodes.ports(n).internal, login: { username, password } })
  const { askAny, surely, everybodySees, partition } = calls
  const { moveLeaders, setReplicas, coordinator, coordinatorOf } = createLeadership(calls)

  /** Ends every node, and throws afterwards if one could not be ended. */
  async function close(): Promise<void> {
    try {
      await nodes.end()
    } finally {
      await guardian.close()
    }
  }

  const cluster: Cluster = {
    brokers: VOTERS.map(n => `127.0.0.1:${ports.get(n)!.internal}`),
    clientBrokers: VOTERS.map(n => `127.0.0.1:${ports.get(n)!.clients}`),
    username,
    password,
    ...nodes,
    ...createClusterTopics(calls, { serving, away, coordinator }),
    moveLeader: (topic, number, n) => moveLeaders([{ topic, partition: number }], n),
    moveLeaders,
    setReplicas,
    async shrinkIsr(partitions) {
      const before = await Promise.all(
        partitions.map(async each => ({ ...each, ...(await partition(each.topic, each.partition)) })),
      )
      const spare = await nodes.addBroker()
      for (const { topic, partition, leader } of before) await setReplicas(topic, partition, [leader, spare])
      await nodes.kill(spare)
      const names = [...new Set(partitions.map(({ topic }) => topic))]
      await everybodySees('the in-sync set is below the minimum', names, ({ topics }) =>
        before.every(
          ({ topic, partition }) => topics.find(each => each.topic === topic)!.partitions[partition]!.isr.length === 1,
        ),
      )
      return async () => {
        for (const { topic, partition, replicas, leader } of before)
          await setReplicas(topic, partition, [leader, ...replicas.filter(each => each !== leader)])
      }
    },
    async leaderlessTopic(topic) {
      const spare = await nodes.addBroker()
      await cluster.createTopic({ topic, partitions: [[spare]], settings: { 'min.insync.replicas': '1' } })
      await nodes.kill(spare)
      await everybodySees(`nobody leads ${topic}`, [topic], state => led(state, topic, 0) === -1)
      return () => cluster.deleteTopic(topic)
    },
    async placeShard(role, shard, n, organizationIds = []) {
      const topics = organizationIds.flatMap(topicsOfOrganization)
      const { topics: found } = await surely(requests.describeTopics(topics))
      const own = found
        .filter(({ errorCode }) => errorCode === 0)
        .flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition })))
      const coordinators = [await coordinatorOf('transaction', `${role}-${shard}`), await coordinatorOf('group', role)]
      await moveLeaders([...partitionsOfShard(shard), ...own, ...coordinators], n)
    },
    moveCoordinator: async (kind, id, n) => moveLeaders([await coordinatorOf(kind, id)], n),
    coordinator,
    partition,
    ask: askAny,
    close,
  }

  try {
    await nodes.start([...VOTERS])
    return cluster
  } catch (error) {
    await close()
    throw error
  }
}
