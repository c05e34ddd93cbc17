/**
 * Spreads shards over the members of a role's group so that a shard stays where it is unless the balance asks for it. kafkajs's own round
 * robin reshuffles on every join. What a member holds travels in its subscription's user data.
 */
import { type Assigner, default as kafkajs, type PartitionAssigner } from 'kafkajs'

const { AssignerProtocol } = kafkajs
const NAME = 'ClarionSticky'

/** @param held the shards that this process holds now. */
export function createStickyAssigner(topic: string, held: () => number[]): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: NAME,
    version: 1,
    async assign({ members }) {
      const shards = cluster.findTopicPartitionMetadata(topic).map(each => each.partitionId)
      const claims = members.map(member => ({ memberId: member.memberId, held: claimsOf(member.memberMetadata) }))
      return [...spread(shards, claims)].map(([memberId, own]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 1, assignment: { [topic]: own }, userData: Buffer.alloc(0) }),
      }))
    },
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.from(JSON.stringify(held())) }),
    }),
  })
}

function claimsOf(metadata: Buffer): number[] {
  try {
    const userData = AssignerProtocol.MemberMetadata.decode(metadata)?.userData
    return userData?.length ? (JSON.parse(userData.toString()) as number[]) : []
  } catch {
    return []
  }
}

/** Pure: every shard to one member, loads differing by one at most, each kept by who held it where that allows. */
export function spread(shards: number[], claims: Array<{ memberId: string; held: number[] }>): Map<string, number[]> {
  const members = [...claims].sort((a, b) => b.held.length - a.held.length || (a.memberId < b.memberId ? -1 : 1))
  const floor = Math.floor(shards.length / members.length)
  let withOneMore = shards.length % members.length
  const free = new Set(shards)
  const result = new Map<string, number[]>()
  for (const { memberId, held } of members) {
    const kept: number[] = []
    const wanted = held.filter(shard => free.has(shard))
    let quota = floor
    if (wanted.length > floor && withOneMore > 0) {
      quota++
      withOneMore--
    }
    for (const shard of wanted.slice(0, quota)) {
      kept.push(shard)
      free.delete(shard)
    }
    result.set(memberId, kept)
  }
  const rest = [...free].sort((a, b) => a - b)
  for (const { memberId } of [...members].reverse()) {
    const own = result.get(memberId)!
    while (own.length < floor && rest.length > 0) own.push(rest.shift()!)
  }
  for (const { memberId } of [...members].reverse()) {
    if (rest.length === 0) break
    const own = result.get(memberId)!
    if (own.length === floor) own.push(rest.shift()!)
  }
  return result
}
