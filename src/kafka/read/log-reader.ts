/**
 * Reads partitions from explicit positions, committed records only, with fetch sessions (KIP-227), so that ten thousand
 * quiet partitions cost nothing. A broker checks all partitions of a session whenever one of them has records, so quiet
 * partitions are read in other sessions, each by a connection of its own. A slow owner pauses partitions; no partition
 * waits for another, nor for a broker that leads others.
 *
 *     unplaced ──leader known──► reading ──pause──► paused
 *        ▲                          │ ▲               │
 *        └──error, no leader────────┤ └────resume─────┘
 *                                   ├──moved: at the leader that the answer names, at once
 *                                   └──out of range, log cut: goes on where the log does, and reports the gap
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Gap, LogReader, LogReaderEvents } from '../ports.ts'
import type { LeaderOf } from '../protocol/cluster.ts'
import type { Fetched, FetchedPartition } from '../protocol/fetch-request.ts'
import { decodeRecordSet, type ForeignBatches } from '../protocol/record-batch.ts'
import { type KafkaSettings, openWire } from '../protocol/wire.ts'
import { createErrorHandler } from './error-answers.ts'
import { createFetchLoop } from './fetch-loop.ts'
import { createFetchNodes, type FetchNode } from './fetch-nodes.ts'
import { createLateWatch } from './late-answers.ts'
import { createLazyWire } from './lazy-wire.ts'
import { createLocating } from './locating.ts'
import { createPlacing } from './placing.ts'
import { type LogReaderSettings, READER_DEFAULTS } from './reader-settings.ts'
import type { ReaderWatch } from './reader-watch.ts'
import { advance, createReading, diverge, keyOf, lastEpoch, type Reading, startOver, waitingOf } from './reading.ts'

const ANSWER_UNPACKED_BYTES_MAX = 64 * 1024 * 1024

export function createLogReader(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  events: LogReaderEvents
  /**
   * Whether its owner has time: fetches then return larger batches, which for a broker with many small transactions is
   * most of the work of reading. Never by default.
   */
  allowBatching?: () => boolean
  /** The limits for a topic that other producers than the platform write to; undefined for all others. */
  foreign?: ((topic: string) => ForeignBatches | undefined) | undefined
  watch?: ReaderWatch | undefined
  settings?: Partial<LogReaderSettings>
}): LogReader {
  const settings = { ...READER_DEFAULTS, ...deps.settings }
  const { clock, events, watch } = deps
  const logger = deps.logger.child({ part: 'log-reader' })
  const all = new Map<string, Reading>()
  const pausedBriefly = new Set<string>()
  const loops = new Set<Promise<void>>()
  const wire = createLazyWire(() => openWire(deps.kafka, deps.logger))
  let closed = false
  const nodes = createFetchNodes({
    ...settings,
    clock,
    isRead: (key, reading) => all.get(key) === reading,
    onNode: node => track(readFrom(node)),
  })
  const placing = createPlacing({
    clock,
    logger,
    wire: wire.open,
    track,
    isClosed: () => closed,
    isRead,
    place,
    replaced,
  })

  const locate = createLocating({
    logger,
    wire: wire.open,
    track,
    isClosed: () => closed,
    isRead,
    placing,
    place,
    report,
  })
  const handleError = createErrorHandler({
    logger,
    cluster: () => wire.current()!.cluster,
    watch,
    placing,
    ...{ follow, takeOut, locate },
  })
  const watchLate = createLateWatch({
    clock,
    lateMs: settings.lateMs,
    track,
    isClosed: () => closed,
    cluster: () => wire.current()?.cluster,
    follow,
  })
  const readFrom = createFetchLoop({
    settings,
    clock,
    logger,
    wire,
    nodes,
    placing,
    watchLate,
    isClosed: () => closed,
    isRead,
    isSomePausedBriefly: () => pausedBriefly.size > 0,
    allowBatching: deps.allowBatching,
    take: takeAll,
  })

  function isRead(reading: Reading): boolean {
    return all.get(keyOf(reading.topic, reading.partition)) === reading
  }

  function track(work: Promise<void>): void {
    const tracked = work.catch(error => events.onFatal(error as Error)).finally(() => loops.delete(tracked))
    loops.add(tracked)
  }

  /** Its leader is known: the next request to it includes the partition. */
  function place(reading: Reading): void {
    if (reading.offset === undefined) {
      locate(reading)
      return
    }
    const key = keyOf(reading.topic, reading.partition)
    const node = nodes.at(reading.leader!.node)
    node.session.add(key, reading)
    if (reading.isPaused) placing.recovered(reading)
    else if (reading.failures > 0 || reading.isFromStart) node.unproven.set(key, reading)
    node.wake?.()
  }

  function remove(reading: Reading): void {
    const key = keyOf(reading.topic, reading.partition)
    if (all.get(key) !== reading) return
    all.delete(key)
    pausedBriefly.delete(key)
    placing.remove(reading)
    nodes.of(key)?.session.remove(key)
  }

  /** Its leader has moved; it belongs to no session now. */
  function takeOut(reading: Reading): void {
    const key = keyOf(reading.topic, reading.partition)
    nodes.of(key)?.session.remove(key)
  }

  function follow(reading: Reading, leader: LeaderOf): void {
    takeOut(reading)
    reading.leader = leader
    reading.failures++ // until the new one has answered
    place(reading)
  }

  function takeAll(node: FetchNode, answer: Fetched): void {
    let unpackedBytes = 0
    for (const fetched of answer.partitions) {
      // Small batches may decompress to a lot: the next answer brings the other partitions.
      if (unpackedBytes > ANSWER_UNPACKED_BYTES_MAX) return
      try {
        unpackedBytes += take(node, fetched, answer)
      } catch (error) {
        // Not Kafka's fault: the same records would only fail again.
        events.onFatal(error as Error)
        return
      }
    }
  }

  /** Returns the decompressed size. */
  function take(node: FetchNode, fetched: FetchedPartition, answer: Fetched): number {
    const { session } = node
    const reading = session.answered(fetched.topicId, fetched.partition)
    if (!reading) return 0 // removed, or assigned anew, while the answer was in flight
    if (fetched.errorCode !== 0) handleError(reading, fetched, answer)
    else if (fetched.diverging) cutOff(node, reading, fetched.diverging)
    if (fetched.errorCode !== 0 || fetched.recordSet.length === 0) return 0
    const { topic, partition } = reading
    const { records, nextOffset, unpackedBytes, epochs } = decodeRecordSet(
      fetched.recordSet,
      topic,
      partition,
      reading.offset!,
      fetched.abortedTransactions,
      deps.foreign?.(topic),
    )
    if (nextOffset === reading.offset) return 0
    advance(reading, nextOffset, epochs)
    reading.activeAtMs = clock.monotonicMs()
    const key = keyOf(topic, partition)
    session.moved(key)
    if (node.isQuiet) nodes.wakeUp(node, key, reading)
    events.onRecords(topic, partition, records, nextOffset)
    return unpackedBytes
  }

  /** The log was cut below the position. */
  function cutOff(node: FetchNode, reading: Reading, diverging: { epoch: number; endOffset: number }): void {
    const gap = diverge(reading, diverging)
    node.session.moved(keyOf(reading.topic, reading.partition))
    if (gap) report(reading, gap)
  }

  function report({ topic, partition }: Reading, gap: Gap): void {
    logger.error({ topic, partition, ...gap }, 'records of a partition could not be read; going on where its log does')
    watch?.gap(topic, partition, gap)
    events.onGap?.(topic, partition, gap)
  }

  function replaced(reading: Reading, topicId: string): void {
    const { topic, partition, topicId: was } = reading
    logger.error(
      { topic, partition, was, is: topicId },
      'the topic was deleted and made again; reading it from its start',
    )
    const from = reading.offset ?? 0
    startOver(reading, topicId)
    watch?.replaced(topic, partition, from)
    events.onReplaced?.(topic, partition, { was, is: topicId })
    if (isRead(reading)) placing.add(reading)
  }

  const reader: LogReader = {
    assign(topic, partition, from, known) {
      const key = keyOf(topic, partition)
      if (all.has(key)) throw new Error(`${key} is assigned already`)
      const reading = createReading(topic, partition, from, known)
      all.set(key, reading)
      placing.add(reading)
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
      if (reading.isPaused) return
      reading.isPaused = true
      nodes.of(key)?.session.pause(key)
    },
    resume(topic, partition) {
      const key = keyOf(topic, partition)
      const reading = all.get(key)
      if (!reading?.isPaused) return
      reading.isPaused = false
      reading.activeAtMs = clock.monotonicMs()
      pausedBriefly.delete(key)
      const node = nodes.of(key)
      node?.session.resume(key)
      node?.wake?.()
    },
    position(topic, partition) {
      const reading = all.get(keyOf(topic, partition))
      return reading && reading.topicId !== ''
        ? { topicId: reading.topicId, leaderEpoch: lastEpoch(reading) }
        : undefined
    },
    waiting: () => [...all.values()].map(waitingOf).filter(each => each !== undefined),
    async close() {
      closed = true
      watch?.closed(reader)
      nodes.wakeAll()
      placing.close()
      await wire.close()
      await Promise.all(loops)
    },
  }
  watch?.opened(reader)
  return reader
}
