import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  type Assignment,
  assign,
  createHoldings,
  decodeAssignment,
  decodeMetadata,
  encodeAssignment,
  encodeMetadata,
  type Holdings,
  type JoinedClaim,
  markOf,
  spread,
} from '../../src/kafka/runtime/assignment.ts'

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

/**
 * A group of processes under Kafka's rules, one step at a time: joins that some members miss, static members that keep
 * their place without joining, processes that are killed and come back, leaders that vanish before the assignment is
 * made.
 */
interface Life {
  instanceId: string | undefined
  holdings: Holdings
}
interface Place {
  memberId: string
  instanceId: string | undefined
  metadata: string
  assignment: string
  life: Life | undefined
}

const SHARDS = 6
const step = fc.record({
  what: fc.constantFrom('start', 'kill', 'return', 'leave', 'expire', 'round', 'broken round', 'drain'),
  who: fc.nat(7),
  isStatic: fc.boolean(),
  /** By bit: the members that join in time, and those that learn the assignment. */
  joins: fc.nat(255),
  syncs: fc.nat(255),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function createHistory() {
  const places: Place[] = []
  let generation = 0
  let ids = 0
  let leader: string | undefined

  function owners(): Map<number, Life[]> {
    const found = new Map<number, Life[]>()
    for (const { life } of places)
      for (const shard of life?.holdings.held() ?? []) found.set(shard, [...(found.get(shard) ?? []), life!])
    return found
  }

  function round({ joins, syncs }: Step, isBroken: boolean): void {
    const joining = places.filter((place, at) => place.life && (joins >> at) % 2 === 1)
    if (joining.length === 0) return
    for (const place of joining) place.metadata = encodeMetadata(place.life!.holdings.metadata())
    for (const place of [...places]) {
      if (joining.includes(place) || place.instanceId !== undefined) continue
      // A dynamic member that misses a round is removed, and learns so by its next heartbeat at the latest.
      places.splice(places.indexOf(place), 1)
      place.life?.holdings.dropAll()
    }
    generation++
    const chosen = joining.find(place => place.memberId === leader) ?? joining[0]!
    leader = chosen.memberId
    if (isBroken) return
    const members = places.map(place => ({
      memberId: place.memberId,
      instanceId: place.instanceId,
      ...decodeMetadata(place.metadata),
    }))
    const given = assign(SHARDS, { generation, leader, members })
    for (const place of places) place.assignment = encodeAssignment(given.get(place.memberId)!)
    for (const [at, place] of places.entries())
      if (joining.includes(place) && (place === chosen || (syncs >> at) % 2 === 1))
        place.life!.holdings.take(decodeAssignment(place.assignment), generation, markOf(place))
    isStable = joining.length === places.length
  }
  let isStable = false

  return {
    owners,
    apply(taken: Step): void {
      const place = places.length > 0 ? places[taken.who % places.length] : undefined
      switch (taken.what) {
        case 'start': {
          if (places.length >= 8) return
          const instanceId = taken.isStatic ? `i${ids}` : undefined
          places.push({
            memberId: `m${ids++}`,
            instanceId,
            metadata: '',
            assignment: '',
            life: { instanceId, holdings: createHoldings() },
          })
          isStable = false
          return
        }
        case 'kill':
          if (place) place.life = undefined
          return
        case 'return': {
          if (!place || place.instanceId === undefined) return
          const wasLeader = leader === place.memberId
          place.memberId = `m${ids++}`
          if (wasLeader) leader = place.memberId
          place.life = { instanceId: place.instanceId, holdings: createHoldings() }
          place.metadata = encodeMetadata(place.life.holdings.metadata())
          // Without a round under way the former assignment is the answer at once.
          if (isStable && place.assignment !== '')
            place.life.holdings.take(decodeAssignment(place.assignment), generation, markOf(place))
          return
        }
        case 'leave':
        case 'expire':
          if (!place) return
          place.life?.holdings.dropAll()
          places.splice(places.indexOf(place), 1)
          isStable = false
          return
        case 'drain':
          for (const { life } of places) {
            if (!life) continue
            const { owned } = life.holdings.metadata()
            for (const shard of owned) life.holdings.release(shard)
          }
          return
        case 'round':
          round(taken, false)
          return
        case 'broken round':
          isStable = false
          round(taken, true)
          return
      }
    },
    /** All live members join and learn the assignment, dead ones expire, moving shards are drained. */
    calm(): void {
      for (const place of [...places]) if (!place.life) places.splice(places.indexOf(place), 1)
      const all: Step = { what: 'round', who: 0, isStatic: false, joins: 255, syncs: 255 }
      for (let at = 0; at < 4; at++) {
        this.apply(all)
        this.apply({ ...all, what: 'drain' })
      }
      this.apply(all)
    },
    living: () => places.filter(place => place.life).map(place => place.life!.holdings.held().length),
  }
}

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
