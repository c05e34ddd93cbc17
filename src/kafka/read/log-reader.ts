/**
 * Reads partitions by hand-set positions, committed records only, with fetch sessions (KIP-227), so that ten thousand quiet partitions cost
 * nothing. A broker looks through all partitions of a session whenever one of them has something, so what has been quiet for a while is read in
 * other sessions, each by a connection of its own. A slow owner pauses what is too much; nobody waits for anybody else's partition.
 *
 *     unplaced ──leader known──► reading ──pause──► paused
 *        ▲                          │ ▲               │
 *        └──leader moved, error─────┘ └────resume─────┘        reading ──deleted, out of range──► lost
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import type { LogReader, LogReaderEvents } from '../ports.ts'
import { errorName, LEADER_MOVED } from '../protocol/error-codes.ts'
import { createLeaders, type Leaders } from '../protocol/leaders.ts'
import { decodeRecordSet, type ForeignBatches } from '../protocol/record-batch.ts'
import type { FetchedPartition } from '../protocol/requests.ts'
import { type KafkaSettings, openWire, type Wire } from '../protocol/wire.ts'
import { createFetchNodes, type FetchNode } from './fetch-nodes.ts'
import type { Reading } from './fetch-session.ts'

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
  /** A partition without records for this long is read with the quiet ones. */
  quietAfterMs: number
  /** With as many partitions or fewer there are no quiet ones. */
  busyMin: number
  /** Most quiet partitions that are read together. */
  quietMax: number
  /** How long the broker holds a fetch of quiet ones when there is nothing. */
  quietWaitMs: number
}

const DEFAULTS: LogReaderSettings = {
  maxWaitMs: 250,
  maxWaitWhilePausedMs: 5,
  patientWaitMs: 500,
  patientBytesMin: 256 * 1024,
  bytesMax: 4 * 1024 * 1024,
  partitionBytesMax: 1024 * 1024,
  deletedAfterMs: 10_000,
  quietAfterMs: 10_000,
  busyMin: 8,
  quietMax: 512,
  quietWaitMs: 1_000,
}

