/**
 * Assigns shards to the members of a role's group, in two rounds: a shard that moves is given to no member until its
 * owner has drained it and joined again without it. Pure: the leader's arithmetic, and the members' reading of its
 * answer.
 */
import { murmur2 } from '../shards.ts'

/** Version of the metadata and the assignment below; a release that changes their meaning takes another one. */
const RELEASE_ID = 'two-rounds-1'

/** A member's report when it joins. */
export interface MemberMetadata {
  releaseId: string
  /** The last generation whose assignment it took; -1: none. */
  generation: number
  /** Shards that it works on, then those that it drains. */
  owned: number[]
  /** From the assignment of that generation. */
  owners: string[]
  unknown: string[]
}

/** The leader's answer to a member. */
export interface Assignment {
  shards: number[]
  /**
   * By shard: the mark (`markOf`) of the member that works on it in this generation, or that still has to give it up. A
   * member learns from it which of its lost shards it may drain, and a later leader learns the shards of a member that
   * does not report in time.
   */
  owners: string[]
  /**
   * Marks of members that may hold more than any report shows; while there are some, free shards are given to no
   * member.
   */
  unknown: string[]
}

export interface JoinedClaim extends MemberMetadata {
  memberId: string
  instanceId: string | undefined
}

/** A short name of a member, the same after a static member has come back under another member id. */
export const markOf = ({ memberId, instanceId }: { memberId: string; instanceId: string | undefined }): string =>
  murmur2(Buffer.from(instanceId ?? memberId)).toString(36)

export const encodeMetadata = (metadata: Omit<MemberMetadata, 'releaseId'>): string =>
  JSON.stringify({ releaseId: RELEASE_ID, ...metadata })

/** An unreadable report claims nothing. */
export function decodeMetadata(text: string): MemberMetadata {
  try {
    const { releaseId, generation, owned, owners, unknown } = JSON.parse(text) as Partial<MemberMetadata>
    return {
      releaseId: String(releaseId),
      generation: generation ?? -1,
      owned: owned ?? [],
      owners: owners ?? [],
      unknown: unknown ?? [],
    }
  } catch {
    return { releaseId: '', generation: -1, owned: [], owners: [], unknown: [] }
  }
}

export const encodeAssignment = (assignment: Assignment): string => JSON.stringify(assignment)

/** Empty: the leader gave this member nothing, since it joined after the assignment was made. */
export function decodeAssignment(text: string): Assignment {
  if (text === '') return { shards: [], owners: [], unknown: [] }
  return JSON.parse(text) as Assignment
}

/**
 * Computed by the leader, for a generation: every shard goes to at most one member. A shard that another member than
 * its new one still owns is given to none; if two members claim one, the claim of the higher generation counts. A
 * static member that does not join in time stays in the group with its former report, and may have got shards since.
 * The members that took the assignment of the last generation know which. If none of those present did, each of the
 * others may hold anything: then only claimed shards are given, and the members join once more.
 */
export function assign(
  shardCount: number,
  round: { generation: number; leader: string; members: readonly JoinedClaim[] },
): Map<string, Assignment> {
  const { members } = round
  const last = members.reduce((best, member) => (member.generation > best.generation ? member : best), NOTHING_KNOWN)
  const owner = ownersOf(members, last)
  const unknown = unknownOf(round, last)
  const claims = members.map(({ memberId, owned }) => {
    const claimed = [...owner]
      .filter(([shard, by]) => by.memberId === memberId && shard < shardCount)
      .map(([shard]) => shard)
    return {
      memberId,
      held: [...owned.filter(shard => claimed.includes(shard)), ...claimed.filter(shard => !owned.includes(shard))],
    }
  })
  const all = Array.from({ length: shardCount }, (_, shard) => shard)
  const next = new Map(
    [...spread(all, claims)].flatMap(([memberId, shards]) => shards.map(shard => [shard, memberId] as const)),
  )
  const byId = new Map(members.map(member => [member.memberId, member]))
  const working = all.map(shard => owner.get(shard) ?? (unknown.length > 0 ? undefined : byId.get(next.get(shard)!)))
  const owners = working.map(member => (member ? markOf(member) : ''))
  return new Map(
    members.map(member => {
      const shards = all.filter(shard => next.get(shard) === member.memberId && working[shard] === member)
      return [member.memberId, { shards, owners, unknown }]
    }),
  )
}

type Known = Pick<MemberMetadata, 'generation' | 'owners' | 'unknown'>

const NOTHING_KNOWN: Known = { generation: -1, owners: [], unknown: [] }

