/** One session of a kafkajs consumer: from its connection until it is closed or has crashed. */
import { type Cluster, default as kafkajs } from 'kafkajs'
import { type KafkaAccess, openClient } from './access.ts'
import { commitStart } from './group-start.ts'
import { createEachBatch, type TurnSettings } from './turns.ts'

export interface SessionSettings extends Omit<TurnSettings, 'assignment'> {
  access: KafkaAccess
  clientId: string
  groupId: string
  /**
   * For a group without a position in the log. Undefined: this consumer has been a member, so existing events are
   * unread.
   */
  startFromBeginning: boolean | undefined
  /** Member id of this consumer in a crashed session. Its partitions would be idle until the group removes it. */
  formerMember: string | undefined
  onReset(partition: number): void
}

export interface Session {
  memberId: string
  /** Resolves with the reason. */
  crashed: Promise<Error>
  /** Leaves the group. */
  close(): Promise<void>
}

const WAIT_MS = 500
/** A few seconds; then the session crashes and the next one is opened. */
const RETRIES = { retries: 4, initialRetryTime: 250, maxRetryTime: 2_000 }
/** Largest payload. Small, since records that do not fit into a turn are fetched twice, at the plan's byte rate. */
const FETCH_BYTES = 262_144
/** No plan has more partitions. */
const PARTITIONS_MAX = 32
const OUT_OF_RANGE = 'Offset out of range, resetting to default offset'

/** Resolves when it is a member of the group. Throws kafkajs's errors. */
export async function openSession(settings: SessionSettings): Promise<Session> {
  const { access, clientId, groupId, startFromBeginning, formerMember, handling, onReset } = settings
  const topic = access.topics.events
  let cluster: Cluster | undefined
  let memberId = ''
  const assignment = { joins: 0, partitions: 0 }
  const client = openClient(access, clientId, ({ log: { message, partition } }) => {
    if (message !== OUT_OF_RANGE) return
    handling.forget(partition as number)
    onReset(partition as number)
  })
  const consumer = client.consumer({
    groupId,
    maxWaitTimeInMs: WAIT_MS,
    maxBytesPerPartition: FETCH_BYTES,
    retry: { ...RETRIES, restartOnFailure: () => Promise.resolve(false) },
    // The only access to kafkajs's knowledge of the cluster; the assignment itself is the usual one.
    partitionAssigners: [
      config => {
        cluster = config.cluster
        return kafkajs.PartitionAssigners.roundRobin(config)
      },
    ],
  })
  const crashed = new Promise<Error>(resolve =>
    consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error)),
  )
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    memberId = payload.memberId
    assignment.joins++
    assignment.partitions = payload.memberAssignment[topic]?.length ?? 0
  })

  const eachBatch = createEachBatch({ ...settings, assignment })
  const close = () => consumer.disconnect()
  try {
    await consumer.connect()
    // Partitions without a committed position were added to the log after the group started, or were truncated: all
    // their records are unread.
    await consumer.subscribe({ topic, fromBeginning: true })
    if (formerMember !== undefined) await leave(cluster as Cluster, groupId, formerMember)
    if (startFromBeginning !== undefined) {
      const isCommitted = await commitStart(cluster as Cluster, { groupId, topic, fromBeginning: startFromBeginning })
      if (!isCommitted) await consumer.subscribe({ topic, fromBeginning: startFromBeginning })
    }
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_MAX,
      eachBatch,
    })
    if (assignment.joins === 0) throw await crashed
    return { memberId, crashed, close }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

/** Not in kafkajs's types, but called by its consumers. Throws while the group's coordinator is still starting. */
async function leave(cluster: Cluster, groupId: string, memberId: string): Promise<void> {
  const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as {
    leaveGroup?(member: { groupId: string; memberId: string }): Promise<unknown>
  }
  await coordinator.leaveGroup?.({ groupId, memberId }).catch((error: { type?: string }) => {
    if (error.type !== 'UNKNOWN_MEMBER_ID') throw error
  })
}
