/**
 * A group's coordinator under Kafka's classic protocol, in memory: rounds that wait for all members, static members
 * that keep their place and their report, sessions. Requests that must wait are answered by `settle`.
 */
import type {
  JoinedMember,
  JoinGroup,
  JoinGroupAnswer,
  SyncGroup,
  SyncGroupAnswer,
} from '../../src/kafka/protocol/group-requests.ts'

interface Registered {
  memberId: string
  instanceId: string | undefined
  metadata: string
  assignment: string
  joining: ((answer: JoinGroupAnswer) => void) | undefined
  syncing: ((answer: SyncGroupAnswer) => void) | undefined
}

export type ModelCoordinator = ReturnType<typeof createModelCoordinator>

export function createModelCoordinator() {
  const members = new Map<string, Registered>()
  let generation = 0
  let leader = ''
  let phase: 'empty' | 'preparing' | 'completing' | 'stable' = 'empty'
  let ids = 0

  const failed = (error: string): JoinGroupAnswer => ({
    error,
    generation: -1,
    memberId: '',
    leader: '',
    skipAssignment: false,
    members: [],
  })
  const byInstance = (instanceId: string | undefined) =>
    instanceId === undefined ? undefined : [...members.values()].find(member => member.instanceId === instanceId)

  function prepare(): void {
    if (phase !== 'preparing')
      for (const member of members.values()) {
        member.syncing?.({ error: 'REBALANCE_IN_PROGRESS', assignment: '' })
        member.syncing = undefined
      }
    phase = members.size === 0 ? 'empty' : 'preparing'
  }

  /** The error that a request of this member gets, if any. */
  function errorOf({ memberId, instanceId }: { memberId: string; instanceId: string | undefined }): string | undefined {
    const registered = byInstance(instanceId)
    if (registered && registered.memberId !== memberId) return 'FENCED_INSTANCE_ID'
    return members.has(memberId) ? undefined : 'UNKNOWN_MEMBER_ID'
  }

  function register(request: JoinGroup, memberId: string): Registered {
    const { instanceId, metadata } = request
    const member: Registered = {
      memberId,
      instanceId,
      metadata,
      assignment: '',
      joining: undefined,
      syncing: undefined,
    }
    members.set(memberId, member)
    return member
  }

  const answerOf = (member: Registered, skipAssignment: boolean): JoinGroupAnswer => ({
    error: undefined,
    generation,
    memberId: member.memberId,
    leader,
    skipAssignment,
    members:
      member.memberId === leader
        ? [...members.values()].map(
            ({ memberId, instanceId, metadata }): JoinedMember => ({ memberId, instanceId, metadata }),
          )
        : [],
  })

  const whenJoined = (member: Registered): Promise<JoinGroupAnswer> =>
    new Promise(resolve => {
      member.joining = resolve
    })
  const whenSynced = (member: Registered): Promise<SyncGroupAnswer> =>
    new Promise(resolve => {
      member.syncing = resolve
    })

  function join(request: JoinGroup): Promise<JoinGroupAnswer> {
    if (request.memberId === '') {
      const memberId = `${request.instanceId ?? 'dynamic'}-${ids++}`
      const before = byInstance(request.instanceId)
      if (before) {
        // The place is kept: another member id, the same generation, and no round if there was none.
        before.joining?.(failed('FENCED_INSTANCE_ID'))
        members.delete(before.memberId)
        const member = register(request, memberId)
        member.assignment = before.assignment
        if (leader === before.memberId) leader = memberId
        if (phase === 'stable') return Promise.resolve(answerOf(member, leader === memberId))
        prepare()
        return whenJoined(member)
      }
      if (request.instanceId === undefined) return Promise.resolve({ ...failed('MEMBER_ID_REQUIRED'), memberId })
      const member = register(request, memberId)
      prepare()
      return whenJoined(member)
    }
    const isNew =
      request.instanceId === undefined && request.memberId.startsWith('dynamic-') && !members.has(request.memberId)
    const error = isNew && !gone.has(request.memberId) ? undefined : errorOf(request)
    if (error) return Promise.resolve(failed(error))
    const member = members.get(request.memberId) ?? register(request, request.memberId)
    member.metadata = request.metadata
    prepare()
    return whenJoined(member)
  }

  function sync(request: SyncGroup): Promise<SyncGroupAnswer> {
    const refuse = (error: string) => Promise.resolve({ error, assignment: '' })
    const error = errorOf(request)
    if (error) return refuse(error)
    if (request.generation !== generation) return refuse('ILLEGAL_GENERATION')
    if (phase === 'preparing') return refuse('REBALANCE_IN_PROGRESS')
    const member = members.get(request.memberId)!
    if (phase === 'stable') return Promise.resolve({ error: undefined, assignment: member.assignment })
    const answered = whenSynced(member)
    if (request.memberId === leader) {
      const given = new Map(request.assignments.map(each => [each.memberId, each.assignment]))
      for (const each of members.values()) each.assignment = given.get(each.memberId) ?? ''
      phase = 'stable'
      for (const each of members.values()) {
        each.syncing?.({ error: undefined, assignment: each.assignment })
        each.syncing = undefined
      }
    }
    return answered
  }

  function heartbeat(request: {
    memberId: string
    instanceId: string | undefined
    generation: number
  }): string | undefined {
    const error = errorOf(request)
    if (error) return error
    if (request.generation !== generation) return 'ILLEGAL_GENERATION'
    return phase === 'preparing' ? 'REBALANCE_IN_PROGRESS' : undefined
  }

  const gone = new Set<string>()
  function remove(memberId: string): void {
    if (!members.delete(memberId)) return
    gone.add(memberId)
    if (leader === memberId) leader = ''
    prepare()
  }

  return {
    join,
    sync,
    heartbeat,
    remove,
    /**
     * Ends the round if all have joined; `late`: its time is over, and static members that did not join keep their
     * place.
     */
    settle(late = false): boolean {
      if (phase !== 'preparing') return false
      const waiting = [...members.values()].filter(member => member.joining)
      if (waiting.length === 0 || (waiting.length < members.size && !late)) return false
      for (const member of [...members.values()]) {
        if (member.joining || member.instanceId !== undefined) continue
        members.delete(member.memberId)
        gone.add(member.memberId)
      }
      if (!members.get(leader)?.joining) leader = waiting[0]!.memberId
      generation++
      phase = 'completing'
      for (const member of waiting) {
        const answer = member.joining!
        member.joining = undefined
        answer(answerOf(member, false))
      }
      return true
    },
    generation: () => generation,
    phase: () => phase,
    memberIds: () => [...members.keys()],
    leader: () => leader,
  }
}
