/**
 * Creates missing topics, and refuses to start on topics with unsafe settings: a state topic that is not compacted, an
 * ingress topic with CreateTime timestamps, or a single replica where three are required would lose data silently.
 */
import { emits } from '../../../topics/emits.ts'
import { events } from '../../../topics/events.ts'
import { ORGANIZATION_TOPICS, SHARED_TOPICS } from '../../../topics/index.ts'
import { shards as shardsTopic } from '../../../topics/shards.ts'
import { configOf, type OrganizationTopic, type Topic, type TopicSettings } from '../../../topics/topic.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError } from '../../model/codes.ts'
import { ENVIRONMENTS, type Environment } from '../../model/records.ts'
import type { TopicInfo } from '../protocol/cluster.ts'
import { KafkaError, type KafkaSettings, type Wire } from '../protocol/wire.ts'
import { explained } from './advice.ts'
import { type ClusterDescription, describeClusterRequest } from './cluster-requests.ts'
import { preflight } from './preflight.ts'
import { createTopicAdmin, type TopicAdmin } from './topic-admin.ts'
import type { DescribedConfig, NewTopic } from './topic-requests.ts'

const READY_WITHIN_MS = 30_000
const REPLICAS = 3
const MIN_IN_SYNC = 'min.insync.replicas'
const IN_SYNC = 2
/** A writer lowers the minimum for at most this long. */
const LOWERED_MS_MAX = 30_000
const UNCLEAN = 'unclean.leader.election.enable'
const TOPICS_ASKED_FOR = 1_000

export interface Provisioning {
  /** The number of shards: the partition count of the topic `shards`. */
  shards: number
  /**
   * Creates `emits.<org>` and `events.<org>` if they are missing, and returns when both have leaders. Rejects with
   * `service_unavailable` and advice when the cluster refuses.
   */
  createOrganizationTopics(organization: { id: string; partitions: number }, environment?: Environment): Promise<void>
  /**
   * Adds partitions to both topics up to this number, the log before the ingress, so that an accepted record has a
   * partition. Returns when all have leaders. Additional partitions stay. Rejects as `createOrganizationTopics` does.
   */
  growOrganizationTopics(organization: { id: string; partitions: number }, environment: Environment): Promise<void>
  /**
   * Deletes the topics of both environments; a missing topic is no error. Rejects as `createOrganizationTopics` does.
   */
  deleteOrganizationTopics(organizationIds: readonly string[]): Promise<void>
  /** The number of partitions of each organization's ingress; organizations without one are left out. */
  ingressPartitions(organizationIds: readonly string[], environment: Environment): Promise<Map<string, number>>
  /**
   * Requires two in-sync replicas for a write where there are three, also for topics created without that setting, or
   * left lowered by a process. Only a setting that is low twice, half a minute apart, is raised: a writer may have
   * lowered it for the end of its transaction. Returns how many topics were changed.
   */
  protectOrganizationTopics(organizationIds: readonly string[], environment: Environment): Promise<number>
  close(): Promise<void>
}

interface ProvisionDeps {
  kafka: KafkaSettings
  wire: Wire
  shards: number
  /** Undefined: three where there are three brokers, else one. */
  replicationFactor: number | undefined
  /** Broker defaults of an organization's topic, which need not be set for each. */
  topicDefaults: Readonly<Record<string, string>>
  clock: Clock
  logger: Logger
}

