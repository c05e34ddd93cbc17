/**
 * Encodes and decodes Kafka's classic group protocol: JoinGroup 9, SyncGroup 5, Heartbeat 4, LeaveGroup 5,
 * DescribeGroups 5. The group's own data (the members' claims, the leader's assignments) is text here.
 */
import { errorName } from './error-codes.ts'
import {
  type CompactReader,
  compact,
  compactArray,
  compactNullable,
  flexibleRequest,
  int32,
  NO_TAGS,
  type Part,
} from './flexible.ts'
import type { WireRequest } from './types.ts'

const JOIN_GROUP = 11
const HEARTBEAT = 12
const LEAVE_GROUP = 13
const SYNC_GROUP = 14
const DESCRIBE_GROUPS = 15

/**
 * A member of a group: the id from the coordinator (empty before that), and its own lasting one if it is a static
 * member.
 */
export interface GroupMemberName {
  groupId: string
  memberId: string
  instanceId: string | undefined
}

export interface JoinGroup extends GroupMemberName {
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocolType: string
  protocol: string
  metadata: string
  /** Shown in the brokers' logs. */
  reason: string
}

export interface GroupAnswer {
  error: string | undefined
}

export interface JoinedMember {
  memberId: string
  instanceId: string | undefined
  metadata: string
}

export interface JoinGroupAnswer extends GroupAnswer {
  generation: number
  /** Also given with MEMBER_ID_REQUIRED. */
  memberId: string
  /** The member id of the group's leader. */
  leader: string
  /**
   * The leader has come back within its session: the assignment of this generation remains in force, and it makes none.
   */
  skipAssignment: boolean
  /** Only in the leader's answer. */
  members: JoinedMember[]
}

export interface SyncGroup extends GroupMemberName {
  generation: number
  protocolType: string
  protocol: string
  /** From the leader: the assignment of each member. Empty from all others. */
  assignments: Array<{ memberId: string; assignment: string }>
}

export interface SyncGroupAnswer extends GroupAnswer {
  assignment: string
}

export interface DescribedGroup extends GroupAnswer {
  groupId: string
  /** `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`. */
  state: string
  protocolType: string
  members: Array<{
    memberId: string
    instanceId: string | undefined
    clientId: string
    metadata: string
    assignment: string
  }>
}

export function joinGroupRequest(join: JoinGroup, timeoutMs: number): WireRequest<JoinGroupAnswer> {
  return flexibleRequest({
    apiKey: JOIN_GROUP,
    apiVersion: 9,
    apiName: 'JoinGroup',
    body: [
      compact(join.groupId),
      int32(join.sessionTimeoutMs),
      int32(join.rebalanceTimeoutMs),
      compact(join.memberId),
      nullable(join.instanceId),
      compact(join.protocolType),
      compactArray([[compact(join.protocol), compact(join.metadata), NO_TAGS]]),
      compact(join.reason),
    ],
    decode(reader) {
      reader.int32() // throttle time
      const error = errorOf(reader)
      const generation = reader.int32()
      reader.string() // protocol type
      reader.string() // protocol
      const leader = reader.string()
      const skipAssignment = reader.int8() !== 0
      const memberId = reader.string()
      const members = reader.array(() => {
        const member = {
          memberId: reader.string(),
          instanceId: reader.string() || undefined,
          metadata: reader.string(),
        }
        reader.tags()
        return member
      })
      return { error, generation, memberId, leader, skipAssignment, members }
    },
    timeoutMs,
  })
}

export function syncGroupRequest(sync: SyncGroup, timeoutMs: number): WireRequest<SyncGroupAnswer> {
  return flexibleRequest({
    apiKey: SYNC_GROUP,
    apiVersion: 5,
    apiName: 'SyncGroup',
    body: [
      compact(sync.groupId),
      int32(sync.generation),
      compact(sync.memberId),
      nullable(sync.instanceId),
      compact(sync.protocolType),
      compact(sync.protocol),
      compactArray(
        sync.assignments.map(({ memberId, assignment }) => [compact(memberId), compact(assignment), NO_TAGS]),
      ),
    ],
    decode(reader) {
      reader.int32() // throttle time
      const error = errorOf(reader)
      reader.string() // protocol type
      reader.string() // protocol
      return { error, assignment: reader.string() }
    },
    timeoutMs,
  })
}

export function heartbeatRequest(
  member: GroupMemberName & { generation: number },
  timeoutMs: number,
): WireRequest<GroupAnswer> {
  return flexibleRequest({
    apiKey: HEARTBEAT,
    apiVersion: 4,
    apiName: 'Heartbeat',
    body: [compact(member.groupId), int32(member.generation), compact(member.memberId), nullable(member.instanceId)],
    decode(reader) {
      reader.int32() // throttle time
      return { error: errorOf(reader) }
    },
    timeoutMs,
  })
}

/**
 * A static member is named by its instance id as well: without it the coordinator would keep its place for a session.
 */
export function leaveGroupRequest(
  member: GroupMemberName & { reason: string },
  timeoutMs: number,
): WireRequest<GroupAnswer> {
  return flexibleRequest({
    apiKey: LEAVE_GROUP,
    apiVersion: 5,
    apiName: 'LeaveGroup',
    body: [
      compact(member.groupId),
      compactArray([[compact(member.memberId), nullable(member.instanceId), compact(member.reason), NO_TAGS]]),
    ],
    decode(reader) {
      reader.int32() // throttle time
      const error = errorOf(reader)
      const [first] = reader.array(() => {
        reader.string() // member
        reader.string() // instance
        const its = errorOf(reader)
        reader.tags()
        return { error: its }
      })
      return { error: error ?? first?.error }
    },
    timeoutMs,
  })
}

export function describeGroupsRequest(groupIds: readonly string[]): WireRequest<DescribedGroup[]> {
  return flexibleRequest({
    apiKey: DESCRIBE_GROUPS,
    apiVersion: 5,
    apiName: 'DescribeGroups',
    body: [compactArrayOfText(groupIds), Buffer.of(0)],
    decode(reader) {
      reader.int32() // throttle time
      return reader.array(() => {
        const error = errorOf(reader)
        const groupId = reader.string()
        const state = reader.string()
        const protocolType = reader.string()
        reader.string() // protocol
        const members = reader.array(() => {
          const memberId = reader.string()
          const instanceId = reader.string() || undefined
          const clientId = reader.string()
          reader.string() // host
          const member = { memberId, instanceId, clientId, metadata: reader.string(), assignment: reader.string() }
          reader.tags()
          return member
        })
        reader.int32() // authorized operations
        reader.tags()
        return { error, groupId, state, protocolType, members }
      })
    },
  })
}

const nullable = (value: string | undefined): Part => compactNullable(value ?? null)

/** Plain strings have no tags of their own, unlike structures. */
const compactArrayOfText = (items: readonly string[]): Part => compactArray(items.map(item => [compact(item)]))

function errorOf(reader: CompactReader): string | undefined {
  const code = reader.int16()
  return code === 0 ? undefined : errorName(code)
}
