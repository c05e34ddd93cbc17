/**
 * A fetch session with one broker (KIP-227): the broker remembers what is read and from where, so that a request names only what changed
 * since the last one. This side of it: what the broker was told, and what it has to be told next.
 */
import { type Fetched, fetchRequest } from '../protocol/requests.ts'
import type { WireRequest } from '../protocol/wire.ts'

/** One partition being read. */
export interface Reading {
  topic: string
  partition: number
  /** Where to read on. Undefined: the earliest there is, to be asked for. */
  offset: number | undefined
  /** The offset that the broker was told. An answer counts only while it is the one we want: a partition may be assigned anew meanwhile. */
  toldOffset: number | undefined
  paused: boolean
  unknownSinceMs: number | undefined
  /** When it last had records, or was placed or resumed; monotonic. */
  activeAtMs: number
}

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
  /** The reading that an answer for this partition belongs to; undefined: the answer is for a position that is no longer wanted. */
  answered(key: string): Reading | undefined
  add(key: string, reading: Reading): void
  remove(key: string): Reading | undefined
  pause(key: string): void
  resume(key: string): void
  /** Its position has moved: the next request says so. */
  moved(key: string): void
  /** Takes out everything, for another broker to read. */
  empty(): Array<[string, Reading]>
  /** Whether there is nothing to ask for. */
  idle(): boolean
  request(limits: FetchLimits): WireRequest<Fetched>
  /** False: the broker wants a new session; what was asked for is asked for again. */
  accept(answer: Fetched): boolean
  /** Begins a new session with the next request. */
  restart(): void
}

export function createFetchSession(nodeId: number): FetchSession {
  const partitions = new Map<string, Reading>()
  const known = new Set<string>()
  const forgotten = new Map<string, Reading>()
  let changed = new Set<string>()
  let sessionId = 0
  let epoch = 0

  function leaveOut(key: string, reading: Reading): void {
    changed.delete(key)
    if (known.has(key)) forgotten.set(key, reading)
  }

  function restart(): void {
    sessionId = 0
    epoch = 0
    known.clear()
    forgotten.clear()
    changed = new Set([...partitions].filter(([, reading]) => !reading.paused).map(([key]) => key))
  }

  return {
    nodeId,
    get size() {
      return partitions.size
    },
    readings: () => partitions,
    has: key => partitions.has(key),
    answered(key) {
      const reading = partitions.get(key)
      return reading && !reading.paused && reading.toldOffset === reading.offset ? reading : undefined
    },
    add(key, reading) {
      partitions.set(key, reading)
      if (!reading.paused) this.resume(key)
    },
    remove(key) {
      const reading = partitions.get(key)
      if (!reading) return undefined
      partitions.delete(key)
      leaveOut(key, reading)
      return reading
    },
    pause(key) {
      const reading = partitions.get(key)
      if (reading) leaveOut(key, reading)
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
      const asked = [...changed].map(key => partitions.get(key)!)
      for (const reading of asked) reading.toldOffset = reading.offset
      for (const key of changed) known.add(key)
      for (const key of forgotten.keys()) known.delete(key)
      const gone = [...forgotten.values()]
      changed.clear()
      forgotten.clear()
      return fetchRequest(
        { ...limits, sessionId, sessionEpoch: epoch },
        asked.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset! })),
        gone,
      )
    },
    accept(answer) {
      if (answer.errorCode !== 0) {
        restart()
        return false
      }
      sessionId = answer.sessionId
      epoch++
      if (sessionId === 0) restart() // the broker has no room for sessions: name everything each time
      return true
    },
    restart,
  }
}
