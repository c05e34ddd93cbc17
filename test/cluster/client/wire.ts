/** The wire on a cluster with faults: one broker that is away or silent affects no requests to others. */
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../../src/clock.ts'
import { provision } from '../../../src/kafka/admin/provisioning.ts'
import { retryTransient } from '../../../src/kafka/protocol/retry-transient.ts'
import { type KafkaSettings, openWire, type Wire } from '../../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../../src/logger.ts'
import type { Cluster } from '../cluster.ts'
import { until } from '../until.ts'
import type { SharedCluster } from './shared-cluster.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
let cluster: Cluster

const wires: Wire[] = []
async function open(settings: Partial<KafkaSettings> = {}): Promise<Wire> {
  const { brokers, username, password } = cluster
  const wire = await openWire({ brokers, username, password, clientId: 'test', ...settings }, logger)
  wires.push(wire)
  return wire
}
const all = [0, 1, 2].map(partition => ({ topic: 'mine', partition }))
const names = (found: Map<string, number>) => [...found.keys()].sort()

export function wireTests(shared: SharedCluster): void {
  beforeAll(async () => {
    cluster = shared.cluster
    await cluster.createTopic({ topic: 'mine', partitions: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }) // biome-ignore format: one thought
  })
  afterEach(async () => {
    for (const wire of wires.splice(0)) await wire.close()
  })

  describe('the wire', () => {
    it("opens, works and makes topics beside a stranger's partition that nobody leads", async () => {
      const remove = await cluster.leaderlessTopic('stranger')
      const wire = await open()
      const kafka = { ...shared.kafka }
      const provisioning = await provision({
        kafka,
        wire,
        shards: 8,
        replicationFactor: 3,
        topicDefaults: {},
        clock,
        logger,
      })
      await provisioning.createOrganizationTopics({ id: 'org_beside', partitions: 1 })
      await provisioning.close()
      await wire.cluster.load(['mine', 'stranger'])
      expect([wire.cluster.leader('mine', 0)?.node, wire.cluster.leader('stranger', 0)]).toEqual([1, undefined])
      expect(names(await wire.ends([...all, { topic: 'stranger', partition: 0 }]))).toEqual([
        'mine/0',
        'mine/1',
        'mine/2',
      ])
      await remove()
    })

    it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('logs in by %s', async mechanism => {
      expect(await (await open({ mechanism })).offset('mine', 0, 'earliest')).toBe(0)
      await expect(open({ mechanism, password: 'wrong' })).rejects.toMatchObject({ type: 'SASL_AUTHENTICATION_FAILED' })
    })

    it('follows a leader that has moved', async () => {
      const wire = await open()
      expect(await wire.offset('mine', 0, 'latest')).toBe(0)
      await cluster.moveLeader('mine', 0, 2)
      expect(await wire.offset('mine', 0, 'latest')).toBe(0)
      expect(wire.cluster.leader('mine', 0)?.node).toBe(2)
      await cluster.moveLeader('mine', 0, 1)
    })

    it('does not wait for a frozen broker where others can answer, and prefers them from then on', async () => {
      const wire = await open()
      await wire.ends(all)
      for (const frozen of [1, 2, 3]) {
        cluster.freeze(frozen)
        expect((await wire.metadata(['mine']))[0]!.errorCode).toBe(0)
        const found = names(await wire.ends(all))
        expect(found.length).toBeGreaterThanOrEqual(2)
        // New wires, too, also when it is the first address they are given. An id may need another controller first.
        const another = await open()
        expect((await another.metadata(['mine']))[0]!.partitions).toHaveLength(3)
        await retryTransient(clock, () => another.initProducerId(null, 60_000))
        expect(cluster.state(frozen)).toBe('frozen')
        cluster.thaw(frozen)
        await cluster.healed()
        await cluster.preferredElection()
      }
    })

    it('finds the next leaders of a killed broker’s partitions while it is still away', async () => {
      const wire = await open()
      await wire.ends(all)
      await cluster.kill(2)
      await until('all three partitions are led elsewhere', async () => {
        const found = await wire.ends(all).catch(() => new Map<string, number>())
        return found.size === 3
      })
      expect([cluster.state(2), wire.cluster.leader('mine', 1)?.node === 2]).toEqual(['away', false])
      await cluster.start(2)
      await cluster.healed()
    })

    it('gets an answer again after all brokers were away, by the addresses it began with', async () => {
      const wire = await open()
      await wire.ends(all)
      await cluster.kill(1, 2, 3)
      await expect(wire.metadata(['mine'])).rejects.toMatchObject({ type: 'CONNECTION' })
      await cluster.start([1, 2, 3])
      await until(
        'the wire has all ends',
        async () => (await wire.ends(all).catch(() => new Map<string, number>())).size === 3,
      )
      await cluster.healed()
    })
  })
}