/** Throws one error that lists every setting to change. */
export async function provision(deps: ProvisionDeps): Promise<Provisioning> {
  const { wire, clock, logger } = deps
  const admin = createTopicAdmin({ wire, clock })
  const names = SHARED_TOPICS.map(topic => topic.name)
  const [cluster, known] = await Promise.all([describeCluster(wire), wire.metadata(names)])
  const replicationFactor = deps.replicationFactor ?? usualFactor(deps.kafka, cluster, known)
  const existing = new Set(known.filter(({ errorCode }) => errorCode === 0).map(({ topic }) => topic))
  const denied = known.filter(({ errorCode }) => errorCode === TOPIC_AUTHORIZATION_FAILED).map(({ topic }) => topic)
  const findings = await preflight({
    ...{ wire, clock, cluster, replicationFactor },
    topics: [...existing, ...denied],
    timedTopics: SHARED_TOPICS.filter(({ name, logAppendTime }) => logAppendTime && existing.has(name)).map(
      ({ name }) => name,
    ),
    groups: ['admit', 'deliver', 'record'],
    transactionalId: 'admit-0',
  })
  for (const warning of findings.warnings) logger.warn({}, warning)
  refuse('Kafka is not as it must be', findings.problems)

  const missing = SHARED_TOPICS.filter(topic => !existing.has(topic.name))
  if (missing.length > 0) logger.info({ topics: missing.length, replicationFactor }, 'creating topics')
  await admin.create(
    missing.map(topic =>
      newTopic(topic.name, topic, { partitions: expectedPartitions(topic, deps.shards), replicationFactor }),
    ),
  )
  const ready = await waitForLeaders(deps, names)
  const shards = ready.get(shardsTopic.name)!.partitions.length
  await protect(admin, names, replicationFactor)
  refuse('Topics are not as they must be', await faultsOf(admin, ready, { shards, replicationFactor }))

  let isClosed = false
  const waking = new Set<() => void>()
  const unlessClosed = (ms: number) =>
    new Promise<void>(resolve => {
      const timer = clock.after(ms, resolve)
      waking.add(() => {
        timer.cancel()
        resolve()
      })
    })
  return {
    shards,
    createOrganizationTopics: (organization, environment = 'live') =>
      orUnavailable("The organization's topics cannot be made", async () => {
        const { partitions } = organization
        const topics = namesOf(organization.id, environment)
        const all = topics.map(({ name }) => name)
        // An administrator may have created them where the platform may not.
        const there = new Set(
          (await wire.metadata(all)).filter(({ errorCode }) => errorCode === 0).map(({ topic }) => topic),
        )
        const missing = topics.filter(({ name }) => !there.has(name))
        await admin.create(
          missing.map(({ name, topic }) =>
            newTopic(name, topic, { partitions, replicationFactor, defaults: deps.topicDefaults }),
          ),
        )
        await waitForLeaders(deps, all)
      }),
    growOrganizationTopics: (organization, environment) =>
      orUnavailable("The organization's topics cannot grow", async () => {
        const topics = [events, emits].map(topic => topic.nameFor(organization.id, environment))
        for (const topic of topics) {
          const [found] = await wire.metadata([topic])
          if (found?.errorCode !== 0 || found.partitions.length >= organization.partitions) continue
          await admin.grow(topic, organization.partitions)
        }
        await waitForLeaders(deps, topics, organization.partitions)
      }),
    deleteOrganizationTopics: organizationIds =>
      orUnavailable('Topics of deleted organizations stay', () =>
        admin.remove(
          organizationIds.flatMap(id =>
            ENVIRONMENTS.flatMap(environment => namesOf(id, environment).map(({ name }) => name)),
          ),
        ),
      ),
    async ingressPartitions(organizationIds, environment) {
      const counts = new Map<string, number>()
      for (let at = 0; at < organizationIds.length; at += TOPICS_ASKED_FOR) {
        const byTopic = new Map(
          organizationIds.slice(at, at + TOPICS_ASKED_FOR).map(id => [emits.nameFor(id, environment), id]),
        )
        for (const { topic, errorCode, partitions } of await wire.metadata([...byTopic.keys()]))
          if (errorCode === 0) counts.set(byTopic.get(topic)!, partitions.length)
      }
      return counts
    },
    async protectOrganizationTopics(organizationIds, environment) {
      const topics = organizationIds.flatMap(id => namesOf(id, environment).map(({ name }) => name))
      const low = await weakOf(admin, topics, replicationFactor)
      if (low.length === 0) return 0
      await unlessClosed(LOWERED_MS_MAX)
      return isClosed ? 0 : protect(admin, low, replicationFactor)
    },
    async close() {
      isClosed = true
      for (const wake of waking) wake()
    },
  }
}

const TOPIC_AUTHORIZATION_FAILED = 29

const namesOf = (organizationId: string, environment: Environment) =>
  ORGANIZATION_TOPICS.map((topic: OrganizationTopic) => ({ name: topic.nameFor(organizationId, environment), topic }))

function refuse(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`${what}:\n${problems.map(each => `  - ${each}`).join('\n')}`)
}

async function describeCluster(wire: Wire): Promise<ClusterDescription> {
  try {
    return await wire.sendToAny(describeClusterRequest())
  } catch (error) {
    throw explained(error, 'The cluster cannot be looked at')
  }
}

/** Unavailable brokers do not count as live, so present topics and the configured addresses count as well. */
function usualFactor({ brokers }: KafkaSettings, cluster: ClusterDescription, topics: readonly TopicInfo[]): number {
  const replicas = topics.flatMap(({ partitions }) => partitions.map(each => each.replicas.length))
  return Math.max(brokers.length, cluster.brokers.length, ...replicas) >= REPLICAS ? REPLICAS : 1
}

/** A cluster that refuses an API call now is not the caller's fault. */
async function orUnavailable<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    throw new ClarionError('service_unavailable', `${what}: ${error.message}`, { cause: error })
  }
}

