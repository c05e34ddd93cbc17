/**
 * A member of a consumer group's classic protocol: it joins, keeps its membership by heartbeats, and joins again
 * whenever required. It knows nothing of shards: reports and assignments are text. Joins wait for other members, so
 * they have connections of their own, and heartbeats continue beside them. Each error has one next step
 * (`member-errors.ts`); only a second process with the same instance id ends a member.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { GroupAnswer, JoinedMember, JoinGroupAnswer, SyncGroupAnswer } from '../protocol/group-requests.ts'
import { KafkaError } from '../protocol/wire.ts'
import type { Coordinator } from './coordinator.ts'
import { stepOf } from './member-errors.ts'
import { createMemberReports, type Purpose } from './member-reports.ts'
import { SESSION_MS } from './session-time.ts'

const REBALANCE_MS = 6_000
const HEARTBEAT_MS = 250
const LEAVE_WITHIN_MS = 2_000
const PAUSE_MS = { first: 50, longest: 1_000 }
/** Between two attempts after an error that an operator has to fix. */
const STOPPED_PAUSE_MS = 2_000
const PROTOCOL_TYPE = 'clarion'
const PROTOCOL = 'shards'

export interface GroupMemberEvents {
  /** This member's assignment in this generation. It confirms the member as well. */
  onAssigned(given: { assignment: string; generation: number; memberId: string; sentAtMs: number }): void
  /** The group has this member, as of a request sent at this moment (monotonic). */
  onConfirmed(sentAtMs: number): void
  /** The group has removed this member: others may own its shards. */
  onDropped(reason: string): void
  /** It stopped for this reason and needs an operator; undefined: it goes on. */
  onStopped(reason: string | undefined): void
}

export interface GroupMember {
  start(): void
  /** Joins again: its report has changed. */
  rejoin(): void
  /** Leaves the group, best effort, within two seconds. */
  leave(): Promise<void>
}

export interface GroupMemberDeps {
  groupId: string
  /** Of a static member. */
  instanceId: string | undefined
  coordinator: Coordinator
  clock: Clock
  logger: Logger
  /** This member's report, read at the time of each join. */
  metadata(): string
  /** Called on the leader: the assignment of each member. */
  assign(round: { generation: number; leader: string; members: readonly JoinedMember[] }): Map<string, string>
  events: GroupMemberEvents
}

