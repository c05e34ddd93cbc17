/**
 * What lies in front of a queue's head: its log is read from there, and a few hundred events that it selects are kept
 * at hand. Once the end is reached, the tail brings what is new.
 */
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { LogRecord } from '../../src/kafka/ports.ts'
import type { Candidate } from '../../src/queues/message.ts'
import { createLogScan, type LogScan } from '../../src/streaming/log-scan.ts'
import type { Selection } from '../../src/streaming/selection.ts'
import { OffsetAhead, OffsetExpired, recordedAtOf } from '../../src/streaming/strict-pages.ts'
import type { Following } from '../../src/streaming/tail.ts'
import type { QueueDependencies } from './dependencies.ts'

export interface Ahead {
  /** The next candidate leaves; the head moves past it. */
  next(): Candidate | undefined
  peek(limit: number): Candidate[]
  readonly size: number
  /** There is more to read than is at hand. */
  readonly isLow: boolean
  /** Nothing is being read, and there was nothing more to be had when it last was. */
  readonly isAtEnd: boolean
  /** The record, while `onNew` runs that it has led to. */
  arriving(at: { partition: number; offset: number }): LogRecord | undefined
  /** The next offset of each partition that nobody was offered yet. */
  head(): number[]
  /** What is selected from the head to the end of the log; not exact when that takes more than two seconds to read. */
  count(): Promise<{ ready: number; isExact: boolean }>
  /** Reads on until something is at hand or the end is reached. Rejects while the log cannot be read. */
  look(): Promise<void>
  close(): void
}

const KEPT_MAX = 200
/** Then it reads on. */
const KEPT_MIN = 100
/** Longest work without giving way. */
const TURN_MS = 10
const COUNT_MS = 2_000
/** Longest reading for one look. */
const LOOK_MS = 1_000
const BEHIND_PAUSE_MS = 20

interface Kept {
  candidate: Candidate
  /** The head, once it has left. */
  after: number[]
}