function newTopic(
  topic: string,
  settings: TopicSettings,
  options: { partitions: number; replicationFactor: number; defaults?: Readonly<Record<string, string>> },
): NewTopic {
  const { partitions, replicationFactor, defaults = {} } = options
  const own = Object.entries(configOf(settings)).filter(([name, value]) => defaults[name] !== value)
  const inSync = replicationFactor >= REPLICAS ? { [MIN_IN_SYNC]: String(IN_SYNC) } : {}
  return { topic, partitions, replicationFactor, settings: { ...Object.fromEntries(own), ...inSync } }
}

/** Two in-sync replicas for a write, where there are three. Returns how many topics had fewer. */
async function protect(admin: TopicAdmin, topics: readonly string[], replicationFactor: number): Promise<number> {
  const weak = await weakOf(admin, topics, replicationFactor)
  await admin.set(weak, { [MIN_IN_SYNC]: String(IN_SYNC) })
  return weak.length
}

/** Topics for which one in-sync replica is enough. */
async function weakOf(admin: TopicAdmin, topics: readonly string[], replicationFactor: number): Promise<string[]> {
  if (replicationFactor < REPLICAS || topics.length === 0) return []
  const settings = await admin.settings(topics, [MIN_IN_SYNC])
  return [...settings].filter(([, values]) => Number(values.get(MIN_IN_SYNC)?.value) < IN_SYNC).map(([topic]) => topic)
}

/** Resolves with the metadata of each topic, once all partitions have leaders and there are at least `least`. */
async function waitForLeaders(
  deps: { wire: Wire; clock: Clock },
  names: string[],
  least = 1,
): Promise<Map<string, TopicInfo>> {
  const deadline = deps.clock.monotonicMs() + READY_WITHIN_MS
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const found = await deps.wire.metadata(names)
    const ready = found.filter(
      each => each.errorCode === 0 && each.partitions.length >= least && each.partitions.every(one => one.leader >= 0),
    )
    if (ready.length === names.length) return new Map(ready.map(each => [each.topic, each]))
    if (deps.clock.monotonicMs() > deadline) {
      const waiting = names.filter(name => !ready.some(each => each.topic === name))
      throw new KafkaError(
        'LEADER_NOT_AVAILABLE',
        `topics without a leader after ${READY_WITHIN_MS / 1000} s: ${waiting.join(', ')}`,
      )
    }
    await deps.clock.sleep(pauseMs)
  }
}

/** Settings that must not differ; the operator may tune the rest. */
const FIXED = ['cleanup.policy', 'message.timestamp.type']
const BATCH_BYTES = 'max.message.bytes'

interface Expected {
  shards: number
  replicationFactor: number
}

async function faultsOf(admin: TopicAdmin, ready: Map<string, TopicInfo>, expected: Expected): Promise<string[]> {
  const settings = await admin.settings([...ready.keys()], [...FIXED, BATCH_BYTES, UNCLEAN])
  return SHARED_TOPICS.flatMap(topic => {
    const faults = [
      ...settingFaults(topic, settings.get(topic.name), expected.replicationFactor),
      ...placeFaults(topic, ready.get(topic.name)!, expected),
    ]
    return faults.map(fault => `${topic.name}: ${fault}`)
  })
}

function settingFaults(
  topic: Topic,
  actual: DescribedConfig['settings'] | undefined,
  replicationFactor: number,
): string[] {
  const value = (name: string) => actual?.get(name)?.value
  const wanted = configOf(topic)
  const faults = FIXED.filter(name => value(name) !== wanted[name]).map(
    name => `${name} is ${value(name)}, must be ${wanted[name]}`,
  )
  if (Number(value(BATCH_BYTES)) < topic.maxMessageBytes)
    faults.push(`${BATCH_BYTES} is ${value(BATCH_BYTES)}, must be at least ${topic.maxMessageBytes}`)
  if (replicationFactor > 1 && value(UNCLEAN) === 'true')
    faults.push(
      `${UNCLEAN} is true, must be false: a replica that is behind could lead, and what it lacks would be lost`,
    )
  return faults
}

function placeFaults(topic: Topic, { partitions }: TopicInfo, { shards, replicationFactor }: Expected): string[] {
  const faults: string[] = []
  const wanted = expectedPartitions(topic, shards)
  if (partitions.length !== wanted) faults.push(`has ${partitions.length} partitions, must have ${wanted}`)
  const replicas = Math.min(...partitions.map(each => each.replicas.length))
  if (replicas < replicationFactor)
    faults.push(
      `has ${replicas} replicas, must have ${replicationFactor}: add replicas with kafka-reassign-partitions.sh, or set KAFKA_REPLICATION_FACTOR=${replicas}`,
    )
  return faults
}

const expectedPartitions = (topic: Topic, shards: number) => (topic.partitions === 'one' ? 1 : shards)
