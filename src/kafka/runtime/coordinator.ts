/** A group's coordinator behind a wire: looked up on demand, and again when it does not answer or has moved. */
import {
  type GroupAnswer,
  heartbeatRequest,
  type JoinGroup,
  type JoinGroupAnswer,
  joinGroupRequest,
  leaveGroupRequest,
  type SyncGroup,
  type SyncGroupAnswer,
  syncGroupRequest,
} from '../protocol/group-requests.ts'
import { KafkaError, type Wire, type WireRequest } from '../protocol/wire.ts'

/** Rejects with `KafkaError` when there is no answer. */
export interface Coordinator {
  join(request: JoinGroup): Promise<JoinGroupAnswer>
  sync(request: SyncGroup): Promise<SyncGroupAnswer>
  heartbeat(request: {
    groupId: string
    memberId: string
    instanceId: string | undefined
    generation: number
  }): Promise<GroupAnswer>
  leave(request: {
    groupId: string
    memberId: string
    instanceId: string | undefined
    reason: string
  }): Promise<GroupAnswer>
  /** The next request looks it up again. */
  forget(): void
}

const HEARTBEAT_WITHIN_MS = 1_500
/**
 * A join waits at most one session for members that are gone; the coordinator of a new group waits up to 3 s for
 * others.
 */
const JOIN_WITHIN_MS = 12_000
/** Requests that wait for other members have a connection of their own. */
const JOIN_LANE = 'join'

export function createCoordinator(
  wire: Pick<Wire, 'send' | 'coordinator' | 'forgetCoordinator'>,
  groupId: string,
): Coordinator {
  /** Waiting joins, by coordinator. */
  const waiting = new Map<(error: KafkaError) => void, number>()

  async function find(): Promise<number> {
    const node = await wire.coordinator('group', groupId)
    for (const [reject, at] of waiting)
      if (at !== node) reject(new KafkaError('NOT_COORDINATOR', `the coordinator of ${groupId} is another`))
    return node
  }

  /** A frozen coordinator never answers: the wait also ends when heartbeats have found another one. */
  async function waitingSend<T>(request: WireRequest<T>): Promise<T> {
    const node = await find()
    const moved = Promise.withResolvers<never>()
    waiting.set(moved.reject, node)
    try {
      return await Promise.race([wire.send(node, request, JOIN_LANE), moved.promise])
    } finally {
      waiting.delete(moved.reject)
    }
  }

  return {
    join: (request): Promise<JoinGroupAnswer> => waitingSend(joinGroupRequest(request, JOIN_WITHIN_MS)),
    sync: (request): Promise<SyncGroupAnswer> => waitingSend(syncGroupRequest(request, JOIN_WITHIN_MS)),
    heartbeat: async (request): Promise<GroupAnswer> =>
      wire.send(await find(), heartbeatRequest(request, HEARTBEAT_WITHIN_MS)),
    leave: async (request): Promise<GroupAnswer> =>
      wire.send(await find(), leaveGroupRequest(request, HEARTBEAT_WITHIN_MS)),
    forget: () => wire.forgetCoordinator('group', groupId),
  }
}
