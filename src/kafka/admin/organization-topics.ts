/** The topics of organizations, while the platform runs: made, grown, protected and deleted. */
import { emits } from '../../../topics/emits.ts'
import { events } from '../../../topics/events.ts'
import { ORGANIZATION_TOPICS } from '../../../topics/index.ts'
import type { OrganizationTopic } from '../../../topics/topic.ts'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import { ENVIRONMENTS, type Environment } from '../../model/environments.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'
import { newTopic } from './expected-topics.ts'
import { protect, weakOf } from './replicas.ts'
import { type TopicAdmin, waitForLeaders } from './topic-admin.ts'

/** A writer lowers the minimum for at most this long. */
const LOWERED_MS_MAX = 30_000
const TOPICS_ASKED_FOR = 1_000

export interface OrganizationTopics {
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

export function createOrganizationTopics(deps: {
  wire: Wire
  admin: TopicAdmin
  clock: Clock
  replicationFactor: number
  /** Broker defaults of an organization's topic, which need not be set for each. */
  topicDefaults: Readonly<Record<string, string>>
}): OrganizationTopics {
  const { wire, admin, clock, replicationFactor } = deps
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

const namesOf = (organizationId: string, environment: Environment) =>
  ORGANIZATION_TOPICS.map((topic: OrganizationTopic) => ({ name: topic.nameFor(organizationId, environment), topic }))

/** A cluster that refuses an API call now is not the caller's fault. */
async function orUnavailable<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    throw new ClarionError('service_unavailable', `${what}: ${error.message}`, { cause: error })
  }
}
