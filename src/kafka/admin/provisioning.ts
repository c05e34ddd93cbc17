/**
 * Creates missing topics, and refuses to start on topics with unsafe settings: a state topic that is not compacted, an
 * ingress topic with CreateTime timestamps, or a single replica where three are required would lose data silently.
 */
import { SHARED_TOPICS } from '../../../topics/index.ts'
import { shards as shardsTopic } from '../../../topics/shards.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { KafkaSettings, Wire } from '../protocol/wire.ts'
import { explained } from './advice.ts'
import { type ClusterDescription, describeClusterRequest } from './cluster-requests.ts'
import { expectedPartitions, faultsOf, newTopic } from './expected-topics.ts'
import { createOrganizationTopics, type OrganizationTopics } from './organization-topics.ts'
import { preflight } from './preflight.ts'
import { protect, usualFactor } from './replicas.ts'
import { createTopicAdmin, waitForLeaders } from './topic-admin.ts'

export interface Provisioning extends OrganizationTopics {
  /** The number of shards: the partition count of the topic `shards`. */
  shards: number
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
    groups: ['admit', 'deliver', 'run', 'queue', 'record'],
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

  return { shards, ...createOrganizationTopics({ ...deps, admin, replicationFactor }) }
}

const TOPIC_AUTHORIZATION_FAILED = 29

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
