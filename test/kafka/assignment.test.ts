import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  type Assignment,
  assign,
  createHoldings,
  decodeMetadata,
  type JoinedClaim,
  markOf,
  spread,
} from '../../src/kafka/runtime/assignment.ts'
import { createHistory, SHARDS, step } from './group-history.ts'

function member(memberId: string, owned: number[], generation = 1, changes: Partial<JoinedClaim> = {}): JoinedClaim {
  return {
    memberId,
    instanceId: undefined,
    releaseId: 'two-rounds-1',
    generation,
    owned,
    owners: [],
    unknown: [],
    ...changes,
  }
}

/** `generation`: of the round; by default the next one after those that the members know. */
function given(
  shardCount: number,
  members: JoinedClaim[],
  generation = 1 + Math.max(0, ...members.map(each => each.generation)),
) {
  const leader = members.find(each => each.generation === generation - 1) ?? members[0]!
  return assign(shardCount, { generation, leader: leader.memberId, members })
}

const shardsOf = (assignments: Map<string, Assignment>) =>
  Object.fromEntries([...assignments].map(([id, { shards }]) => [id, shards]))

describe('the leader of a group', () => {
  it('spreads shards evenly, and leaves them where they are', () => {
    expect(spread([0, 1, 2, 3, 4], [{ memberId: 'a', held: [] }])).toEqual(new Map([['a', [0, 1, 2, 3, 4]]]))
    const joined = spread(
      [0, 1, 2, 3],
      [
        { memberId: 'a', held: [3, 1, 0, 2] },
        { memberId: 'b', held: [] },
      ],
    )
    expect(joined).toEqual(
      new Map([
        ['a', [3, 1]],
        ['b', [0, 2]],
      ]),
    )
  })

  it('gives a moving shard to no member as long as its owner reports it, and to the new owner in the round after that', () => {
    const first = given(4, [member('a', [0, 1, 2, 3]), member('b', [], -1)])
    expect(shardsOf(first)).toEqual({ a: [0, 1], b: [] })
    const second = given(4, [member('a', [0, 1], 2), member('b', [], 2)])
    expect(shardsOf(second)).toEqual({ a: [0, 1], b: [2, 3] })
  })

  it('moves shards that drain already rather than those that are worked on', () => {
    const three = given(4, [member('a', [2, 3, 0, 1], 2), member('b', [], 2), member('c', [], -1)])
    expect(three.get('a')!.shards).toEqual([2, 3])
  })

  it('believes the claim of the higher generation', () => {
    const all = given(2, [member('late', [0, 1], 4), member('owner', [0], 7)])
    expect(all.get('owner')!.shards).toEqual([0])
    expect(all.get('late')!.shards).toEqual([1])
    expect(all.get('late')!.owners).toEqual([
      markOf({ memberId: 'owner', instanceId: undefined }),
      markOf({ memberId: 'late', instanceId: undefined }),
    ])
  })

  it('learns the shards of a member that did not join in time from those that did', () => {
    const silent = { memberId: 's-1', instanceId: 's' }
    const owners = [markOf(silent), markOf({ memberId: 'a', instanceId: undefined })]
    // Reported before its first assignment; the others have seen since what it got.
    const all = given(2, [
      member('s-1', [], -1, { instanceId: 's' }),
      member('a', [1], 3, { owners }),
      member('b', [], -1),
    ])
    expect(shardsOf(all)).toEqual({ 's-1': [0], a: [1], b: [] })
  })

  it('gives a free shard to no member while an unreported one may hold it; the members join once more', () => {
    const silent = member('s-1', [], -1, { instanceId: 's' })
    const fresh = member('f', [], -1)
    const third = assign(2, { generation: 3, leader: 'f', members: [silent, fresh] })
    expect(shardsOf(third)).toEqual({ 's-1': [], f: [] })
    const heard = createHoldings()
    heard.take(third.get('s-1')!, 3, markOf(silent))
    expect(heard.isHoldingUp()).toBe(true)
    const { owners, unknown } = third.get('f')!
    const fourth = assign(2, {
      generation: 4,
      leader: 'f',
      members: [silent, { ...fresh, generation: 3, owners, unknown }],
    })
    expect(shardsOf(fourth)).toEqual({ 's-1': [], f: [] })
    const fifth = assign(2, {
      generation: 5,
      leader: 'f',
      members: [
        { ...silent, generation: 4 },
        { ...fresh, generation: 4, owners, unknown },
      ],
    })
    expect(shardsOf(fifth)).toEqual({ 's-1': [0], f: [1] })
  })

  it('ignores claims that it cannot read, and shards that there are not', () => {
    expect(decodeMetadata('\u0000garbage')).toEqual({
      releaseId: '',
      generation: -1,
      owned: [],
      owners: [],
      unknown: [],
    })
    expect(shardsOf(given(2, [member('a', [0, 9], 3)]))).toEqual({ a: [0, 1] })
  })
})

describe('the shards that a member holds', () => {
  const me = markOf({ memberId: 'me', instanceId: undefined })

  it('drains shards that no other member owns yet, and drops those that another one has', () => {
    const holdings = createHoldings()
    expect(holdings.take({ shards: [0, 1, 2], owners: [me, me, me], unknown: [] }, 1, me)).toEqual({
      gained: [0, 1, 2],
      revoked: [],
      dropped: [],
    })
    expect(holdings.take({ shards: [0], owners: [me, me, 'other'], unknown: [] }, 2, me)).toEqual({
      gained: [],
      revoked: [1],
      dropped: [2],
    })
    expect(holdings.metadata()).toEqual({ generation: 2, owned: [0, 1], owners: [me, me, 'other'], unknown: [] })
    expect(holdings.isHoldingUp()).toBe(false)
    holdings.release(1)
    expect(holdings.isHoldingUp()).toBe(true)
  })

  it('yields the shards of its former process to the others', () => {
    const holdings = createHoldings()
    holdings.take({ shards: [0], owners: [me, me], unknown: [] }, 5, me)
    expect(holdings.isHoldingUp()).toBe(true)
  })

  it('works again on a shard that comes back while it drains', () => {
    const holdings = createHoldings()
    holdings.take({ shards: [0, 1], owners: [me, me], unknown: [] }, 1, me)
    holdings.take({ shards: [0], owners: [me, me], unknown: [] }, 2, me)
    expect(holdings.take({ shards: [0, 1], owners: [me, me], unknown: [] }, 3, me).gained).toEqual([1])
    expect(holdings.drains()).toBe(false)
  })
})

describe('10,000 histories of a group', () => {
  it('never give a shard to two members, and end with every shard owned when it is calm', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 24 }), steps => {
        const history = createHistory()
        for (const each of steps) {
          history.apply(each)
          for (const [shard, lives] of history.owners())
            if (lives.length > 1) throw new Error(`shard ${shard} has ${lives.length} owners`)
        }
        history.calm()
        const living = history.living()
        if (living.length === 0) return
        expect(living.reduce((sum, held) => sum + held, 0)).toBe(SHARDS)
        expect(Math.max(...living) - Math.min(...living)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 10_000 },
    )
  }, 120_000)
})
