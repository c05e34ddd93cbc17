import { expect, it } from '@jest/globals'
import type { TopicInfo } from '../../src/kafka/protocol/cluster.ts'
import { readinessOf } from '../../src/kafka/runtime/readiness.ts'

const partition = (number: number, leader: number, isr = [1, 2, 3]) => ({
  partition: number,
  leader,
  leaderEpoch: 1,
  replicas: [1, 2, 3],
  isr,
})
const topics: Record<string, TopicInfo> = {
  state: {
    topic: 'state',
    id: 'aa',
    errorCode: 0,
    partitions: [partition(0, 1), partition(1, -1), partition(2, 1, [1])],
  },
}
const facts = { role: 'deliver', stateTopics: ['other', 'state'], cluster: { known: (topic: string) => topics[topic] } }

it('a shard that is restored while its partitions have leaders is missing', () => {
  expect(readinessOf({ ...facts, restoring: [0] })).toEqual({ missing: 'deliver: restoring shards 0', degraded: [] })
})

it('a shard whose state has no leader, or too few in-sync replicas, degrades and takes no process out of service', () => {
  expect(readinessOf({ ...facts, restoring: [1, 2] })).toEqual({
    missing: undefined,
    degraded: [
      'deliver: shard 1 is restored when it can be: state/1 has no leader',
      'deliver: shard 2 is restored when it can be: state/2 has too few replicas in sync',
    ],
  })
  expect(readinessOf({ ...facts, restoring: [0, 1] })).toMatchObject({
    missing: 'deliver: restoring shards 0',
    degraded: [expect.stringContaining('state/1')],
  })
})

it('without knowledge of the cluster every shard that does not run is missing', () => {
  expect(readinessOf({ ...facts, cluster: undefined, restoring: [1] })).toEqual({
    missing: 'deliver: restoring shards 1',
    degraded: [],
  })
})
