/**
 * Three real brokers on loopback, controller and broker in each process: SASL and the authorizer on every listener, three replicas of everything, two of
 * them in sync for a write. Every fault of a real cluster can be caused here: each operation is a function and resolves when it has taken effect.
 *
 *     const cluster = await startCluster({ directory, cacheDir, logger })
 *     await cluster.moveLeader('events.org_…', 0, 2)
 *     await cluster.kill(2)                              // kill -9
 *     await cluster.start(2)
 *     await cluster.healed()                             // every replica in sync again
 *     await cluster.close()                              // always: nothing that was started, frozen or not, is left
 *
 * A process beside the harness ends the brokers if the harness itself ends without closing.
 */
import { join } from 'node:path'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import { fetchKafkaProgram, type KafkaProgram } from '../../src/embedded/kafka-jars.ts'
import { findJava } from '../../src/embedded/kafka-java.ts'
import { type BrokerPorts, PLATFORM_USER } from '../../src/embedded/kafka-settings.ts'
import { archiveClasses } from '../../src/embedded/kafka-storage.ts'
import type { ProgressLogger } from '../../src/embedded/part-directory.ts'
import type { ProcessIdentity } from '../../src/embedded/process-identity.ts'
import { startGuardian } from './guardian.ts'
import { createLeadership } from './leadership.ts'
import { type ClusterNode, createNode } from './node.ts'
import type { OperatorRequest } from './operator.ts'
import { createOperatorCalls, led } from './operator-calls.ts'
import type {
  ClusterState,
  GroupMember,
  NewTopic,
  PartitionName,
  PartitionState,
  TopicState,
} from './operator-requests.ts'
import * as requests from './operator-requests.ts'
import { alterConfigs, describeConfigs, type TopicConfig } from './operator-settings.ts'
import { partitionsOfShard, topicsOfOrganization } from './placement.ts'
import { nodeSettings, prepareTemplate, SPARE, VOTERS } from './templates.ts'
import { until } from './until.ts'

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

export interface Cluster {
  /** host:port of the listener for the platform itself, of the three brokers. */
  brokers: string[]
  /** host:port of the listener for organizations' own users. */
  clientBrokers: string[]
  /** May do everything; SCRAM-SHA-512, SCRAM-SHA-256 and PLAIN on `brokers`, SCRAM-SHA-512 on `clientBrokers`. */
  username: string
  password: string
  /** Node ids: 1 to 3, and 4 once it was added. */
  nodes(): number[]
  state(n: number): ReturnType<ClusterNode['state']>
  pid(n: number): number | undefined
  ports(n: number): BrokerPorts

  /** `kill -9`. The controller notices after the session timeout. A frozen broker can be killed, too. */
  kill(...nodes: number[]): Promise<void>
  /** Controlled shutdown (SIGTERM): leaders move away first. Killed after 20 s, for instance when its quorum is away. */
  stop(...nodes: number[]): Promise<void>
  /** Starts brokers that are away, together, and waits until the controller lets clients see them. `listening`: until they listen only. */
  start(n: number | number[], wait?: 'unfenced' | 'listening'): Promise<void>
  /** SIGSTOP: connections stay open, and nothing is answered. */
  freeze(n: number): void
  /** SIGCONT. */
  thaw(n: number): void
  /** Empties the disk of a broker that is away; the next start finds nothing on it, and fetches everything from the others. */
  wipe(n: number): void
  /** Starts a fourth broker, which has no vote in the quorum and leads nothing yet. Answers its id. Kill it to take away what was moved to it. */
  addBroker(): Promise<number>

  /** Makes `n`, a replica in sync, the leader, and the preferred one. Resolves when every broker that serves says so. */
  moveLeader(topic: string, partition: number, n: number): Promise<void>
  /** The same for many partitions at once. */
  moveLeaders(partitions: readonly PartitionName[], n: number): Promise<void>
  /** The preferred replica of every partition leads it, where it is in sync. Resolves when it does. */
  preferredElection(): Promise<void>
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

  /** As the broker `n` sees it; by default one that serves. Topics that do not exist have an error code. */
  describe(topics: readonly string[] | 'all', n?: number): Promise<ClusterState>
  partition(topic: string, partition: number): Promise<PartitionState>
  /** Three replicas by default. A topic that is there already stays as it is. Resolves when its partitions have leaders that serve. */
  createTopic(topic: NewTopic): Promise<void>
  /** By hand, behind the platform's back. Resolves when no broker that serves knows the topic. */
  deleteTopic(topic: string): Promise<void>
  /** Everything of the partition below this offset goes, as retention would have it. */
  deleteRecords(topic: string, partition: number, before: number): Promise<void>
  /** State and members of a classic group, as its coordinator sees it. */
  describeGroup(group: string): Promise<{ state: string; members: GroupMember[] }>
  /** Changes these settings of a topic, and leaves its others alone. Resolves when every broker that serves knows. */
  alterConfigs(topic: string, settings: Readonly<Record<string, string>>): Promise<void>
  describeConfigs(topics: readonly string[]): Promise<Map<string, Record<string, TopicConfig>>>
  /** Resolves when all brokers that run are visible and all replicas on brokers that run are in sync and led. */
  healed(): Promise<void>
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
  const nodes = new Map<number, ClusterNode>()
  const add = (id: number): void => {
    const settings = nodeSettings(id, ports, password, { sessionTimeoutMs })
    nodes.set(
      id,
      createNode({
        id,
        ports: ports.get(id)!,
        directory: join(directory, `node-${id}`),
        settings,
        template,
        program,
        java,
        onStarted,
      }),
    )
  }

