/**
 * One reader of a log. It is live, and gets what the tail brings; or it is behind, and reads pages from its own place
 * until that is the tail's. The change happens within one turn of the event loop, so no record falls between.
 *
 *     behind ──place = tail's──► live
 *        ▲                        │
 *        └──socket full, rate used up, window full
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../clock.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'
import type { Position } from '../cursor.ts'
import type { Limit, Resume } from '../resume.ts'
import { envelopeOf, type Selection } from '../selection.ts'
import { OffsetAhead, OffsetExpired } from '../strict-pages.ts'
import { type Frames, oneLine } from './frames.ts'
import type { Connection, EndReason, FollowedLog, Reader } from './ports.ts'
import type { RingPage } from './ring.ts'
import { createUntil } from './until.ts'
import { createWindow } from './window.ts'

export interface ReaderDeps {
  followed: FollowedLog
  connection: Connection
  question: Selection
  frames: Frames
  /** See `Reader`; distinguishes WebSocket subscriptions too. */
  frameKey: string
  tag: string
  start: Position
  until: Limit | undefined
  onExpired: 'fail' | 'continue'
  window: number | undefined
  resume: Pick<Resume, 'gap'>
  clock: Clock
  logger: Logger
  positionMs: number
  /** It has read what it was to read, or cannot go on. */
  onEnd(reason: EndReason, facts?: Record<string, unknown>): void
  onClosed(): void
}

const RETRY_MS = 1_000