/** The member that works on a shard, or still has to give it up. `last`: the newest known assignment. */
function ownersOf(members: readonly JoinedClaim[], last: Known): Map<number, JoinedClaim> {
  const owner = new Map<number, JoinedClaim>()
  const since = new Map<number, number>()
  const claim = (shard: number, member: JoinedClaim, generation: number) => {
    const other = owner.get(shard)
    const known = since.get(shard) ?? Number.NEGATIVE_INFINITY
    if (other && (known > generation || (known === generation && other.memberId < member.memberId))) return
    owner.set(shard, member)
    since.set(shard, generation)
  }
  for (const member of members) for (const shard of member.owned) claim(shard, member, member.generation)
  for (const member of members) {
    if (member.generation >= last.generation) continue
    const mark = markOf(member)
    for (const [shard, by] of last.owners.entries()) if (by === mark) claim(shard, member, last.generation)
  }
  return owner
}

/**
 * Marks of the members that may hold more than they have reported and `last` shows. The leader reports now, so it is
 * not among them.
 */
function unknownOf(
  { generation, leader, members }: { generation: number; leader: string; members: readonly JoinedClaim[] },
  last: Known,
): string[] {
  // It is unknown whether any member took the assignment between.
  const isMissing = Math.max(last.generation, 0) < generation - 1
  return members
    .filter(member => member.memberId !== leader && member.generation < generation - 1)
    .map(markOf)
    .filter(mark => isMissing || last.unknown.includes(mark))
}

/** Every shard to one member, loads differing by at most one, each kept by its present owner where that allows. */
export function spread(
  shards: readonly number[],
  claims: ReadonlyArray<{ memberId: string; held: readonly number[] }>,
): Map<string, number[]> {
  const members = [...claims].sort((a, b) => b.held.length - a.held.length || (a.memberId < b.memberId ? -1 : 1))
  const floor = Math.floor(shards.length / members.length)
  let withOneMore = shards.length % members.length
  const free = new Set(shards)
  const result = new Map<string, number[]>()
  for (const { memberId, held } of members) {
    const kept: number[] = []
    const claimed = held.filter(shard => free.has(shard))
    let quota = floor
    if (claimed.length > floor && withOneMore > 0) {
      quota++
      withOneMore--
    }
    for (const shard of claimed.slice(0, quota)) {
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

/** A member's shards: those that it was given, and those that it has lost and still drains. */
export interface Holdings {
  /** Takes a generation's assignment. `mark`: of this member. */
  take(assignment: Assignment, generation: number, mark: string): Taken
  /** This shard is drained, and closed. */
  release(shard: number): void
  /** The group has removed this member: everything is lost at once. Returns the former shards. */
  dropAll(): number[]
  /** Shards worked on, then those that drain. */
  held(): number[]
  drains(): boolean
  /** The group waits for shards that are no longer held: join again. */
  isHoldingUp(): boolean
  metadata(): Omit<MemberMetadata, 'releaseId'>
}

export interface Taken {
  /** Given, and not worked on before. */
  gained: number[]
  /** To be drained, since they have no other owner until this member joins without them. */
  revoked: number[]
  /** Another member works on them. */
  dropped: number[]
}

export function createHoldings(): Holdings {
  const working = new Set<number>()
  const draining = new Set<number>()
  let generation = -1
  let owners: string[] = []
  let unknown: string[] = []
  let own = ''

  return {
    take(assignment, ofGeneration, mark) {
      const given = new Set(assignment.shards)
      const taken: Taken = { gained: assignment.shards.filter(shard => !working.has(shard)), revoked: [], dropped: [] }
      for (const shard of [...working, ...draining]) {
        if (given.has(shard)) continue
        if (assignment.owners[shard] !== mark) {
          taken.dropped.push(shard)
          draining.delete(shard)
        } else if (working.has(shard)) {
          taken.revoked.push(shard)
          draining.add(shard)
        }
        working.delete(shard)
      }
      for (const shard of given) {
        working.add(shard)
        draining.delete(shard)
      }
      generation = ofGeneration
      owners = assignment.owners
      unknown = assignment.unknown
      own = mark
      return taken
    },
    release: shard => void draining.delete(shard),
    dropAll() {
      const held = [...working, ...draining]
      working.clear()
      draining.clear()
      generation = -1
      owners = []
      unknown = []
      return held
    },
    held: () => [...working, ...draining],
    drains: () => draining.size > 0,
    // Also the shards of this member's former process, before it was killed.
    isHoldingUp: () =>
      unknown.includes(own) || owners.some((by, shard) => by === own && !working.has(shard) && !draining.has(shard)),
    metadata: () => ({ generation, owned: [...working, ...draining], owners, unknown }),
  }
}
