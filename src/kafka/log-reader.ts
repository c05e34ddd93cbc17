/**
 * Reads partitions by hand-set positions, committed records only, with one fetch session per broker (KIP-227), so that ten thousand quiet
 * partitions cost nothing. A slow owner pauses what is too much; nobody waits for anybody else's partition.
 *
 *     unplaced ──leader known──► reading ──pause──► paused
 *        ▲                          │ ▲               │
 *        └──leader moved, error─────┘ └────resume─────┘        reading ──deleted, out of range──► lost
 */
import type { Clock } from '../clock.ts'
import type { Logger } from '../observability/logger.ts'
import { errorName, LEADER_MOVED } from './error-codes.ts'
import { createFetchSession, type FetchSession, type Reading } from './fetch-session.ts'
import { createLeaders, type Leaders } from './leaders.ts'
import type { LogReader, LogReaderEvents } from './ports.ts'
import { decodeRecordSet } from './record-batch.ts'
import type { FetchedPartition } from './requests.ts'
import { type KafkaSettings, openWire, type Wire } from './wire.ts'

export interface LogReaderSettings {
  /** How long the broker holds a fetch when there is nothing; also how late an added partition may start. */
  maxWaitMs: number
  /** The same while something is paused and may be resumed any moment. */
  maxWaitWhilePausedMs: number
  /** How long it may let records wait for more of them while it has time. */
  patientWaitMs: number
  /** So many bytes are worth an answer then. */
  patientBytesMin: number
  bytesMax: number
  partitionBytesMax: number
  /** A topic unknown for this long is taken for deleted. */
  deletedAfterMs: number
}

const DEFAULTS: LogReaderSettings = {
  maxWaitMs: 250,
  maxWaitWhilePausedMs: 5,
  patientWaitMs: 500,
  patientBytesMin: 256 * 1024,
  bytesMax: 4 * 1024 * 1024,
  partitionBytesMax: 1024 * 1024,
  deletedAfterMs: 10_000,
}

/** A broker that is read from, and how to wake its loop when there is something to ask for again. */
interface Node {
  session: FetchSession
  wake: (() => void) | undefined
}

const keyOf = (topic: string, partition: number) => `${topic}/${partition}`