export function createAhead(context: {
  deps: Pick<QueueDependencies, 'log' | 'clock'>
  topic: string
  from: readonly number[]
  selection: Pick<Selection, 'matches'>
  /** The tail has brought something. */
  onNew: () => void
}): Ahead {
  const { topic, selection, onNew } = context
  const { log, clock } = context.deps
  let kept: Kept[] = []
  let headAt = [...context.from]
  let scan = scanFrom(headAt)
  let following: Following | undefined
  let looking: Promise<void> | undefined
  let arrived: readonly LogRecord[] = []
  /** The tail has gone on beyond what is kept. */
  let isBehind = true
  let isClosed = false

  function scanFrom(offsets: readonly number[]): LogScan {
    return createLogScan({ cache: log.cache, topic, from: { offsets: offsets.map(BigInt), sequence: 0 } })
  }

  const offsets = (): number[] => scan.position().offsets.map(Number)

  function take(record: LogRecord): void {
    scan.pass(record)
    if (selection.matches(record)) kept.push({ candidate: candidateOf(record), after: offsets() })
    else if (kept.length === 0) headAt = offsets()
  }

  /** Takes what has been loaded, as far as there is room. */
  async function takeLoaded(untilMs: number): Promise<void> {
    let turnEndsMs = clock.monotonicMs() + TURN_MS
    while (kept.length < KEPT_MAX) {
      const record = scan.peek()
      if (record === undefined) return
      take(record)
      const nowMs = clock.monotonicMs()
      if (nowMs >= untilMs) return
      if (nowMs < turnEndsMs) continue
      await endOfTurn()
      turnEndsMs = clock.monotonicMs() + TURN_MS
    }
  }

  async function read(): Promise<void> {
    const untilMs = clock.monotonicMs() + LOOK_MS
    scan.reopen()
    while (!isClosed && kept.length < KEPT_MAX && clock.monotonicMs() < untilMs) {
      await load()
      await takeLoaded(untilMs)
      if (scan.peek() !== undefined || !scan.isAtEnd) continue
      if (kept.length === 0) headAt = offsets()
      if (!scan.isBehind(follow().positions())) {
        isBehind = false
        return
      }
      // The leader that was read may not know the end yet that the tail has come to.
      await clock.sleep(BEHIND_PAUSE_MS)
      grow()
      scan.reopen()
    }
    isBehind = true
  }

  async function load(): Promise<void> {
    try {
      await scan.load()
    } catch (error) {
      if (!(error instanceof OffsetExpired || error instanceof OffsetAhead)) throw error
      await goOn()
    }
  }

  /** Retention has passed the head, or the log was cut: what is left of it is read. */
  async function goOn(): Promise<void> {
    const bounds = await log.pages.bounds(topic)
    const at = offsets()
    const from = bounds.map(({ earliest, stableEnd }, partition) => {
      const offset = at[partition] ?? 0
      return Math.min(Math.max(offset, Number(earliest)), Number(stableEnd))
    })
    scan = scanFrom(from)
    if (kept.length === 0) headAt = from
  }

  function follow(): Following {
    following ??= log.tail.follow(topic, scan.position().offsets, {
      onBatch(batch) {
        if (looking !== undefined || isBehind || kept.length >= KEPT_MIN || !scan.accept(batch)) isBehind = true
        else
          for (let record = scan.peek(); record !== undefined && kept.length < KEPT_MAX; record = scan.peek())
            take(record)
        if (scan.peek() !== undefined) isBehind = true
        arrived = batch.records
        onNew()
        arrived = []
      },
      onGap() {
        isBehind = true
        onNew()
      },
    })
    return following
  }

  /** Partitions that the log has got meanwhile are read from their start. */
  function grow(): void {
    const count = following?.positions().length ?? 0
    if (count <= scan.partitions) return
    const at = offsets()
    scan = scanFrom(Array.from({ length: count }, (_, partition) => at[partition] ?? 0))
  }

  async function look(): Promise<void> {
    looking ??= (async () => {
      grow()
      await read()
    })().finally(() => {
      looking = undefined
    })
    await looking
  }

  /** Behind what is kept, with a scan of its own. */
  async function countRest(): Promise<{ rest: number; isExact: boolean }> {
    const counting = scanFrom(offsets())
    const untilMs = clock.monotonicMs() + COUNT_MS
    let rest = 0
    let turnEndsMs = clock.monotonicMs() + TURN_MS
    while (!counting.isAtEnd) {
      await counting.load()
      for (let record = counting.peek(); record !== undefined; record = counting.peek()) {
        counting.pass(record)
        if (selection.matches(record)) rest++
        const nowMs = clock.monotonicMs()
        if (nowMs >= untilMs || isClosed) return { rest, isExact: false }
        if (nowMs < turnEndsMs) continue
        await endOfTurn()
        turnEndsMs = clock.monotonicMs() + TURN_MS
      }
    }
    return { rest, isExact: true }
  }

  return {
    async count() {
      await look()
      const before = offsets().join()
      const { rest, isExact } = await countRest()
      // What was read meanwhile is kept, and counted already.
      return { ready: kept.length + rest, isExact: isExact && before === offsets().join() }
    },
    next() {
      const first = kept.shift()
      if (first === undefined) return undefined
      headAt = kept.length === 0 && scan.peek() === undefined ? offsets() : first.after
      return first.candidate
    },
    peek: limit => kept.slice(0, limit).map(({ candidate }) => candidate),
    get size() {
      return kept.length
    },
    get isLow() {
      return isBehind && looking === undefined && kept.length < KEPT_MIN
    },
    get isAtEnd() {
      return !isBehind && looking === undefined
    },
    arriving: at => arrived.find(({ partition, offset }) => partition === at.partition && offset === at.offset),
    head: () => headAt,
    look,
    close() {
      isClosed = true
      kept = []
      following?.stop()
    },
  }
}

function candidateOf(record: LogRecord): Candidate {
  const { partition, offset, headers } = record
  return {
    place: { origin: 0, partition, offset },
    ...{ eventId: headers['event-id']!.toString(), subject: headers.ce_subject?.toString() ?? '' },
    recordedAtMs: recordedAtOf(record),
  }
}
