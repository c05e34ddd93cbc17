/**
 * Makes the topics that are missing, and refuses to start on ones that are not as they must be: a state topic that is not compacted, or an
 * ingress that takes the producer's word for the time, loses things silently.
 */
import { type Admin, default as kafkajs } from 'kafkajs'
import { emits } from '../../../topics/emits.ts'
import { events } from '../../../topics/events.ts'
import { SHARED_TOPICS } from '../../../topics/index.ts'
import { shards as shardsTopic } from '../../../topics/shards.ts'
import { configOf, type OrganizationTopic, type Topic, type TopicSettings } from '../../../topics/topic.ts'
import type { Clock } from '../../clock.ts'
import type { Environment } from '../../control-plane/records.ts'
import type { Logger } from '../../observability/logger.ts'
import { createClient } from '../protocol/client.ts'
import { KafkaError, type KafkaSettings, type Wire } from '../protocol/wire.ts'

const { ConfigResourceTypes } = kafkajs
const READY_WITHIN_MS = 30_000

export interface Provisioning {
  /** The number of shards: the partition count of the topic `shards`. */
  shards: number
  /** Creates `emits.<org>` and `events.<org>` if they are missing, and returns when both have leaders. */
  createOrganizationTopics(organization: { id: string; partitions: number }, environment?: Environment): Promise<void>
  /**
   * Adds partitions to both topics until they have as many, the log before the ingress: a record that is taken must have a place to go. Returns
   * when all have leaders. More than asked for stay.
   */
  growOrganizationTopics(organization: { id: string; partitions: number }, environment: Environment): Promise<void>
  /** How many partitions each organization's ingress has; those without one are left out. */
  ingressPartitions(organizationIds: readonly string[], environment: Environment): Promise<Map<string, number>>
  close(): Promise<void>
}

export async function provision(deps: {
  kafka: KafkaSettings
  wire: Wire
  shards: number
  replicationFactor: number
  /** What the broker gives an organization's topic anyway, and need not be written for each. */
  topicDefaults: Readonly<Record<string, string>>
  clock: Clock
  logger: Logger
}): Promise<Provisioning> {
  const admin = createClient(deps.kafka).admin()
  try {
    return await provisionWith(admin, deps)
  } catch (error) {
    await admin.disconnect().catch(() => undefined)
    throw error
  }
}

async function provisionWith(admin: Admin, deps: Parameters<typeof provision>[0]): Promise<Provisioning> {
  await admin.connect()
  const existing = new Set(await admin.listTopics())
  const missing = SHARED_TOPICS.filter(topic => !existing.has(topic.name))
  if (missing.length > 0) deps.logger.info({ topics: missing.length }, 'creating topics')
  await create(
    admin,
    missing.map(topic => entry(topic.name, topic, topic.partitions === 'one' ? 1 : deps.shards, deps.replicationFactor)),
  )
  const counts = await waitForLeaders(
    deps,
    SHARED_TOPICS.map(topic => topic.name),
  )
  const shards = counts.get(shardsTopic.name)!
  await verify(admin, counts, shards)
  return {
    shards,
    async createOrganizationTopics(organization, environment = 'live') {
      const topics = ([emits, events] as OrganizationTopic[]).map(topic => ({ name: topic.nameFor(organization.id, environment), topic }))
      await create(
        admin,
        topics.map(({ name, topic }) => entry(name, topic, organization.partitions, deps.replicationFactor, deps.topicDefaults)),
      )
      await waitForLeaders(
        deps,
        topics.map(({ name }) => name),
      )
    },
    async growOrganizationTopics(organization, environment) {
      const names = [events, emits].map(topic => topic.nameFor(organization.id, environment))
      for (const topic of names) {
        const [found] = await deps.wire.metadata([topic])
        if (found?.errorCode !== 0 || found.partitions.length >= organization.partitions) continue
        await admin.createPartitions({ topicPartitions: [{ topic, count: organization.partitions }] })
      }
      await waitForLeaders(deps, names, organization.partitions)
    },
    async ingressPartitions(organizationIds, environment) {
      const counts = new Map<string, number>()
      for (let at = 0; at < organizationIds.length; at += TOPICS_ASKED_FOR) {
        const byTopic = new Map(organizationIds.slice(at, at + TOPICS_ASKED_FOR).map(id => [emits.nameFor(id, environment), id]))
        for (const { topic, errorCode, partitions } of await deps.wire.metadata([...byTopic.keys()]))
          if (errorCode === 0) counts.set(byTopic.get(topic)!, partitions.length)
      }
      return counts
    },
    close: () => admin.disconnect(),
  }
}