export function createReader(deps: ReaderDeps): Reader {
  const { followed, connection, question, frames, tag, clock } = deps
  const { log } = followed
  const place = deps.start.offsets.map(Number)
  const until = createUntil(deps.until, clock)
  const window = createWindow(deps.window)
  let sequence = deps.start.sequence
  let state: 'behind' | 'live' | 'closed' = 'behind'
  let isPumping = false
  let namedAtMs = clock.monotonicMs()
  /** Of a live reader that was ahead of the tail: records before it were written to it already. */
  let isAhead = false

  function cursor(): string {
    if (state !== 'live') return followed.cursorAt(place, sequence) + tag
    return (isAhead ? followed.cursorAt(furthest(), sequence) : followed.liveCursor()) + tag
  }

  const furthest = () => followed.offsets.map((offset, partition) => Math.max(offset, place[partition] ?? 0))

  function goLive(): void {
    isAhead = followed.offsets.some((offset, partition) => (place[partition] ?? 0) > offset)
    state = 'live'
    followed.join(reader)
  }

  function fallBehind(): void {
    if (state !== 'live') return
    for (const [partition, offset] of (isAhead ? furthest() : followed.offsets).entries()) place[partition] = offset
    sequence = followed.sequence || sequence
    state = 'behind'
    followed.leave(reader)
  }

  const mayWrite = () => connection.admits() && !window.isFull()

  /** The first partition whose tail is further on. */
  function partitionBehind(): number {
    return followed.offsets.findIndex(
      (offset, partition) => until.isOpen(partition) && (place[partition] ?? 0) < offset,
    )
  }

  async function pump(): Promise<void> {
    while (state === 'behind' && mayWrite()) {
      const partition = partitionBehind()
      if (partition >= 0) await read(partition)
      else if (until.isNone) goLive()
      else if (!(await readsOn())) return
    }
  }

  /** Of a reader with an end: whether there is more to read now. */
  async function readsOn(): Promise<boolean> {
    if (until.isReached(place)) {
      finish('until_reached')
      return false
    }
    if (!until.isDue()) return false
    const before = place.slice()
    for (const partition of place.keys())
      if (state === 'behind' && until.isOpen(partition)) await read(partition, followed.freshPage)
    if (place.some((offset, partition) => offset > (before[partition] ?? 0))) return true
    if (until.isTime && state === 'behind') finish('until_reached')
    return false
  }

  async function read(partition: number, from = followed.page): Promise<void> {
    const at = place[partition] ?? 0
    try {
      const page = await from(partition, at)
      while (state === 'behind' && take(partition, page)) await turn()
    } catch (error) {
      await onFailedRead(partition, error)
    }
  }

  /** True: some of the page is left, and may be written now. */
  function take(partition: number, page: RingPage): boolean {
    for (const record of page.records) {
      if (record.offset < (place[partition] ?? 0)) continue
      if (until.ends(partition, record)) break
      if (question.matches(record)) {
        if (!mayWrite()) {
          place[partition] = record.offset
          connection.flush()
          return mayWrite()
        }
        push(partition, record)
      }
      place[partition] = record.offset + 1
    }
    if (until.isOpen(partition)) place[partition] = Math.max(place[partition] ?? 0, page.nextOffset)
    connection.flush()
    return false
  }

  function push(partition: number, record: LogRecord): void {
    place[partition] = record.offset + 1
    sequence = Number(record.headers.sequence?.toString('latin1') ?? sequence)
    const at = followed.cursorAt(place, sequence) + tag
    const type = record.headers.ce_type?.toString() ?? ''
    connection.push(frames.event(at, type, oneLine(envelopeOf(record, question))))
    window.add(at)
    namedAtMs = clock.monotonicMs()
  }

  async function onFailedRead(partition: number, error: unknown): Promise<void> {
    if (state !== 'behind') return
    if (error instanceof OffsetAhead) {
      finish('cursor_expired', { reason: 'ahead' })
      return
    }
    if (error instanceof OffsetExpired) {
      await passGap().catch(failed => onFailedRead(partition, failed))
      return
    }
    // The broker is away, or the log is being moved: nothing is lost, and the client sees heartbeats.
    deps.logger.debug({ topic: log.topic, partition, error: String(error) }, 'a page could not be read; trying again')
    await clock.sleep(RETRY_MS)
  }

  async function passGap(): Promise<void> {
    const gap = await deps.resume.gap(log, { offsets: place.map(BigInt), sequence })
    if (state !== 'behind') return
    const earliest = { offsets: gap.position.offsets.map(Number), sequence: gap.position.sequence }
    const facts = {
      earliestCursor: followed.cursorAt(earliest.offsets, earliest.sequence) + tag,
      lostEvents: gap.lostEvents,
    }
    if (deps.onExpired === 'fail') {
      finish('cursor_expired', facts)
      return
    }
    for (const [at, offset] of earliest.offsets.entries()) place[at] = offset
    sequence = earliest.sequence
    connection.notice(frames.notice({ type: 'gap', cursor: cursor(), facts }))
  }

  function finish(reason: EndReason, facts?: Record<string, unknown>): void {
    if (state !== 'closed') deps.onEnd(reason, facts)
  }

  const reader: Reader = {
    connection,
    question,
    frames,
    tag,
    frameKey: deps.frameKey,
    onEvent(event) {
      const { record, partition } = event
      if (isAhead) {
        if (record.offset < (place[partition] ?? 0)) return
        isAhead = followed.offsets.some((offset, other) => (place[other] ?? 0) > offset)
      }
      if (isAhead || !mayWrite()) {
        fallBehind()
        return
      }
      connection.push(event.frame(reader))
      if (window.isUsed) window.add(event.cursor() + tag)
      namedAtMs = clock.monotonicMs()
    },
    fallBehind() {
      fallBehind()
      reader.wake()
    },
    wake() {
      if (state !== 'behind' || isPumping || !mayWrite()) return
      isPumping = true
      void pump()
        .catch(error => {
          deps.logger.error({ err: error, topic: log.topic }, 'a reader of a stream failed')
          connection.destroy('fault')
        })
        .finally(() => {
          isPumping = false
          // A wake-up during its last turn would be lost.
          if (state === 'behind' && until.isNone) reader.wake()
        })
    },
    tick(nowMs, isIdle) {
      if (state === 'closed' || !isIdle || nowMs - namedAtMs < deps.positionMs) return
      namedAtMs = nowMs
      connection.notice(frames.notice({ type: 'position', cursor: cursor() }))
    },
    acknowledge(given) {
      const isKnown = window.acknowledge(given)
      if (isKnown) reader.wake()
      return isKnown
    },
    cursor,
    behindEvents: () =>
      state === 'live'
        ? 0
        : followed.offsets.reduce((sum, offset, at) => sum + Math.max(0, offset - (place[at] ?? 0)), 0),
    endFrame: (reason, facts, retryMs) =>
      frames.notice({
        type: 'end',
        cursor: cursor(),
        facts: { reason, ...facts },
        ...(retryMs === undefined ? {} : { retryMs }),
      }),
    close() {
      if (state === 'closed') return
      state = 'closed'
      followed.leave(reader)
      deps.onClosed()
    },
  }
  if (!until.isNone) followed.watch(reader)
  return reader
}
