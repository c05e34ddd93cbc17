/** One session of a kafkajs consumer: from its connection until it is closed or has crashed. */
import type { Cluster, Consumer, Kafka } from 'kafkajs'
import type { Reader, Session } from '../durable/transport.ts'
import { BusError } from '../errors.ts'
import { commitStart, removeMember } from './group-start.ts'
import type { Reading } from './reading.ts'

export interface SessionSettings {
  kafka: Kafka
  topic: string
  groupId: string
  sessionTimeoutMs: number
  /** Of a group without a position. Undefined: this bus has been a member, so that existing events are unread. */
  startFromBeginning: boolean | undefined
  /** Member id of this bus in a session that ended. */
  formerMember: string | undefined
  reading: Reading
  reader: Reader
}

export interface KafkaSession extends Session {
  memberId(): string
}

const WAIT_MS = 500
const HEARTBEAT_MS = 3_000
/** A few seconds; then the session ends and the bus opens the next one. */
const RETRIES = { retries: 4, initialRetryTime: 250, maxRetryTime: 2_000 }

/** Resolves when it is a member of the group. */
export async function openSession(settings: SessionSettings): Promise<KafkaSession> {
  const { kafka, topic, groupId, reading, reader, sessionTimeoutMs } = settings
  const { PartitionAssigners } = await loadKafkajs()
  let cluster: Cluster | undefined
  let memberId = ''
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.min(HEARTBEAT_MS, sessionTimeoutMs / 3),
    maxWaitTimeInMs: WAIT_MS,
    retry: { ...RETRIES, restartOnFailure: () => Promise.resolve(false) },
    // The only access to kafkajs's knowledge of the cluster; the assignment itself is the usual one.
    partitionAssigners: [
      config => {
        cluster = config.cluster
        return PartitionAssigners.roundRobin(config)
      },
    ],
  })
  const ended = new Promise<Error>(resolve => {
    consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error))
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    memberId = payload.memberId
    reading.assign(payload.memberAssignment[topic] ?? [])
  })
  // While the group gathers, positions are still taken: the next owner repeats less.
  consumer.on(consumer.events.REBALANCING, () => void reading.commitNow())
  try {
    await consumer.connect()
    await begin(consumer, cluster as Cluster | undefined, settings)
    reading.begin(offsets => consumer.commitOffsets(offsets))
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: payload => Promise.resolve(reading.take(reader, payload)),
    })
    if (memberId === '') throw await ended
  } catch (error) {
    await consumer.disconnect().catch(() => undefined)
    throw refusal(error)
  }
  return {
    ended: ended.then(refusal),
    memberId: () => memberId,
    async close() {
      await reading.end()
      await consumer.disconnect()
    },
  }
}

async function begin(consumer: Consumer, cluster: Cluster | undefined, settings: SessionSettings): Promise<void> {
  const { topic, groupId, formerMember, startFromBeginning } = settings
  // Partitions without a committed position were added after the group started, or were cut: all their records are unread.
  await consumer.subscribe({ topic, fromBeginning: true })
  if (cluster === undefined) return
  if (formerMember !== undefined) await removeMember(cluster, groupId, formerMember)
  if (startFromBeginning === undefined) return
  const isCommitted = await commitStart(cluster, { groupId, topic, fromBeginning: startFromBeginning })
  if (!isCommitted) await consumer.subscribe({ topic, fromBeginning: startFromBeginning })
}

/** The package is an optional peer: who has a `Kafka` has it, but perhaps not where this package looks. */
export async function loadKafkajs(): Promise<typeof import('kafkajs')> {
  try {
    return await import('kafkajs')
  } catch (cause) {
    const message = 'KafkaBus needs kafkajs beside @clarion/bus: npm install kafkajs'
    throw new BusError('package_missing', message, { cause })
  }
}

/** A right that is missing may come; the bus tries again and says why. The code of the broker is the reason. */
function refusal(error: unknown): Error {
  const { type, message } = error as { type?: string; message?: string }
  if (type === undefined || !/AUTHORIZATION_FAILED$/.test(type)) return error as Error
  return new BusError('bus_unavailable', `The brokers refuse to let this group read: ${message}`, {
    reason: type,
    cause: error,
  })
}
