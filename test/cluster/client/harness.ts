/** The harness itself: each operation does what it says, on the three brokers. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../../src/clock.ts'
import { provision } from '../../../src/kafka/admin/provisioning.ts'
import { openWire } from '../../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../../src/logger.ts'
import { outcomes } from '../../../topics/outcomes.ts'
import type { Cluster } from '../cluster.ts'
import { coordinatorPartition, javaHash } from '../placement.ts'
import type { SharedCluster } from './shared-cluster.ts'

let cluster: Cluster
const leader = async (topic: string, partition = 0): Promise<number> =>
  (await cluster.partition(topic, partition)).leader

export function harnessTests(shared: SharedCluster): void {
  beforeAll(() => {
    cluster = shared.cluster
  })

  describe('a cluster of three brokers', () => {
    it('hashes ids as Java does', () => {
      expect(['', 'a', 'hello', 'polygenelubricants'].map(javaHash)).toEqual([0, 97, 99_162_322, -0x80000000])
      expect(coordinatorPartition('polygenelubricants', 6)).toBe(0)
    })

    it('keeps three replicas of a topic, moves its leader, and elects the preferred one again', async () => {
      await cluster.createTopic({ topic: 'moved', partitions: [[1, 2, 3]] })
      expect(await cluster.partition('moved', 0)).toMatchObject({ leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3] })
      await cluster.moveLeader('moved', 0, 2)
      expect(await cluster.partition('moved', 0)).toMatchObject({ leader: 2, replicas: [2, 1, 3] })
      await cluster.kill(2)
      expect(cluster.state(2)).toBe('away')
      await cluster.start(2)
      await cluster.healed()
      await cluster.preferredElection()
      expect(await leader('moved')).toBe(2)
    })

    it('stops a broker in a controlled way, and wipes its disk', async () => {
      await cluster.moveLeader('moved', 0, 3)
      await cluster.stop(3)
      expect(await leader('moved')).not.toBe(3)
      cluster.wipe(3)
      await cluster.start(3)
      await cluster.healed()
      expect((await cluster.partition('moved', 0)).isr).toHaveLength(3)
    })

    it('freezes a broker, which answers nothing, and wakes it', async () => {
      cluster.freeze(1)
      expect(cluster.state(1)).toBe('frozen')
      await expect(cluster.describe([], 1)).rejects.toThrow('no answer within')
      expect((await cluster.describe([])).brokers.length).toBeGreaterThanOrEqual(2)
      cluster.thaw(1)
      await cluster.healed()
      expect((await cluster.describe([], 1)).brokers).toEqual([1, 2, 3])
    })

    it('adds a broker; its death takes a partition below its minimum, and leaves another without a leader', async () => {
      await cluster.createTopic({ topic: 'shrunk', partitions: 1 })
      const restore = await cluster.shrinkIsr([{ topic: 'shrunk', partition: 0 }])
      expect((await cluster.partition('shrunk', 0)).isr).toHaveLength(1)
      expect((await cluster.partition('moved', 0)).isr).toHaveLength(3)
      await restore()
      expect((await cluster.partition('shrunk', 0)).isr).toHaveLength(3)
      const remove = await cluster.leaderlessTopic('leaderless')
      expect(await leader('leaderless')).toBe(-1)
      await remove()
      expect((await cluster.describe(['leaderless'])).topics[0]!.errorCode).toBe(3)
    })

    it('changes one setting of a topic and leaves the others', async () => {
      await cluster.alterConfigs('moved', { 'retention.ms': '7000000' })
      await cluster.alterConfigs('moved', { 'min.insync.replicas': '1' })
      const settings = (await cluster.describeConfigs(['moved'])).get('moved')!
      expect([settings['retention.ms'], settings['min.insync.replicas']]).toEqual([
        { value: '7000000', isOwn: true },
        { value: '1', isOwn: true },
      ])
    })

    it('places the partitions of a shard on one broker', async () => {
      const { brokers, username, password } = cluster
      const [clock, logger] = [createSystemClock(), createLogger('silent')]
      const kafka = { brokers, username, password, clientId: 'test' }
      const wire = await openWire(kafka, logger)
      const provisioning = await provision({
        kafka,
        wire,
        shards: 8,
        replicationFactor: 3,
        topicDefaults: {},
        clock,
        logger,
      })
      await provisioning.createOrganizationTopics({ id: 'org_placed', partitions: 2 })
      await provisioning.close()
      await wire.close()
      for (const n of [3, 1]) {
        await cluster.placeShard('admit', 5, n, ['org_placed'])
        expect(await leader(outcomes.name, 5)).toBe(n)
        expect([await leader('emits.org_placed', 1), await leader('events.org_placed', 0)]).toEqual([n, n])
        expect(await cluster.coordinator('transaction', 'admit-5')).toBe(n)
        expect(await cluster.coordinator('group', 'admit')).toBe(n)
      }
    })
  })
}
