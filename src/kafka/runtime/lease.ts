/**
 * Ownership of shards: membership of the role's group, and how long it is valid. A shard is held while the group has
 * confirmed this member within one session, counted from the sending of the answered request: the coordinator counts
 * from its arrival, so it gives the shard to another process no earlier than this one has stopped. The lease says which
 * process should work; the writers' fencing enforces it.
 */
import { shards as shardsTopic } from '../../../topics/shards.ts'
import type { Clock, Random, Timer } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type KafkaSettings, openWire, type Wire } from '../protocol/wire.ts'
import {
  assign,
  createHoldings,
  decodeAssignment,
  decodeMetadata,
  encodeAssignment,
  encodeMetadata,
  markOf,
} from './assignment.ts'
import type { Coordinator } from './coordinator.ts'
import { createCoordinator } from './coordinator.ts'
import { createGroupMember, type GroupMember } from './group-member.ts'
import { openInstanceSlot, type SlotMachine } from './instance-slot.ts'
import { createLeaseValidity } from './lease-validity.ts'

/** A later confirmation is reported, but does not stop work. */
const LATE_MS = 2_000
/** Shards that drain together are given up together; a slow one does not delay the others. */
const RELEASE_TOGETHER_MS = 250
const START_PAUSE_MS = { first: 100, longest: 2_000 }

/**
 * `unconfirmed`: the confirmation is late. `lost`: it is older than a session. `stopped`: an operator must act
 * (`reason`).
 */
export type LeaseState = 'joining' | 'held' | 'unconfirmed' | 'lost' | 'stopped'

export interface Lease {
  /**
   * When the last confirmed request was sent, on the monotonic clock, ms; -Infinity: never, or not since the group
   * removed this member.
   */
  confirmedAtMs(): number
  /** Cheap: it compares two numbers. */
  isHeld(): boolean
  /** Shards that no other member works on: those given to this one, and those that it still drains. */
  heldShards(): number[]
  state(): LeaseState
  /** Why it is not held, as a sentence; undefined while it is. */
  reason(): string | undefined
  /** How often it was lost. */
  lostCount(): number
  /** A revoked shard is drained and closed. */
  release(shard: number): void
  /** Leaves the group: others get the shards at once. */
  close(): Promise<void>
}

export interface LeaseEvents {
  /** Also a shard that still drains after it was revoked. */
  onGained(shards: number[]): void
  /** To be drained, closed and released; no other member works on them before that. */
  onRevoked(shards: number[]): void
  /** Another member may work on them already. */
  onDropped(shards: number[], reason: string): void
  /** Not confirmed for a session: others may own the shards. */
  onLost(): void
  /** Confirmed again, with the same shards. */
  onFound(): void
}

/** How the group identifies the process. */
export interface LeaseIdentity {
  /** The directory of the slots. */
  directory?: string | undefined
  machine?: SlotMachine | undefined
  /** Instead of a slot: a name that no other process of this role has. */
  instance?: string | undefined
}

export interface LeaseDeps {
  role: string
  clock: Clock
  random: Random
  logger: Logger
  identity: LeaseIdentity
  events: LeaseEvents
}

/** Returns at once; joins in the background, and never gives up. */
export function openLease(deps: LeaseDeps & { kafka: KafkaSettings }): Lease {
  return holdLease(deps, async () => {
    const wire = await openWire(deps.kafka, deps.logger)
    try {
      return {
        coordinator: createCoordinator(wire, deps.role),
        shardCount: await countShards(wire),
        close: () => wire.close(),
      }
    } catch (error) {
      await wire.close()
      throw error
    }
  })
}

/** The topic exists before any role starts; a broker that has just started may not know it yet. */
async function countShards(wire: Wire): Promise<number> {
  const [topic] = await wire.metadata([shardsTopic.name])
  if (topic === undefined || topic.errorCode !== 0 || topic.partitions.length === 0)
    throw new Error(`the topic ${shardsTopic.name} is not known yet`)
  return topic.partitions.length
}

export interface LeaseGroup {
  coordinator: Coordinator
  shardCount: number
  close(): Promise<void>
}

