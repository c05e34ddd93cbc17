/**
 * A fetch session with one broker (KIP-227): the broker remembers the partitions and positions, so that a request names
 * only changes since the last one. This is the client's side: the state sent to the broker, and the changes for the
 * next request.
 */
import { errorName } from '../protocol/error-codes.ts'
import { type Fetched, fetchRequest } from '../protocol/fetch-request.ts'
import { KafkaError, type WireRequest } from '../protocol/wire.ts'
import { lastEpoch, type Reading } from './reading.ts'

export interface FetchLimits {
  maxWaitMs: number
  bytesMin: number
  bytesMax: number
  partitionBytesMax: number
}

export interface FetchSession {
  readonly nodeId: number
  readonly size: number
  readings(): Iterable<[string, Reading]>
  has(key: string): boolean
  /**
   * The reading that an answer for this partition belongs to; undefined: the answer is for a topic or position that is
   * no longer read.
   */
  answered(topicId: string, partition: number): Reading | undefined
  /** Its topic id and leader are known. */
  add(key: string, reading: Reading): void
  remove(key: string): Reading | undefined
  pause(key: string): void
  resume(key: string): void
  /** Its position has moved: the next request includes it. */
  moved(key: string): void
  /** Removes all partitions, for another broker to read. */
  empty(): Array<[string, Reading]>
  /** Whether there is nothing to fetch. */
  idle(): boolean
  request(limits: FetchLimits): WireRequest<Fetched>
  /**
   * False: the broker requires a new session; the same is requested again. Throws `KafkaError` when it refused the
   * request.
   */
  accept(answer: Fetched): boolean
  /** Begins a new session with the next request. */
  restart(): void
}

/** The broker has forgotten the session, or one of its requests was lost. */
const NEW_SESSION: ReadonlySet<string> = new Set([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
])

interface Known {
  topicId: string
  partition: number
}

export function createFetchSession(nodeId: number): FetchSession {
  const partitions = new Map<string, Reading>()
  /** As the broker has them. */
  const known = new Map<string, Known>()
  /** By topic id. */
  const topics = new Map<string, string>()
  const forgotten = new Map<string, Known>()
  let changed = new Set<string>()
  let sessionId = 0
  let epoch = 0

  function leaveOut(key: string): void {
    changed.delete(key)
    const sent = known.get(key)
    if (sent) forgotten.set(key, sent)
  }

  function restart(): void {
    sessionId = 0
    epoch = 0
    known.clear()
    forgotten.clear()
    topics.clear()
    for (const { topicId, topic } of partitions.values()) topics.set(topicId, topic)
    changed = new Set([...partitions].filter(([, reading]) => !reading.isPaused).map(([key]) => key))
  }

  /** Also forgets the broker's entry under another id of the topic. */
  function takeForgotten(): Known[] {
    const gone = [...forgotten.values()]
    for (const key of forgotten.keys()) known.delete(key)
    forgotten.clear()
    for (const key of changed) {
      const sent = known.get(key)
      if (sent && sent.topicId !== partitions.get(key)!.topicId) gone.push(sent)
    }
    return gone
  }

  return {
    nodeId,
    get size() {
      return partitions.size
    },
    readings: () => partitions,
    has: key => partitions.has(key),
    answered(topicId, partition) {
      const reading = partitions.get(`${topics.get(topicId)}/${partition}`)
      return reading?.topicId === topicId && !reading.isPaused && reading.sentOffset === reading.offset
        ? reading
        : undefined
    },
    add(key, reading) {
      partitions.set(key, reading)
      topics.set(reading.topicId, reading.topic)
      reading.sentOffset = undefined
      if (!reading.isPaused) this.resume(key)
    },
    remove(key) {
      const reading = partitions.get(key)
      if (!reading) return undefined
      partitions.delete(key)
      leaveOut(key)
      return reading
    },
    pause(key) {
      if (partitions.has(key)) leaveOut(key)
    },
    resume(key) {
      changed.add(key)
      forgotten.delete(key)
    },
    moved: key => void changed.add(key),
    empty() {
      const all = [...partitions]
      partitions.clear()
      restart()
      return all
    },
    idle: () => known.size + changed.size === 0,
    request(limits) {
      const gone = takeForgotten()
      const asked = [...changed].map(key => {
        const reading = partitions.get(key)!
        const { topicId, partition, leader } = reading
        reading.sentOffset = reading.offset
        known.set(key, { topicId, partition })
        return {
          topicId,
          partition,
          leaderEpoch: leader?.epoch ?? -1,
          offset: reading.offset!,
          lastEpoch: lastEpoch(reading),
        }
      })
      changed.clear()
      return fetchRequest({ ...limits, sessionId, sessionEpoch: epoch }, asked, gone)
    },
    accept(answer) {
      if (answer.errorCode !== 0) {
        restart()
        const error = errorName(answer.errorCode)
        if (NEW_SESSION.has(error)) return false
        throw new KafkaError(error, `broker ${nodeId} refused a fetch`)
      }
      sessionId = answer.sessionId
      epoch++
      if (sessionId === 0) restart() // the broker has no room for sessions: name everything each time
      return true
    },
    restart,
  }
}