  const nodeOf = (n: number): ClusterNode => {
    const node = nodes.get(n)
    if (!node) throw new Error(`there is no node ${n}`)
    return node
  }
  const serving = (): number[] => [...nodes.values()].filter(node => node.serves()).map(({ id }) => id)

  const calls = createOperatorCalls({ serving, portOf: n => nodeOf(n).ports.internal, login: { username, password } })
  const { askAny, surely, everybodySees, partition } = calls
  const { moveLeaders, setReplicas, coordinator, coordinatorOf } = createLeadership(calls)

  async function start(n: number | number[], wait: 'unfenced' | 'listening' = 'unfenced'): Promise<void> {
    const wanted = [n].flat()
    await Promise.all(wanted.map(each => nodeOf(each).start()))
    if (wait === 'unfenced')
      await everybodySees(`the brokers ${wanted} are back`, [], ({ brokers }) =>
        wanted.every(each => brokers.includes(each)),
      )
  }

  async function addBroker(): Promise<number> {
    if (!nodes.has(SPARE)) add(SPARE)
    if (nodeOf(SPARE).state() === 'away') await start(SPARE)
    return SPARE
  }

  /** Ends every node, and throws afterwards if one could not be ended. */
  async function close(): Promise<void> {
    const ended = await Promise.allSettled([...nodes.values()].map(node => node.kill()))
    await guardian.close()
    for (const each of ended) if (each.status === 'rejected') throw each.reason
  }

  const cluster: Cluster = {
    brokers: VOTERS.map(n => `127.0.0.1:${ports.get(n)!.internal}`),
    clientBrokers: VOTERS.map(n => `127.0.0.1:${ports.get(n)!.clients}`),
    username,
    password,
    nodes: () => [...nodes.keys()],
    state: n => nodeOf(n).state(),
    pid: n => nodeOf(n).pid(),
    ports: n => nodeOf(n).ports,
    async kill(...which) {
      await Promise.all(which.map(n => nodeOf(n).kill()))
    },
    async stop(...which) {
      await Promise.all(which.map(n => nodeOf(n).stop()))
    },
    start,
    freeze: n => nodeOf(n).freeze(),
    thaw: n => nodeOf(n).thaw(),
    wipe: n => nodeOf(n).wipe(),
    addBroker,
    moveLeader: (topic, number, n) => moveLeaders([{ topic, partition: number }], n),
    moveLeaders,
    async preferredElection() {
      await surely(requests.electPreferredLeaders('all'))
      await everybodySees('preferred replicas lead', 'all', ({ topics }) =>
        all(topics, each => !each.isr.includes(each.replicas[0]!) || each.leader === each.replicas[0]),
      )
    },
    setReplicas,
    async shrinkIsr(partitions) {
      const before = await Promise.all(
        partitions.map(async each => ({ ...each, ...(await partition(each.topic, each.partition)) })),
      )
      const spare = await addBroker()
      for (const { topic, partition, leader } of before) await setReplicas(topic, partition, [leader, spare])
      await nodeOf(spare).kill()
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
      const spare = await addBroker()
      await cluster.createTopic({ topic, partitions: [[spare]], settings: { 'min.insync.replicas': '1' } })
      await nodeOf(spare).kill()
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
    describe: (topics, n) =>
      n === undefined ? surely(requests.describeTopics(topics)) : askAny(requests.describeTopics(topics), n),
    partition,
    async createTopic(topic) {
      await surely(requests.createTopics([topic]))
      await everybodySees(`${topic.topic} is led`, [topic.topic], ({ topics, brokers }) =>
        topics.every(
          ({ errorCode, partitions }) =>
            errorCode === 0 && partitions.length > 0 && partitions.every(({ leader }) => brokers.includes(leader)),
        ),
      )
    },
    async deleteTopic(topic) {
      await surely(requests.deleteTopics([topic]))
      await everybodySees(`${topic} is deleted`, [topic], ({ topics }) => topics[0]?.errorCode === UNKNOWN_TOPIC)
    },
    async deleteRecords(topic, number, before) {
      await until(`the records of ${topic}/${number} before ${before} are gone`, async () => {
        const { leader } = await partition(topic, number)
        return askAny(requests.deleteRecords(topic, number, before), leader).then(() => true, () => false) // biome-ignore format: one thought
      })
    },
    async describeGroup(group) {
      return askAny(requests.describeGroup(group), await coordinator('group', group))
    },
    async alterConfigs(topic, settings) {
      await surely(alterConfigs(topic, settings))
      await until(`the settings of ${topic} hold on every broker`, async () => {
        const views = await Promise.all(serving().map(n => askAny(describeConfigs([topic]), n)))
        return views.every(view =>
          Object.entries(settings).every(([name, value]) => view.get(topic)?.[name]?.value === value),
        )
      })
    },
    describeConfigs: topics => surely(describeConfigs(topics)),
    async healed() {
      const away = [...nodes.values()].filter(node => node.state() === 'away').map(({ id }) => id)
      await everybodySees('all replicas are in sync', 'all', ({ brokers, topics }) => {
        const isThere = serving().every(n => brokers.includes(n))
        return isThere && all(topics, ({ replicas, isr, leader }) => (leader >= 0 || replicas.every(n => away.includes(n))) && replicas.every(n => away.includes(n) || isr.includes(n))) // biome-ignore format: one thought
      })
    },
    ask: askAny,
    close,
  }

  try {
    for (const id of VOTERS) add(id)
    await start([...VOTERS])
    return cluster
  } catch (error) {
    await close()
    throw error
  }
}

const UNKNOWN_TOPIC = 3
const all = (topics: TopicState[], holds: (partition: PartitionState) => boolean): boolean =>
  topics.every(({ partitions }) => partitions.every(holds))
