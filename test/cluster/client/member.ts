/**
 * Holders of shards, on three brokers, with processes that are killed, stopped and doubled. In every case no shard is held by two
 * processes at the same time, and in the end every shard is held.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { shards as shardsTopic } from '../../../topics/shards.ts'
import type { Cluster } from '../cluster.ts'
import { createMembers, type MemberProcess } from '../members.ts'
import { coordinatorPartition, GROUPS_TOPIC } from '../placement.ts'
import { until } from '../until.ts'
import type { SharedCluster } from './shared-cluster.ts'

const SHARDS = 8

let cluster: Cluster
let members: ReturnType<typeof createMembers>
let groups = 0

/** Two members of a new group that hold four shards each; its coordinator is broker 2. */
async function two(drainMs?: number): Promise<[MemberProcess, MemberProcess]> {
  const role = `role-${groups++}`
  const { brokers, username, password } = cluster
  members = createMembers({ brokers, username, password, clientId: 'test' }, role)
  const { topics } = await cluster.describe([GROUPS_TOPIC])
  const count = topics[0]?.partitions.length
  if (count) await cluster.moveLeader(GROUPS_TOPIC, coordinatorPartition(role, count), 2)
  const first = members.start('first', drainMs)
  await members.settled([first], SHARDS)
  const second = members.start('second', drainMs)
  await members.settled([first, second], SHARDS)
  return [first, second]
}

const claimsOf = (member: MemberProcess) => member.lines.filter(line => line.what === 'claimed')
const losses = (member: MemberProcess) => member.lines.filter(line => line.what === 'lost').length

export function memberTests(shared: SharedCluster): void {
  beforeAll(async () => {
    cluster = shared.cluster
    await cluster.createTopic({ topic: shardsTopic.name, partitions: SHARDS })
  })
  afterEach(() => members.close(), 120_000)

  describe('shards of a role', () => {
    it('are drained before another process has them, which joins, leaves and comes back', async () => {
      const [first, second] = await two(400)
      const third = members.start('third')
      await members.settled([first, second, third], SHARDS)
      await third.leave()
      await members.settled([first, second], SHARDS)
      expect(members.heldTwice()).toEqual([])
      // A shard that moved was revoked first, and drained.
      for (const member of [first, second]) expect(member.lines.some(line => line.what === 'revoked')).toBe(true)
      expect(losses(first) + losses(second)).toBe(0)
    }, 90_000)

    it('stay with a process that is killed and back within its session: the other one notices nothing', async () => {
      const [first, second] = await two()
      const before = [await first.state(), claimsOf(second).length] as const
      await first.kill()
      const back = members.start('first')
      const [state] = await members.settled([back, second], SHARDS)
      expect(state!.shards.sort()).toEqual(before[0].shards.sort())
      expect(claimsOf(second)).toHaveLength(before[1])
      expect(claimsOf(back)).toHaveLength(1)
    }, 90_000)

    it('pass on from a process that is killed, or stopped; on waking it does not think that it holds them', async () => {
      const [first, second] = await two()
      first.signal('SIGSTOP')
      await members.settled([second], SHARDS)
      first.signal('SIGCONT')
      await members.settled([first, second], SHARDS)
      expect(members.heldTwice()).toEqual([])
      await second.kill()
      await members.settled([first], SHARDS)
      expect(members.heldTwice()).toEqual([])
    }, 90_000)

    it('are the later one’s of two with the same name; the earlier one stops with a sentence', async () => {
      const [first, second] = await two()
      const twin = members.start('first')
      const stopped = await until('the first one has stopped', async () => {
        const state = await first.state()
        return state.state === 'stopped' && state
      })
      expect(stopped).toMatchObject({ isHeld: false, shards: [], reason: expect.stringContaining('same instance id') })
      await members.settled([twin, second], SHARDS)
      expect(first.lines.filter(line => line.what === 'log' && line.level === 'error')).toHaveLength(1)
    }, 90_000)
  })

  describe('the coordinator', () => {
    it.each(['killed', 'frozen'])(
      '%s: the same generation is confirmed by the next one, and nothing moves',
      async how => {
        const [first, second] = await two()
        const claims = [first, second].map(member => claimsOf(member).length)
        if (how === 'killed') await cluster.kill(2)
        else cluster.freeze(2)
        await until(
          'a coordinator is elected',
          async () => (await cluster.coordinator('group', `role-${groups - 1}`)) !== 2,
        )
        await until('both are confirmed since', async () => {
          const states = await Promise.all([first.state(), second.state()])
          return states.every(({ isHeld }) => isHeld) && states
        })
        await members.settled([first, second], SHARDS)
        expect([first, second].map(member => claimsOf(member).length)).toEqual(claims)
        expect(members.heldTwice()).toEqual([])
      },
      120_000,
    )

    it('away with the quorum for longer than a session: every lease is lost, and found again', async () => {
      const [first, second] = await two()
      await cluster.kill(2, 3)
      await until('both have lost their leases', async () => {
        const states = await Promise.all([first.state(), second.state()])
        return states.every(
          ({ state, isHeld, reason }) => state === 'lost' && !isHeld && reason?.includes('not been confirmed'),
        )
      })
      await pause(2_000)
      await cluster.start([2, 3])
      await members.settled([first, second], SHARDS)
      await first.kill()
      // Another process takes over: no member is one in name only.
      await members.settled([second], SHARDS)
      expect(members.heldTwice()).toEqual([])
    }, 180_000)
  })
}