const ANSWER_UNPACKED_BYTES_MAX = 64 * 1024 * 1024

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
  /** What holds for a topic that others than the platform write to; undefined for a topic that they do not. */
  foreign?: ((topic: string) => ForeignBatches | undefined) | undefined
  settings?: Partial<LogReaderSettings>
}): LogReader {
  const settings = { ...DEFAULTS, ...deps.settings }
  const { clock, events } = deps
  const logger = deps.logger.child({ part: 'log-reader' })
  const all = new Map<string, Reading>()
  const unplaced = new Set<string>()
  const pausedBriefly = new Set<string>()
  const loops = new Set<Promise<void>>()
  let wire: Wire | undefined
  const quietWires = new Map<FetchNode, Promise<Wire>>()
  let leaders: Leaders | undefined
  let closed = false
  let placing = false
  const nodes = createFetchNodes({
    ...settings,
    clock,
    isRead: (key, reading) => all.get(key) === reading,
    onNode: node => track(loop(node)),
  })

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
    const fresh = batch.filter(({ topic, partition, offset }) => offset === undefined && leaders.known(topic, partition) !== undefined)
    const starts = fresh.length > 0 ? await wire.starts(fresh) : undefined
    for (const reading of batch) {
      const key = keyOf(reading.topic, reading.partition)
      const leader = leaders.known(reading.topic, reading.partition)
      if (leader === undefined) {
        reading.unknownSinceMs ??= clock.monotonicMs()
        if (clock.monotonicMs() - reading.unknownSinceMs > settings.deletedAfterMs) lose(reading, 'deleted')
        continue
      }
      reading.offset ??= starts?.get(key)
      if (reading.offset === undefined) continue // its leader has moved a moment ago
      if (all.get(key) !== reading || !unplaced.delete(key)) continue
      reading.unknownSinceMs = undefined
      reading.activeAtMs = clock.monotonicMs()
      const node = nodes.at(leader)
      node.session.add(key, reading)
      node.wake?.()
    }
    for (const key of unplaced) if (!all.has(key)) unplaced.delete(key)
  }

  function track(work: Promise<void>): void {
    const tracked = work.catch(error => events.onFatal(error as Error)).finally(() => loops.delete(tracked))
    loops.add(tracked)
  }

  function remove(reading: Reading): void {
    const key = keyOf(reading.topic, reading.partition)
    if (all.get(key) !== reading) return
    all.delete(key)
    pausedBriefly.delete(key)
    unplaced.delete(key)
    nodes.of(key)?.session.remove(key)
  }

  function lose(reading: Reading, reason: 'deleted' | 'out_of_range'): void {
    remove(reading)
    leaders?.forget(reading.topic)
    logger.warn({ topic: reading.topic, partition: reading.partition, reason }, 'a partition cannot be read any more')
    events.onLost?.(reading.topic, reading.partition, reason)
  }

  /** Its leader is elsewhere, or not known now. */
  function displace(key: string, reading: Reading): void {
    nodes.of(key)?.session.remove(key)
    leaders?.forget(reading.topic)
    unplaced.add(key)
    place()
  }

  /** Reads from one broker until closed. */
  async function loop(node: FetchNode): Promise<void> {
    let troubles = 0
    while (!closed) {
      nodes.takeOver(node)
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

  async function fetchOnce(node: FetchNode): Promise<void> {
    const { session } = node
    if (!node.isQuiet) nodes.sweep(node)
    const to = node.isQuiet ? await quietWireOf(node) : wire!
    const answer = await to.send(session.nodeId, session.request({ ...settings, ...holding(node) }))
    if (closed || !session.accept(answer)) return
    let unpackedBytes = 0
    for (const fetched of answer.partitions) {
      // Small batches may unpack to much: the other partitions come with the next answer again.
      if (unpackedBytes > ANSWER_UNPACKED_BYTES_MAX) return
      try {
        unpackedBytes += take(node, fetched)
      } catch (error) {
        // Not Kafka's fault: reading the same again would only fail again.
        events.onFatal(error as Error)
        return
      }
    }
  }

  /** A long poll holds up what comes after it on its connection, so each quiet session has one of its own. */
  function quietWireOf(node: FetchNode): Promise<Wire> {
    const known = quietWires.get(node)
    if (known) return known
    const opening = openWire(deps.kafka, deps.logger).catch(error => {
      quietWires.delete(node)
      throw error
    })
    quietWires.set(node, opening)
    return opening
  }

  /** How long the broker may hold the next answer. */
  function holding({ isQuiet }: FetchNode): { maxWaitMs: number; bytesMin: number } {
    if (pausedBriefly.size > 0 && !isQuiet) return { maxWaitMs: settings.maxWaitWhilePausedMs, bytesMin: 1 }
    if (deps.patient?.()) return { maxWaitMs: settings.patientWaitMs, bytesMin: settings.patientBytesMin }
    return { maxWaitMs: isQuiet ? settings.quietWaitMs : settings.maxWaitMs, bytesMin: 1 }
  }

  /** Answers how much it was, unpacked. */
  function take(node: FetchNode, fetched: FetchedPartition): number {
    const { session } = node
    const key = keyOf(fetched.topic, fetched.partition)
    const reading = session.answered(key)
    if (!reading) return 0 // let go of, or assigned anew, while the answer was under way
    if (fetched.errorCode !== 0) trouble(key, reading, errorName(fetched.errorCode))
    if (fetched.errorCode !== 0 || fetched.recordSet.length === 0) return 0
    const { records, nextOffset, unpackedBytes } = decodeRecordSet(
      fetched.recordSet,
      fetched.topic,
      fetched.partition,
      reading.offset!,
      fetched.abortedTransactions,
      deps.foreign?.(fetched.topic),
    )
    if (nextOffset === reading.offset) return 0
    reading.offset = nextOffset
    reading.activeAtMs = clock.monotonicMs()
    session.moved(key)
    if (node.isQuiet) nodes.wakeUp(node, key, reading)
    events.onRecords(fetched.topic, fetched.partition, records, nextOffset)
    return unpackedBytes
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
      all.set(key, { topic, partition, offset, toldOffset: undefined, paused: false, unknownSinceMs: undefined, activeAtMs: 0 })
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
      nodes.of(key)?.session.pause(key)
    },
    resume(topic, partition) {
      const key = keyOf(topic, partition)
      const reading = all.get(key)
      if (!reading?.paused) return
      reading.paused = false
      reading.activeAtMs = clock.monotonicMs()
      pausedBriefly.delete(key)
      const node = nodes.of(key)
      node?.session.resume(key)
      node?.wake?.()
    },
    async close() {
      closed = true
      nodes.wakeAll()
      await Promise.all([
        wire?.close(),
        ...[...quietWires.values()].map(opening =>
          opening.then(
            opened => opened.close(),
            () => undefined,
          ),
        ),
      ])
      await Promise.all(loops)
    },
  }
}
