/** One life of a kafkajs consumer: from its connection until it is closed or has crashed. */
import { type Cluster, type EachBatchPayload, type KafkaMessage, default as kafkajs } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { type KafkaAccess, openClient } from './access.ts'
import { commitStart } from './group-start.ts'
import type { Handling, Outcome } from './handling.ts'

export interface SessionSettings {
  access: KafkaAccess
  clientId: string
  groupId: string
  /** Of a group without a place in the log. Undefined: this consumer has been a member, so what is there is unread. */
  startFromBeginning: boolean | undefined
  /** Id of the member that this consumer was in a session that crashed. Its partitions would rest until the group gives it up. */
  formerMember: string | undefined
  handling: Handling
  clock: Clock
  isClosing(): boolean
  /** `onError` decided to stop, or a record cannot be read. */
  onStop(error: Error): void
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
/** A few seconds, then the session crashes and the next one is opened. */
const RETRIES = { retries: 4, initialRetryTime: 250, maxRetryTime: 2_000 }
/** After so long a batch, or a handler that has not returned, gives way to the other partitions. */
const TURN_MS = 1_000
/** No plan has more partitions. */
const PARTITIONS_MAX = 32
const OUT_OF_RANGE = 'Offset out of range, resetting to default offset'

/** Resolves when it is a member of the group. Throws what kafkajs throws. */
export async function openSession(settings: SessionSettings): Promise<Session> {
  const { access, clientId, groupId, startFromBeginning, formerMember, handling, clock, isClosing, onStop, onReset } = settings
  const topic = access.topics.events
  let cluster: Cluster | undefined
  let joins = 0
  let memberId = ''
  const client = openClient(access, clientId, ({ log: { message, partition } }) => {
    if (message !== OUT_OF_RANGE) return
    handling.forget(partition as number)
    onReset(partition as number)
  })
  const consumer = client.consumer({
    groupId,
    maxWaitTimeInMs: WAIT_MS,
    retry: { ...RETRIES, restartOnFailure: () => Promise.resolve(false) },
    // The only way to what kafkajs knows of the cluster; the assignment itself is the usual one.
    partitionAssigners: [
      config => {
        cluster = config.cluster
        return kafkajs.PartitionAssigners.roundRobin(config)
      },
    ],
  })
  const crashed = new Promise<Error>(resolve => consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error)))
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joins++
    memberId = payload.memberId
  })

  /** Of the partition's records those that can be handled in one turn; the position stays in front of the rest, which is fetched again. */
  async function eachBatch({ batch, resolveOffset, ...payload }: EachBatchPayload): Promise<void> {
    const turn = startTurn(clock)
    try {
      for (const record of batch.messages) {
        if (isClosing() || turn.isOver() || !payload.isRunning() || payload.isStale()) break
        const handled = handling.handle(batch.partition, record)
        if ((await Promise.race([handled, turn.over])) !== 'handled') {
          setAside(batch.partition, record, handled, payload)
          break
        }
        resolveOffset(record.offset)
      }
    } finally {
      turn.end()
    }
    await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
  }

  type Payload = Pick<EachBatchPayload, 'pause' | 'commitOffsetsIfNecessary'>
  function setAside(partition: number, record: KafkaMessage, handled: Promise<Outcome>, payload: Payload): void {
    const resume = payload.pause()
    const joined = joins
    const settle = async (outcome: Outcome): Promise<void> => {
      if (outcome === 'handled') {
        const offset = String(BigInt(record.offset) + 1n)
        // After another join the partition may be another member's, which is ahead of this place.
        if (joins === joined) await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] })
      } else if ('stop' in outcome) onStop(outcome.stop)
      else return void clock.after(outcome.retryInMs, resume)
      resume()
    }
    // A commit that fails is made up for: the record is fetched again, known as handled, and passed over.
    handling.hold(handled.then(settle).catch(resume))
  }

  const close = () => consumer.disconnect()
  try {
    await consumer.connect()
    // What the group has no place in was added to the log after it began, or is what is left of it: all of it is unread.
    await consumer.subscribe({ topic, fromBeginning: true })
    if (formerMember !== undefined) await leave(cluster as Cluster, groupId, formerMember)
    if (startFromBeginning !== undefined) {
      const isCommitted = await commitStart(cluster as Cluster, { groupId, topic, fromBeginning: startFromBeginning })
      if (!isCommitted) await consumer.subscribe({ topic, fromBeginning: startFromBeginning })
    }
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: PARTITIONS_MAX, eachBatch })
    if (joins === 0) throw await crashed
    return { memberId, crashed, close }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

/** Not in kafkajs's types, but what its consumers call. Throws while the group's coordinator still starts. */
async function leave(cluster: Cluster, groupId: string, memberId: string): Promise<void> {
  const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as {
    leaveGroup?(member: { groupId: string; memberId: string }): Promise<unknown>
  }
  await coordinator.leaveGroup?.({ groupId, memberId }).catch((error: { type?: string }) => {
    if (error.type !== 'UNKNOWN_MEMBER_ID') throw error
  })
}

function startTurn(clock: Clock) {
  let isOver = false
  let end: () => void = () => undefined
  const over = new Promise<undefined>(resolve => {
    const timer = clock.after(TURN_MS, () => {
      isOver = true
      resolve(undefined)
    })
    end = () => timer.cancel()
  })
  return { over, end, isOver: () => isOver }
}
