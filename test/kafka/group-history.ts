/**
 * A group of processes under Kafka's rules, one step at a time: joins that some members miss, static members that keep
 * their place without joining, processes that are killed and come back, leaders that vanish before the assignment is
 * made.
 */
import fc from 'fast-check'
import {
  assign,
  createHoldings,
  decodeAssignment,
  decodeMetadata,
  encodeAssignment,
  encodeMetadata,
  type Holdings,
  markOf,
} from '../../src/kafka/runtime/assignment.ts'

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

export const SHARDS = 6
export const step = fc.record({
  what: fc.constantFrom('start', 'kill', 'return', 'leave', 'expire', 'round', 'broken round', 'drain'),
  who: fc.nat(7),
  isStatic: fc.boolean(),
  /** By bit: the members that join in time, and those that learn the assignment. */
  joins: fc.nat(255),
  syncs: fc.nat(255),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

export function createHistory() {
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