/** The lease over a group that `reach` finds; tests pass their own. */
export function holdLease(deps: LeaseDeps, reach: () => Promise<LeaseGroup>): Lease {
  const { role, clock, events, identity } = deps
  const logger = deps.logger.child({ part: 'lease', role })
  const slot =
    identity.instance === undefined && identity.directory !== undefined && identity.machine !== undefined
      ? openInstanceSlot({ ...deps, directory: identity.directory, machine: identity.machine, logger })
      : undefined
  const instanceId = identity.instance === undefined ? slot?.instanceId : `${role}-${identity.instance}`
  const holdings = createHoldings()
  let group: LeaseGroup | undefined
  let member: GroupMember | undefined
  let stopped: string | undefined
  /** Why the first connection failed. */
  let unreached: string | undefined
  let isClosed = false
  let releasing: Timer | undefined

  const validity = createLeaseValidity({
    clock,
    onLost() {
      logger.warn(
        { shards: holdings.held(), ageMs: Math.round(validity.ageMs()) },
        'the lease has not been confirmed for a session: it is lost',
      )
      events.onLost()
    },
    onFound() {
      logger.info({ shards: holdings.held() }, 'the lease is confirmed again')
      events.onFound()
    },
  })

  function onAssigned(given: { assignment: string; generation: number; memberId: string; sentAtMs: number }): void {
    const { generation, memberId, sentAtMs } = given
    const { gained, revoked, dropped } = holdings.take(
      decodeAssignment(given.assignment),
      generation,
      markOf({ memberId, instanceId }),
    )
    const atMs = Math.round(clock.machineMs())
    if (revoked.length > 0) logger.info({ generation, atMs, shards: revoked }, 'shards revoked')
    if (dropped.length > 0) logger.info({ generation, atMs, shards: dropped, how: 'dropped' }, 'shards given up')
    if (gained.length > 0) logger.info({ generation, atMs, shards: gained, memberId }, 'shards claimed')
    else logger.debug({ generation, atMs, shards: holdings.held() }, 'nothing gained')
    if (dropped.length > 0) events.onDropped(dropped, 'another member owns it')
    if (revoked.length > 0) events.onRevoked(revoked)
    validity.begin(sentAtMs)
    if (gained.length > 0) events.onGained(gained)
    rejoinWhenDrained()
  }

  function onDropped(reason: string): void {
    const shards = holdings.dropAll()
    // A process that was stopped held them until its lease ended, not until now.
    const atMs = Math.round(clock.machineMs() - validity.expiredForMs())
    validity.end()
    if (shards.length === 0) return
    logger.warn({ atMs, shards, how: 'dropped', reason }, 'shards given up')
    events.onDropped(shards, reason)
  }

  function rejoinWhenDrained(): void {
    if (!holdings.isHoldingUp() || isClosed) return
    if (!holdings.drains()) {
      releasing?.cancel()
      releasing = undefined
      member?.rejoin()
    } else
      releasing ??= clock.after(RELEASE_TOGETHER_MS, () => {
        releasing = undefined
        member?.rejoin()
      })
  }

  async function start(): Promise<void> {
    let isLogged = false
    for (let pauseMs = START_PAUSE_MS.first; !isClosed; pauseMs = Math.min(pauseMs * 2, START_PAUSE_MS.longest)) {
      try {
        group = await reach()
        unreached = undefined
        break
      } catch (error) {
        if (!isLogged) logger.warn({ error: String(error) }, 'the group cannot be reached yet')
        isLogged = true
        unreached = error instanceof Error ? error.message : String(error)
        await clock.sleep(pauseMs)
      }
    }
    if (!group) return
    if (isClosed) return group.close()
    const { coordinator, shardCount } = group
    member = createGroupMember({
      groupId: role,
      instanceId,
      coordinator,
      clock,
      logger,
      metadata: () => encodeMetadata(holdings.metadata()),
      assign({ generation, leader, members }) {
        const claims = members.map(each => ({ ...each, ...decodeMetadata(each.metadata) }))
        const given = assign(shardCount, { generation, leader, members: claims })
        return new Map([...given].map(([id, assignment]) => [id, encodeAssignment(assignment)]))
      },
      events: {
        onAssigned,
        onConfirmed: validity.confirm,
        onDropped,
        onStopped: reason => {
          stopped = reason
        },
      },
    })
    member.start()
  }
  start().catch(error => logger.error({ error: String(error) }, 'the lease cannot start'))

  function state(): LeaseState {
    if (stopped !== undefined) return 'stopped'
    if (!validity.isMember()) return 'joining'
    if (!validity.isHeld()) return 'lost'
    return validity.ageMs() > LATE_MS ? 'unconfirmed' : 'held'
  }

  return {
    confirmedAtMs: validity.confirmedAtMs,
    isHeld: validity.isHeld,
    heldShards: () => holdings.held(),
    state,
    reason() {
      switch (state()) {
        case 'stopped':
          return stopped
        case 'joining':
          return unreached === undefined ? 'waiting for shards' : `waiting for shards: ${unreached}`
        case 'lost':
          return `the lease has not been confirmed for ${Math.floor(validity.ageMs() / 1000)} s: the coordinator of its group does not answer`
        default:
          return undefined
      }
    },
    lostCount: validity.lostCount,
    release(shard) {
      holdings.release(shard)
      logger.info(
        {
          generation: holdings.metadata().generation,
          atMs: Math.round(clock.machineMs()),
          shards: [shard],
          how: 'drained',
        },
        'shards given up',
      )
      rejoinWhenDrained()
    },
    async close() {
      if (isClosed) return
      isClosed = true
      validity.stop()
      releasing?.cancel()
      logger.info({ atMs: Math.round(clock.machineMs()), shards: holdings.held(), how: 'left' }, 'shards given up')
      await member?.leave()
      validity.leave()
      await group?.close()
      slot?.close()
    },
  }
}
