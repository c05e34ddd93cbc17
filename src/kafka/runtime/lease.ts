/**
 * Owning shards: membership of the role's consumer group over the empty topic `shards`. Kafka spreads them over however many processes run
 * the role; the transactional writer's fencing makes a late loser harmless.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Consumer } from 'kafkajs'
import { shards as shardsTopic } from '../../../topics/shards.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import { createClient, RETRY } from '../protocol/client.ts'
import { type KafkaSettings, openWire } from '../protocol/wire.ts'
import { createStickyAssigner } from './sticky-assigner.ts'

const SESSION_TIMEOUT_MS = 6_000
const HEARTBEAT_MS = 1_500
/** kafkajs sends heartbeats only between fetches. */
const FETCH_WAIT_MS = 500
const REJOIN_PAUSE_MS = 250

export interface Lease {
  /** When the group last confirmed this member, on the monotonic clock, ms. */
  confirmedAtMs(): number
  close(): Promise<void>
}

export async function acquireLease(deps: {
  kafka: KafkaSettings
  role: string
  clock: Clock
  logger: Logger
  /** Where member ids are kept, so that a successor can say goodbye for a killed process; none: nobody does. */
  memberDir?: string | undefined
  onAssigned(shards: number[]): void
}): Promise<Lease> {
  const { role, clock } = deps
  const logger = deps.logger.child({ part: 'lease' })
  const members = deps.memberDir ? memberFile(deps.memberDir, role) : undefined
  if (members) await leaveForTheDead(deps.kafka, role, members, logger)
  let held: number[] = []
  let confirmedAtMs = 0
  let closed = false
  let consumer: Consumer | undefined

  function onAssignment(memberId: string, shards: number[]): void {
    held = shards
    confirmedAtMs = clock.monotonicMs()
    members?.write(memberId)
    logger.debug({ shards }, 'shards assigned')
    deps.onAssigned(held)
  }

  async function join(): Promise<void> {
    const joining = createClient(deps.kafka).consumer({
      groupId: role,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: 10_000,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      partitionAssigners: [createStickyAssigner(shardsTopic.name, () => held)],
      retry: { ...RETRY, restartOnFailure: async () => false },
    })
    consumer = joining
    joining.on(joining.events.GROUP_JOIN, ({ payload }) =>
      onAssignment(payload.memberId, [...(payload.memberAssignment[shardsTopic.name] ?? [])]),
    )
    joining.on(joining.events.HEARTBEAT, () => {
      confirmedAtMs = clock.monotonicMs()
    })
    // kafkajs gives up for good on errors that it takes for final, such as a coordinator that is not elected yet. We never do.
    joining.on(joining.events.CRASH, ({ payload }) => {
      // A broker that has just started answers so until it has read its groups: no trouble to tell of.
      const isLoading = 'type' in payload.error && payload.error.type === 'GROUP_LOAD_IN_PROGRESS'
      logger[isLoading ? 'debug' : 'warn']({ error: String(payload.error) }, 'the lease was interrupted; joining again')
      void joining.disconnect().catch(() => undefined)
      void joinSurely(REJOIN_PAUSE_MS)
    })
    await joining.connect()
    await joining.subscribe({ topic: shardsTopic.name, fromBeginning: false })
    await joining.run({ autoCommit: false, eachMessage: async () => undefined })
  }

  async function joinSurely(pauseMs: number): Promise<void> {
    for (let waitMs = pauseMs; !closed; waitMs = REJOIN_PAUSE_MS) {
      if (waitMs > 0) await clock.sleep(waitMs)
      if (closed) return
      try {
        await join()
        return
      } catch (error) {
        logger.warn({ error: String(error) }, 'could not join the group; trying again')
        await consumer?.disconnect().catch(() => undefined)
      }
    }
  }

  await joinSurely(0)
  return {
    confirmedAtMs: () => confirmedAtMs,
    async close() {
      closed = true
      await consumer?.disconnect()
      members?.remove()
    },
  }
}

interface MemberFile {
  write(memberId: string): void
  remove(): void
  /** Member ids of processes that are no more, with their files. */
  dead(): Array<{ memberId: string; path: string }>
}

function memberFile(directory: string, role: string): MemberFile {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, `${role}.${process.pid}`)
  return {
    write: memberId => writeFileSync(path, memberId),
    remove: () => rmSync(path, { force: true }),
    dead: () =>
      readdirSync(directory)
        .filter(
          name =>
            name.startsWith(`${role}.`) &&
            (Number(name.slice(role.length + 1)) === process.pid || !isAlive(Number(name.slice(role.length + 1)))),
        )
        .map(name => ({ memberId: readFileSync(join(directory, name), 'utf8'), path: join(directory, name) })),
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A killed process's shards are free at once instead of after its session times out. */
async function leaveForTheDead(kafka: KafkaSettings, role: string, members: MemberFile, logger: Logger): Promise<void> {
  const dead = members.dead()
  if (dead.length === 0) return
  const wire = await openWire(kafka, logger)
  for (const { memberId, path } of dead) {
    await wire.leaveGroup(role, memberId).catch(error => logger.debug({ error: String(error) }, 'the dead member was gone already'))
    rmSync(path, { force: true })
  }
  await wire.close()
}