const TOPICS_ASKED_FOR = 1_000

function entry(
  topic: string,
  settings: TopicSettings,
  partitions: number,
  replicationFactor: number,
  defaults: Readonly<Record<string, string>> = {},
) {
  const own = Object.entries(configOf(settings)).filter(([name, value]) => defaults[name] !== value)
  const configEntries = own.map(([name, value]) => ({ name, value }))
  return { topic, numPartitions: partitions, replicationFactor, configEntries }
}

async function create(admin: Admin, topics: ReturnType<typeof entry>[]): Promise<void> {
  if (topics.length === 0) return
  try {
    // kafkajs can throw UNKNOWN_TOPIC_OR_PARTITION while it waits for leaders; metadata is asked for below instead.
    await admin.createTopics({ waitForLeaders: false, topics })
  } catch (error) {
    const errors = (error as { errors?: Array<{ type?: string }> }).errors ?? [error as { type?: string }]
    if (!errors.every(each => each.type === 'TOPIC_ALREADY_EXISTS')) throw error
  }
}

/** Resolves with the number of partitions of each, once all of them have leaders, and as many as `least`. */
async function waitForLeaders(deps: { wire: Wire; clock: Clock }, names: string[], least = 1): Promise<Map<string, number>> {
  const deadline = deps.clock.monotonicMs() + READY_WITHIN_MS
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const found = await deps.wire.metadata(names)
    const ready = found.filter(
      each => each.errorCode === 0 && each.partitions.length >= least && each.partitions.every(one => one.leader >= 0),
    )
    if (ready.length === names.length) return new Map(ready.map(each => [each.topic, each.partitions.length]))
    if (deps.clock.monotonicMs() > deadline) {
      const waiting = names.filter(name => !ready.some(each => each.topic === name))
      throw new KafkaError('LEADER_NOT_AVAILABLE', `topics without a leader after ${READY_WITHIN_MS / 1000} s: ${waiting.join(', ')}`)
    }
    await deps.clock.sleep(pauseMs)
  }
}

/** What must not be otherwise; the rest is the operator's to tune. */
const FIXED = ['cleanup.policy', 'message.timestamp.type']

async function verify(admin: Admin, counts: Map<string, number>, shards: number): Promise<void> {
  const problems: string[] = []
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: SHARED_TOPICS.map(topic => ({ type: ConfigResourceTypes.TOPIC, name: topic.name })),
  })
  for (const topic of SHARED_TOPICS) {
    const actual = new Map(
      resources.find(each => each.resourceName === topic.name)?.configEntries.map(each => [each.configName, each.configValue]),
    )
    const wanted = configOf(topic)
    for (const name of FIXED)
      if (actual.get(name) !== wanted[name]) problems.push(`${topic.name}: ${name} is ${actual.get(name)}, must be ${wanted[name]}`)
    if (Number(actual.get('max.message.bytes')) < topic.maxMessageBytes)
      problems.push(`${topic.name}: max.message.bytes is ${actual.get('max.message.bytes')}, must be at least ${topic.maxMessageBytes}`)
    const partitions = expectedPartitions(topic, shards)
    if (counts.get(topic.name) !== partitions)
      problems.push(`${topic.name}: has ${counts.get(topic.name)} partitions, must have ${partitions}`)
  }
  if (problems.length > 0) throw new Error(`Topics are not as they must be:\n${problems.map(each => `  - ${each}`).join('\n')}`)
}

const expectedPartitions = (topic: Topic, shards: number) => (topic.partitions === 'one' ? 1 : shards)