export function createGroupMember(deps: GroupMemberDeps): GroupMember {
  const { groupId, instanceId, coordinator, clock, logger, events } = deps
  let memberId = ''
  /** From the last answered join; sent with heartbeats. */
  let generation = -1
  /** The current run of joins; an older run ends without effect. */
  let joining: symbol | undefined
  /** A join was requested after the last one was sent. */
  let mustJoinAgain = false
  let isEnded = false
  let isClosed = false
  let beat: Timer | undefined
  let wake: (() => void) | undefined

  const reports = createMemberReports({
    groupId,
    instanceId,
    clock,
    logger,
    generation: () => generation,
    onStopped: events.onStopped,
  })

  const name = () => ({ groupId, memberId, instanceId })

  /** The error of an answer; undefined: it succeeded. */
  async function errorOf(answer: Promise<GroupAnswer>): Promise<string | undefined> {
    try {
      return (await answer).error
    } catch (error) {
      if (error instanceof KafkaError) return error.type
      logger.error({ error: String(error) }, 'a request of the group failed')
      return 'UNKNOWN_SERVER_ERROR'
    }
  }

  function dropMembership(reason: string): void {
    memberId = ''
    generation = -1
    events.onDropped(reason)
  }

  /** The next step after an error, and the pause of a join. */
  function follow(error: string, purpose: Purpose, pauseMs: number): number {
    switch (stepOf(error)) {
      case 'rejoin':
        return pauseMs <= PAUSE_MS.first ? 0 : pauseMs
      case 'rejoin_as_new':
        dropMembership('the group does not know this member any more')
        return pauseMs <= PAUSE_MS.first ? 0 : pauseMs
      case 'wait':
        return pauseMs
      case 'find_coordinator':
        reports.unanswered(error, purpose)
        coordinator.forget()
        return pauseMs
      case 'stop':
        reports.stop(error)
        return STOPPED_PAUSE_MS
      case 'end':
        end(error)
        return 0
    }
  }

  function end(error: string): void {
    isEnded = true
    joining = undefined
    beat?.cancel()
    dropMembership('another process has taken this instance id')
    reports.stop(error)
  }

  function join(): void {
    mustJoinAgain = true
    if (joining || isClosed || isEnded) return
    const run = Symbol('join')
    joining = run
    joinUntilSynced(run).catch(error => {
      logger.error({ error: error instanceof Error ? error.stack : String(error) }, 'joining the group failed')
      if (joining === run) joining = undefined
      clock.after(PAUSE_MS.longest, join)
    })
  }

  async function joinUntilSynced(run: symbol): Promise<void> {
    let pauseMs = PAUSE_MS.first
    while (joining === run && mustJoinAgain) {
      mustJoinAgain = false
      const error = await joinOnce(run)
      if (joining !== run || isClosed) return
      if (error === undefined) {
        pauseMs = PAUSE_MS.first
        continue
      }
      mustJoinAgain = true
      const waitMs = follow(error, 'join', pauseMs)
      if (waitMs > 0) await pause(waitMs)
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)
    }
    if (joining === run) joining = undefined
  }

  /** JoinGroup and SyncGroup; returns the error of either. */
  async function joinOnce(run: symbol): Promise<string | undefined> {
    let joined: JoinGroupAnswer | undefined
    const joinError = await errorOf(
      coordinator
        .join({
          ...name(),
          sessionTimeoutMs: SESSION_MS,
          rebalanceTimeoutMs: REBALANCE_MS,
          protocolType: PROTOCOL_TYPE,
          protocol: PROTOCOL,
          metadata: deps.metadata(),
          reason: memberId === '' ? 'start' : 'rebalance',
        })
        .then(answer => {
          joined = answer
          return answer
        }),
    )
    if (joining !== run) return undefined
    if (joined && joinError === 'MEMBER_ID_REQUIRED') memberId = joined.memberId
    if (joinError !== undefined || joined === undefined) return joinError
    memberId = joined.memberId
    generation = joined.generation
    startHeartbeats()

    const isLeader = joined.leader === memberId && !joined.skipAssignment
    const given = isLeader ? deps.assign(joined) : new Map<string, string>()
    const assignments = [...given].map(([id, assignment]) => ({ memberId: id, assignment }))
    const sentAtMs = clock.monotonicMs()
    const ofGeneration = generation
    let synced: SyncGroupAnswer | undefined
    const syncError = await errorOf(
      coordinator
        .sync({ ...name(), generation: ofGeneration, protocolType: PROTOCOL_TYPE, protocol: PROTOCOL, assignments })
        .then(answer => {
          synced = answer
          return answer
        }),
    )
    if (joining !== run) return undefined
    if (syncError !== undefined || synced === undefined) return syncError
    reports.answered('join')
    events.onAssigned({ assignment: synced.assignment, generation: ofGeneration, memberId, sentAtMs })
    return undefined
  }

  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = clock.after(ms, resolve)
      wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  function startHeartbeats(): void {
    if (!beat) heartbeatIn(HEARTBEAT_MS)
  }

  function heartbeatIn(ms: number): void {
    beat = clock.after(ms, () => {
      heartbeat().catch(error => {
        logger.error({ error: error instanceof Error ? error.stack : String(error) }, 'a heartbeat failed')
        if (!isClosed && !isEnded) heartbeatIn(HEARTBEAT_MS)
      })
    })
  }

  async function heartbeat(): Promise<void> {
    const sentAtMs = clock.monotonicMs()
    const sent = { memberId, generation }
    if (sent.memberId !== '' && generation >= 0) {
      const error = await errorOf(coordinator.heartbeat({ ...name(), generation }))
      if (isClosed || isEnded) return
      // The answer belongs to a former membership.
      if (memberId === sent.memberId) onHeartbeat(error, sentAtMs, sent.generation)
    }
    if (!isClosed && !isEnded) heartbeatIn(Math.max(0, sentAtMs + HEARTBEAT_MS - clock.monotonicMs()))
  }

  function onHeartbeat(error: string | undefined, sentAtMs: number, ofGeneration: number): void {
    if (error === undefined || error === 'REBALANCE_IN_PROGRESS') {
      reports.answered('heartbeat')
      events.onConfirmed(sentAtMs)
    }
    if (error === undefined) return
    if (error === 'REBALANCE_IN_PROGRESS' || error === 'ILLEGAL_GENERATION') {
      // The generation ends in the middle of a join; this answer may also be late, after the next one has begun.
      if (!joining && generation === ofGeneration) join()
      return
    }
    follow(error, 'heartbeat', 0)
    if (memberId !== '' || isEnded) return
    // A join that was sent under the former member id has no effect.
    joining = undefined
    wake?.()
    join()
  }

  return {
    start: join,
    rejoin: join,
    async leave() {
      isClosed = true
      joining = undefined
      beat?.cancel()
      wake?.()
      if (memberId === '') return
      const left = errorOf(coordinator.leave({ ...name(), reason: 'goodbye' }))
      const late = pause(LEAVE_WITHIN_MS).then(() => 'REQUEST_TIMEOUT')
      const error = await Promise.race([left, late])
      wake?.()
      if (error !== undefined) logger.debug({ error }, 'the group was left without a goodbye')
    },
  }
}
