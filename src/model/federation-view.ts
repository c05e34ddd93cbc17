/**
 * An index of federation groups, members and pushes by their own ids, across organizations: a member reads a group that
 * another organization owns, and the fan-out looks up pushes by canonical name.
 */
import type { FederationGroup, FederationMember, FederationPush } from './federation.ts'
import type { Kind, RecordsByKind } from './records.ts'

export interface FederationReading {
  group(groupId: string): FederationGroup | undefined
  member(memberId: string): FederationMember | undefined
  push(pushId: string): FederationPush | undefined
  /** Every member row of a group, removed members included; oldest first. */
  members(groupId: string): readonly FederationMember[]
  /** Every push of a group, undeclared ones too; oldest first. */
  pushes(groupId: string): readonly FederationPush[]
  /** The member rows of an invited organization, over all groups; oldest first. */
  memberships(organizationId: string): readonly FederationMember[]
  /** The active pushes of one version, oldest first; empty for a version that is not shared, as nearly all are. */
  pushesOf(sourceCanonicalName: string): readonly FederationPush[]
}

export interface FederationIndex extends FederationReading {
  /** Grows with each change of the index; anything computed at an older number is stale. */
  readonly generation: number
  /** Removes `before` from the index and adds `after`. Records of other kinds are ignored. */
  change(kind: Kind, before: RecordsByKind[Kind] | undefined, after: RecordsByKind[Kind] | undefined): void
}

const NONE: readonly never[] = []

export function createFederationIndex(): FederationIndex {
  const groups = new Map<string, FederationGroup>()
  const members = new Map<string, FederationMember>()
  const pushes = new Map<string, FederationPush>()
  const membersOf = createListing<FederationMember>()
  const pushesIn = createListing<FederationPush>()
  const membershipsOf = createListing<FederationMember>()
  const activeBy = createListing<FederationPush>()
  let generation = 0

  function changeMember(before: FederationMember | undefined, after: FederationMember | undefined): void {
    replace(members, before, after)
    membersOf.change(before, after, ({ groupId }) => groupId)
    membershipsOf.change(before, after, ({ memberOrganizationId }) => memberOrganizationId)
  }
  function changePush(before: FederationPush | undefined, after: FederationPush | undefined): void {
    replace(pushes, before, after)
    pushesIn.change(before, after, ({ groupId }) => groupId)
    activeBy.change(before, after, ({ isActive, sourceCanonicalName }) => (isActive ? sourceCanonicalName : null))
  }

  return {
    get generation() {
      return generation
    },
    group: groupId => groups.get(groupId),
    member: memberId => members.get(memberId),
    push: pushId => pushes.get(pushId),
    members: membersOf.at,
    pushes: pushesIn.at,
    memberships: membershipsOf.at,
    pushesOf: activeBy.at,
    change(kind, before, after) {
      if (kind === 'federation-group')
        replace(groups, before as FederationGroup | undefined, after as FederationGroup | undefined)
      else if (kind === 'federation-member')
        changeMember(before as FederationMember | undefined, after as FederationMember | undefined)
      else if (kind === 'federation-push')
        changePush(before as FederationPush | undefined, after as FederationPush | undefined)
      else return
      generation += 1
    },
  }
}

interface Made {
  id: string
  createdAt: string
}

function replace<T extends Made>(all: Map<string, T>, before: T | undefined, after: T | undefined): void {
  if (after !== undefined) all.set(after.id, after)
  else if (before !== undefined) all.delete(before.id)
}

/** Records grouped by key, sorted on the first read after a change. A record whose key is null is in no group. */
function createListing<T extends Made>() {
  const shelves = new Map<string, { byId: Map<string, T>; sorted: readonly T[] | undefined }>()

  function drop(key: string, id: string): void {
    const shelf = shelves.get(key)
    if (shelf === undefined) return
    shelf.byId.delete(id)
    shelf.sorted = undefined
    if (shelf.byId.size === 0) shelves.delete(key)
  }
  function add(key: string, record: T): void {
    const shelf = shelves.get(key) ?? { byId: new Map<string, T>(), sorted: undefined }
    shelf.byId.set(record.id, record)
    shelf.sorted = undefined
    shelves.set(key, shelf)
  }

  return {
    at(key: string): readonly T[] {
      const shelf = shelves.get(key)
      if (shelf === undefined) return NONE
      shelf.sorted ??= [...shelf.byId.values()].sort(oldestFirst)
      return shelf.sorted
    },
    change(before: T | undefined, after: T | undefined, keyOf: (record: T) => string | null): void {
      const old = before === undefined ? null : keyOf(before)
      if (old !== null) drop(old, before!.id)
      const key = after === undefined ? null : keyOf(after)
      if (key !== null) add(key, after!)
    },
  }
}

/** The same order as `byCreation` of the view; repeated here because the view imports this file. */
function oldestFirst(a: Made, b: Made): number {
  const [left, right] = a.createdAt === b.createdAt ? [a.id, b.id] : [a.createdAt, b.createdAt]
  return left < right ? -1 : left > right ? 1 : 0
}

type Pending = <K extends Kind>(kind: K) => Array<[id: string, record: RecordsByKind[K] | null]>

/**
 * The same index with a batch's pending changes applied on top: `pendingOf` returns them, null for a removed record.
 */
export function federationOver(base: FederationReading, pendingOf: Pending): FederationReading {
  function find<K extends Kind, T extends RecordsByKind[K]>(
    kind: K,
    id: string,
    committed: T | undefined,
  ): T | undefined {
    const changed = pendingOf(kind).find(([each]) => each === id)
    return changed === undefined ? committed : ((changed[1] as T | null) ?? undefined)
  }
  function list<K extends Kind>(
    kind: K,
    committed: readonly RecordsByKind[K][],
    belongs: (record: RecordsByKind[K]) => boolean,
  ): readonly RecordsByKind[K][] {
    const changed = pendingOf(kind)
    if (changed.length === 0) return committed
    const touched = new Set(changed.map(([id]) => id))
    const added = changed
      .map(([, record]) => record)
      .filter((record): record is RecordsByKind[K] => record !== null && belongs(record))
    return [...committed.filter(({ id }) => !touched.has(id)), ...added].sort(oldestFirst)
  }
  return {
    group: id => find('federation-group', id, base.group(id)),
    member: id => find('federation-member', id, base.member(id)),
    push: id => find('federation-push', id, base.push(id)),
    members: groupId => list('federation-member', base.members(groupId), each => each.groupId === groupId),
    pushes: groupId => list('federation-push', base.pushes(groupId), each => each.groupId === groupId),
    memberships: id => list('federation-member', base.memberships(id), each => each.memberOrganizationId === id),
    pushesOf: name =>
      list('federation-push', base.pushesOf(name), each => each.isActive && each.sourceCanonicalName === name),
  }
}