export function createLogReader(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  events: LogReaderEvents
  /**
   * Whether its owner has time: then records come together and not one by one, which for a broker with many small transactions is most of the
   * work of reading. Never by default.
   */
  patient?: () => boolean
  settings?: Partial<LogReaderSettings>
}): LogReader {
  const settings = { ...DEFAULTS, ...deps.settings }
  const { clock, events } = deps
  const logger = deps.logger.child({ part: 'log-reader' })
  const all = new Map<string, Reading>()
  const unplaced = new Set<string>()
  const pausedBriefly = new Set<string>()
  const nodes = new Map<number, Node>()
  const loops = new Set<Promise<void>>()
  let wire: Wire | undefined
  let leaders: Leaders | undefined
  let closed = false
  let placing = false

  function place(): void {
    if (placing || closed || unplaced.size === 0) return
    placing = true
    track(
      placeAll().finally(() => {
        placing = false
      }),
    )
  }

  async function placeAll(): Promise<void> {
    for (let pauseMs = 20; unplaced.size > 0 && !closed; pauseMs = Math.min(pauseMs * 2, 500)) {
      try {
        wire ??= await openWire(deps.kafka, deps.logger)
        leaders ??= createLeaders(wire)
        await placeOnce(wire, leaders)
      } catch (error) {
        logger.warn({ error: String(error) }, 'cannot reach Kafka; trying again')
      }
      if (unplaced.size > 0) await clock.sleep(pauseMs)
    }
  }

  async function placeOnce(wire: Wire, leaders: Leaders): Promise<void> {
    const batch = [...unplaced].map(key => all.get(key)).filter(reading => reading !== undefined)
    for (const { topic, partition } of batch) if (leaders.known(topic, partition) === undefined) leaders.forget(topic)
    await leaders.load(batch.map(reading => reading.topic))
    for (const reading of batch) {
      const key = keyOf(reading.topic, reading.partition)
      const leader = leaders.known(reading.topic, reading.partition)
      if (leader === undefined) {
        reading.unknownSinceMs ??= clock.monotonicMs()
        if (clock.monotonicMs() - reading.unknownSinceMs > settings.deletedAfterMs) lose(reading, 'deleted')
        continue
      }
      reading.offset ??= await wire.offset(reading.topic, reading.partition, 'earliest')
      if (all.get(key) !== reading || !unplaced.delete(key)) continue
      reading.unknownSinceMs = undefined
      const node = nodeFor(leader)
      node.session.add(key, reading)
      node.wake?.()
    }
    for (const key of unplaced) if (!all.has(key)) unplaced.delete(key)
  }

  function nodeFor(id: number): Node {
    const known = nodes.get(id)
    if (known) return known
    const node: Node = { session: createFetchSession(id), wake: undefined }
    nodes.set(id, node)
    track(loop(node))
    return node
  }

  function track(work: Promise<void>): void {
    const tracked = work.catch(error => events.onFatal(error as Error)).finally(() => loops.delete(tracked))
    loops.add(tracked)
  }

  function nodeOf(key: string): Node | undefined {
    for (const node of nodes.values()) if (node.session.has(key)) return node
    return undefined
  }

  function remove(reading: Reading): void {
    const key = keyOf(reading.topic, reading.partition)
    if (all.get(key) !== reading) return
    all.delete(key)
    pausedBriefly.delete(key)
    unplaced.delete(key)
    nodeOf(key)?.session.remove(key)
  }

  function lose(reading: Reading, reason: 'deleted' | 'out_of_range'): void {
    remove(reading)
    leaders?.forget(reading.topic)
    logger.warn({ topic: reading.topic, partition: reading.partition, reason }, 'a partition cannot be read any more')
    events.onLost?.(reading.topic, reading.partition, reason)
  }

  /** Its leader is elsewhere, or not known now. */
  function displace(key: string, reading: Reading): void {
    nodeOf(key)?.session.remove(key)
    leaders?.forget(reading.topic)
    unplaced.add(key)
    place()
  }

  /** Reads from one broker until closed. */
  async function loop(node: Node): Promise<void> {
    let troubles = 0
    while (!closed) {
      if (node.session.idle()) {
        await new Promise<void>(resolve => {
          node.wake = resolve
        })
        node.wake = undefined
        continue
      }
      try {
        await fetchOnce(node)
        troubles = 0
      } catch (error) {
        if (closed) return
        troubles++
        logger.warn({ node: node.session.nodeId, error: String(error) }, 'a fetch failed; trying again')
        for (const [key, reading] of node.session.empty()) displace(key, reading)
        await clock.sleep(Math.min(20 * 2 ** troubles, 1_000))
      }
    }
  }

  async function fetchOnce({ session }: Node): Promise<void> {
    const answer = await wire!.send(session.nodeId, session.request({ ...settings, ...holding() }))
    if (closed || !session.accept(answer)) return
    for (const fetched of answer.partitions) {
      try {
        take(session, fetched)
      } catch (error) {
        // Not Kafka's fault: reading the same again would only fail again.
        events.onFatal(error as Error)
        return
      }
    }
  }

  /** How long the broker may hold the next answer. */
  function holding(): { maxWaitMs: number; bytesMin: number } {
    if (pausedBriefly.size > 0) return { maxWaitMs: settings.maxWaitWhilePausedMs, bytesMin: 1 }
    if (deps.patient?.()) return { maxWaitMs: settings.patientWaitMs, bytesMin: settings.patientBytesMin }
    return { maxWaitMs: settings.maxWaitMs, bytesMin: 1 }
  }

  function take(session: FetchSession, fetched: FetchedPartition): void {
    const key = keyOf(fetched.topic, fetched.partition)
    const reading = session.answered(key)
    if (!reading) return // let go of, or assigned anew, while the answer was under way
    if (fetched.errorCode !== 0) trouble(key, reading, errorName(fetched.errorCode))
    if (fetched.errorCode !== 0 || fetched.recordSet.length === 0) return
    const { records, nextOffset } = decodeRecordSet(
      fetched.recordSet,
      fetched.topic,
      fetched.partition,
      reading.offset!,
      fetched.abortedTransactions,
    )
    if (nextOffset === reading.offset) return
    reading.offset = nextOffset
    session.moved(key)
    events.onRecords(fetched.topic, fetched.partition, records, nextOffset)
  }

  function trouble(key: string, reading: Reading, error: string): void {
    if (error === 'OFFSET_OUT_OF_RANGE') {
      lose(reading, 'out_of_range')
      return
    }
    if (!LEADER_MOVED.has(error))
      logger.warn({ topic: reading.topic, partition: reading.partition, error }, 'a partition answered with an error')
    displace(key, reading)
  }

  return {
    assign(topic, partition, from) {
      const key = keyOf(topic, partition)
      if (all.has(key)) throw new Error(`${key} is assigned already`)
      const offset = from === 'earliest' ? undefined : from
      all.set(key, { topic, partition, offset, toldOffset: undefined, paused: false, unknownSinceMs: undefined })
      unplaced.add(key)
      place()
    },
    unassign(topic, partition) {
      const reading = all.get(keyOf(topic, partition))
      if (reading) remove(reading)
    },
    pause(topic, partition, briefly) {
      const key = keyOf(topic, partition)
      const reading = all.get(key)
      if (!reading) return
      if (briefly) pausedBriefly.add(key)
      else pausedBriefly.delete(key)
      if (reading.paused) return
      reading.paused = true
      nodeOf(key)?.session.pause(key)
    },
    resume(topic, partition) {
      const key = keyOf(topic, partition)
      const reading = all.get(key)
      if (!reading?.paused) return
      reading.paused = false
      pausedBriefly.delete(key)
      const node = nodeOf(key)
      node?.session.resume(key)
      node?.wake?.()
    },
    async close() {
      closed = true
      for (const node of nodes.values()) node.wake?.()
      await wire?.close()
      await Promise.all(loops)
    },
  }
}
