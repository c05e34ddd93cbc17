/**
 * A finite read of a log: one page of the events that a selection wants, from a position on. A page ends when it is
 * full, after 4 MB or a second of reading; at the end of the log it may wait for the next event.
 *
 * A waiting pull reads nothing: the tail of the log is read once per process, and each waiting pull looks at what is
 * new.
 */
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Clock, Timer } from '../clock.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { Position } from './cursor.ts'
import { createLogScan, type LogScan } from './log-scan.ts'
import type { PageCache } from './page-cache.ts'
import type { Limit, Log, Resume } from './resume.ts'
import type { Selection } from './selection.ts'
import { OffsetAhead, OffsetExpired, recordedAtOf } from './strict-pages.ts'
import type { Following, Tail } from './tail.ts'

export interface Pull {
  log: Log
  from: Position
  until?: Limit | undefined
  selection: Pick<Selection, 'matches' | 'filterKey'>
  limit: number
  /** At the end of the log, the longest wait for an event. */
  waitMs: number
  /** Aborted when its caller has gone: it ends at once, with what it has. */
  signal?: AbortSignal | undefined
}

export interface Pulled {
  records: LogRecord[]
  /** Where the next pull goes on. */
  position: Position
  /** The log was read to its end, or to the limit. */
  isAtEnd: boolean
}

export interface Pulls {
  /** Throws `cursor_expired` where retention has passed the position, and `KafkaError` while the log cannot be read. */
  pull(pull: Pull): Promise<Pulled>
  /** Pulls that wait for events now. */
  readonly waiting: number
  /** Waiting pulls are answered with the events they have. */
  close(): void
}

const READ_BYTES = 4 * 1024 * 1024
const READ_MS = 1_000
/** Longest work without giving way to other requests. */
const TURN_MS = 10
const BEHIND_PAUSE_MS = 20

export function createPulls(deps: { cache: PageCache; tail: Tail; resume: Resume; clock: Clock }): Pulls {
  const { cache, tail, resume, clock } = deps
  const waiting = new Set<() => void>()
  let isClosed = false

  /** Reads until the page is full, or nothing more is there. */
  async function read(page: Page, signal: AbortSignal | undefined): Promise<void> {
    const deadlineMs = clock.monotonicMs() + READ_MS
    let turnEndsMs = clock.monotonicMs() + TURN_MS
    while (!page.scan.isAtEnd && signal?.aborted !== true) {
      await page.scan.load()
      for (let record = page.scan.peek(); record !== undefined && !page.isFull; record = page.scan.peek()) {
        page.take(record)
        const nowMs = clock.monotonicMs()
        if (nowMs >= deadlineMs) break
        if (nowMs < turnEndsMs) continue
        await endOfTurn()
        turnEndsMs = clock.monotonicMs() + TURN_MS
      }
      if (page.isFull || clock.monotonicMs() >= deadlineMs) return
    }
  }

  /** Resolves when the page has an event, the scan has to read, or the time is up. */
  function wait(page: Page, woken: Woken, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const timer: Timer = clock.after(waitMs, () => done())
      const done = () => {
        timer.cancel()
        signal?.removeEventListener('abort', done)
        waiting.delete(done)
        woken.wake = undefined
        resolve()
      }
      woken.wake = done
      waiting.add(done)
      signal?.addEventListener('abort', done)
      if (isClosed || signal?.aborted === true || page.records.length > 0) done()
    })
  }

  /** The end of the log is reached, and nothing was found yet. */
  async function readOn(page: Page, pull: Pull): Promise<void> {
    const deadlineMs = clock.monotonicMs() + pull.waitMs
    const woken: Woken = { wake: undefined }
    const following = tail.follow(pull.log.topic, page.scan.position().offsets, {
      onBatch(batch) {
        if (woken.wake === undefined) return
        // A filter parses payloads: thousands of waiting pulls may not do so in one turn, so each reads by itself.
        if (pull.selection.filterKey !== undefined) return woken.wake()
        const isRead = page.scan.accept(batch)
        for (let record = page.scan.peek(); record !== undefined && !page.isFull; record = page.scan.peek())
          page.take(record)
        if (!isRead || page.records.length > 0 || page.scan.isFinished) woken.wake()
      },
      onGap: () => woken.wake?.(),
    })
    try {
      await untilFound(page, pull, { following, woken, deadlineMs })
    } finally {
      following.stop()
    }
  }

  async function untilFound(page: Page, pull: Pull, { following, woken, deadlineMs }: Waiting): Promise<void> {
    const isOver = () => page.records.length > 0 || page.scan.isFinished || isClosed || pull.signal?.aborted === true
    for (;;) {
      const leftMs = Math.min(deadlineMs - clock.monotonicMs(), msToLimit(pull.until))
      // New partitions are read by the next pull.
      if (isOver() || leftMs <= 0 || following.positions().length > page.scan.partitions) return
      if (!page.scan.isBehind(following.positions())) await wait(page, woken, leftMs, pull.signal)
      if (isOver()) return
      page.scan.reopen()
      await read(page, pull.signal)
      if (!page.scan.isAtEnd || isOver()) return
      // The leader that was read may not know the end yet that the tail has come to.
      if (page.scan.isBehind(following.positions())) await clock.sleep(BEHIND_PAUSE_MS)
    }
  }

  const msToLimit = (until: Limit | undefined) =>
    until !== undefined && 'timeMs' in until ? until.timeMs - clock.nowMs() : Number.POSITIVE_INFINITY

  return {
    async pull(pull) {
      const page = createPage(pull, cache)
      try {
        await read(page, pull.signal)
        if (page.records.length === 0 && page.scan.isAtEnd && pull.waitMs > 0) await readOn(page, pull)
      } catch (error) {
        if (!(error instanceof OffsetExpired) && !(error instanceof OffsetAhead)) throw error
        // The events before the gap are answered; the next pull meets it.
        if (page.records.length === 0) await resume.check(pull.log, page.scan.position())
      }
      return { records: page.records, position: page.scan.position(), isAtEnd: page.scan.isAtEnd }
    },
    get waiting() {
      return waiting.size
    },
    close() {
      isClosed = true
      for (const done of [...waiting]) done()
    },
  }
}

interface Woken {
  /** Undefined: the pull does not wait now. */
  wake: (() => void) | undefined
}

interface Waiting {
  following: Following
  woken: Woken
  deadlineMs: number
}

interface Page {
  scan: LogScan
  records: LogRecord[]
  readonly isFull: boolean
  take(record: LogRecord): void
}

function createPage({ log, from, until, selection, limit }: Pull, cache: PageCache): Page {
  const ends =
    until === undefined ? {} : 'timeMs' in until ? { isBeyond: beyondTime(until.timeMs) } : { limit: until.offsets }
  const scan = createLogScan({ cache, topic: log.topic, from, ...ends })
  const records: LogRecord[] = []
  let bytes = 0
  return {
    scan,
    records,
    get isFull() {
      return records.length >= limit || bytes >= READ_BYTES
    },
    take(record) {
      scan.pass(record)
      bytes += record.sizeBytes ?? 0
      if (selection.matches(record)) records.push(record)
    },
  }
}

const beyondTime = (timeMs: number) => (record: LogRecord) => recordedAtOf(record) >= timeMs
