/** Topics on three brokers: three replicas, of which two must be in sync, whoever made them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Clock, createSystemClock } from '../../../src/clock.ts'
import { type Provisioning, provision } from '../../../src/kafka/admin/provisioning.ts'
import { createTopicAdmin } from '../../../src/kafka/admin/topic-admin.ts'
import { isCutOff } from '../../../src/kafka/protocol/reach.ts'
import { openWire, type Wire } from '../../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../../src/logger.ts'
import { control } from '../../../topics/control.ts'
import { SHARED_TOPICS } from '../../../topics/index.ts'
import { outcomes } from '../../../topics/outcomes.ts'
import type { Cluster } from '../cluster.ts'
import { until } from '../until.ts'
import type { SharedCluster } from './shared-cluster.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
let cluster: Cluster
let wire: Wire
/** As a process that knows one address of the cluster and nothing of its size. */
const start = (replicationFactor?: number, time: Clock = clock): Promise<Provisioning> => {
  const kafka = { brokers: cluster.brokers.slice(0, 1), clientId: 'test' }
  return provision({ kafka, wire, shards: 8, replicationFactor, topicDefaults: {}, clock: time, logger })
}

/** From `hurry` on half a minute passes at once; `meanwhile` comes first. A start has its requests' time limits. */
function hurried(meanwhile: () => Promise<unknown> = async () => undefined): Clock & { hurry(): void } {
  let isHurried = false
  return {
    ...clock,
    after(ms, callback) {
      if (!isHurried || ms < 30_000) return clock.after(ms, callback)
      void meanwhile().then(callback)
      return { cancel: () => undefined }
    },
    hurry() {
      isHurried = true
    },
  }
}

/** As a process does that starts while a broker goes away: it begins again. */
function unlessCutOff(error: unknown): undefined {
  if (!isCutOff(error)) throw error
}

async function inSync(topics: readonly string[]): Promise<Set<string>> {
  const settings = await cluster.describeConfigs(topics)
  return new Set(topics.map(topic => `${settings.get(topic)!['min.insync.replicas']!.value}`))
}

export function provisioningTests(shared: SharedCluster): void {
  beforeAll(async () => {
    cluster = shared.cluster
    wire = await openWire(shared.kafka, logger)
  })
  afterAll(() => wire?.close())

  describe('on three brokers', () => {
    it('a first start makes every topic with three replicas and two in sync for a write, from no setting at all', async () => {
      const provisioning = await start()
      await provisioning.createOrganizationTopics({ id: 'org_new', partitions: 2 })
      const names = [...SHARED_TOPICS.map(({ name }) => name), 'emits.org_new', 'events.org_new']
      const { topics } = await cluster.describe(names)
      expect(new Set(topics.flatMap(({ partitions }) => partitions.map(({ replicas }) => replicas.length)))).toEqual(
        new Set([3]),
      )
      expect(await inSync(names)).toEqual(new Set(['2']))
    })

    it('a later start raises lower settings and leaves all others, with one broker away as well', async () => {
      await cluster.alterConfigs(outcomes.name, { 'min.insync.replicas': '1', 'retention.ms': '123456789' })
      await cluster.alterConfigs('events.org_new', { 'min.insync.replicas': '1' })
      // The wire knows a coordinator that is away by then.
      await cluster.moveCoordinator('group', 'admit', 3)
      await start()
      await cluster.alterConfigs(outcomes.name, { 'min.insync.replicas': '1' })
      await cluster.stop(3)
      const time = hurried()
      const provisioning = await until('a start', () => start(undefined, time).catch(unlessCutOff))
      time.hurry()
      expect(await provisioning.protectOrganizationTopics(['org_new', 'org_unknown'], 'live')).toBe(1)
      expect(await inSync([outcomes.name, 'events.org_new'])).toEqual(new Set(['2']))
      expect((await cluster.describeConfigs([outcomes.name])).get(outcomes.name)!['retention.ms']!.value).toBe(
        '123456789',
      )
      // Kafka places replicas on a broker that is away, too.
      await provisioning.createOrganizationTopics({ id: 'org_late', partitions: 1 })
      expect((await cluster.partition('emits.org_late', 0)).replicas).toHaveLength(3)
      await cluster.start(3)
      await cluster.healed()
    })

    it('repairs a setting that a dead process left lowered, and leaves one that a writer has put back meanwhile', async () => {
      await cluster.alterConfigs('events.org_new', { 'min.insync.replicas': '1' })
      await cluster.alterConfigs('emits.org_new', { 'min.insync.replicas': '1' })
      const time = hurried(() => cluster.alterConfigs('emits.org_new', { 'min.insync.replicas': '3' }))
      const provisioning = await start(undefined, time)
      time.hurry()
      expect(await provisioning.protectOrganizationTopics(['org_new'], 'live')).toBe(1)
      expect(await inSync(['events.org_new'])).toEqual(new Set(['2']))
      expect(await inSync(['emits.org_new'])).toEqual(new Set(['3']))
      await cluster.alterConfigs('emits.org_new', { 'min.insync.replicas': '2' })
    })

    it('reports the cluster’s answer when it does not make topics, and what to do', async () => {
      const creating = (await start()).createOrganizationTopics({ id: 'not a name', partitions: 1 })
      await expect(creating).rejects.toMatchObject({
        code: 'service_unavailable',
        message: expect.stringMatching(/topics cannot be made: .*INVALID_TOPIC_EXCEPTION/),
      })
      let passedMs = 0
      const impatient = {
        ...clock,
        monotonicMs: () => {
          passedMs += 6_000
          return passedMs
        },
      }
      const four = { topic: 'four', partitions: 1, replicationFactor: 4, settings: {} }
      const error = await createTopicAdmin({ wire, clock: impatient }).create([four]).catch(each => each) // biome-ignore format: one thought
      expect(error.message).toMatch(
        /INVALID_REPLICATION_FACTOR.*fewer brokers at work than KAFKA_REPLICATION_FACTOR says/,
      )
    })

    it('refuses replicas that are too few, and an election that loses records, each with what to do', async () => {
      await cluster.setReplicas(control.name, 0, [1])
      await expect(start()).rejects.toThrow(
        `${control.name}: has 1 replicas, must have 3: add replicas with kafka-reassign-partitions.sh`,
      )
      await cluster.setReplicas(control.name, 0, [1, 2, 3])
      await cluster.alterConfigs(control.name, { 'unclean.leader.election.enable': 'true' })
      await expect(start()).rejects.toThrow(`${control.name}: unclean.leader.election.enable is true, must be false`)
      await cluster.alterConfigs(control.name, { 'unclean.leader.election.enable': 'false' })
      await (await start(1)).close()
    })
  })
}
