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
import { createPlace } from './place.ts'
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
const BEHIND_PAUSE_MS = 20

export function createReader(deps: ReaderDeps): Reader {
  const { followed, connection, question, frames, tag, clock } = deps
  const { log } = followed
  const place = createPlace(deps.start.offsets)
  const until = createUntil(deps.until, clock)
  const window = createWindow(deps.window)
  let sequence = deps.start.sequence
  let state: 'behind' | 'live' | 'closed' = 'behind'
  let isPumping = false
  let namedAtMs = clock.monotonicMs()
  /** Of a live reader that was ahead of the tail: records before it were written to it already. */
  let isAhead = false
  /** Offsets that the log was found to reach, by partition. */
  const confirmed: number[] = []

  function cursor(): string {
    if (state !== 'live') return followed.cursorAt(place.offsets, sequence) + tag
    return (isAhead ? followed.cursorAt(furthest(), sequence) : followed.liveCursor()) + tag
  }

  const furthest = () => followed.offsets.map((offset, partition) => Math.max(offset, place.of(partition)))

  function goLive(): void {
    isAhead = followed.offsets.some((offset, partition) => place.of(partition) > offset)
    state = 'live'
    followed.join(reader)
  }

  function fallBehind(): void {
    if (state !== 'live') return
    for (const [partition, offset] of (isAhead ? furthest() : followed.offsets).entries())
      place.moveTo(partition, offset)
    sequence = followed.sequence || sequence
    state = 'behind'
    followed.leave(reader)
  }

  const mayWrite = () => connection.admits() && !window.isFull()

  /** The first partition whose tail is further on. */
  function partitionBehind(): number {
    return followed.offsets.findIndex((offset, partition) => until.isOpen(partition) && place.of(partition) < offset)
  }

  /** The first partition in which it is further than the tail, and that may have been cut. */
  const partitionUnsure = () =>
    place.offsets.findIndex(
      (offset, partition) => offset > (followed.offsets[partition] ?? 0) && confirmed[partition] !== offset,
    )

  async function pump(): Promise<void> {
    while (state === 'behind' && mayWrite()) {
      const partition = partitionBehind()
      if (partition >= 0) await readToTail(partition)
      else if (until.isNone) await joinTail()
      else if (!(await readsOn())) return
    }
  }

  async function readToTail(partition: number): Promise<void> {
    const before = place.of(partition)
    const isRead = await read(partition)
    // The leader that was read may not know the end yet that the tail has come to.
    if (isRead && mayWrite() && place.of(partition) === before) await clock.sleep(BEHIND_PAUSE_MS)
  }

  async function joinTail(): Promise<void> {
    const unsure = partitionUnsure()
    if (unsure < 0) goLive()
    else if (await read(unsure, followed.freshPage)) confirmed[unsure] = place.of(unsure)
  }

  /** Of a reader with an end: whether there is more to read now. */
  async function readsOn(): Promise<boolean> {
    if (until.isReached(followed.offsets.map((_, partition) => place.of(partition)))) {
      finish('until_reached')
      return false
    }
    if (!until.isDue()) return false
    const before = place.offsets.slice()
    let isRead = true
    for (const partition of followed.offsets.keys())
      if (state === 'behind' && until.isOpen(partition)) isRead = (await read(partition, followed.freshPage)) && isRead
    if (place.offsets.some((offset, partition) => offset > (before[partition] ?? 0))) return true
    // A log that cannot be read has not been read to its end.
    if (!isRead) return true
    if (until.isTime && state === 'behind') finish('until_reached')
    return false
  }

  /** False: the log could not be read there. */
  async function read(partition: number, from = followed.page): Promise<boolean> {
    const at = place.of(partition)
    try {
      const page = await from(partition, at)
      while (state === 'behind' && take(partition, page)) await turn()
      return true
    } catch (error) {
      await onFailedRead(partition, error)
      return false
    }
  }

  /** True: some of the page is left, and may be written now. */
  function take(partition: number, page: RingPage): boolean {
    let passedOver: LogRecord | undefined
    for (const record of page.records) {
      if (record.offset < place.of(partition)) continue
      if (until.ends(partition, record)) break
      if (question.matches(record)) {
        if (!mayWrite()) {
          place.moveTo(partition, record.offset)
          name(passedOver)
          connection.flush()
          return mayWrite()
        }
        push(partition, record)
      } else passedOver = record
      place.moveTo(partition, record.offset + 1)
    }
    name(passedOver)
    if (until.isOpen(partition)) place.moveTo(partition, Math.max(place.of(partition), page.nextOffset))
    connection.flush()
    return false
  }

  /** Events that were passed over are not lost when retention deletes them. */
  function name(passedOver: LogRecord | undefined): void {
    const number = Number(passedOver?.headers.sequence?.toString('latin1') ?? 0)
    sequence = Math.max(sequence, number)
  }

  function push(partition: number, record: LogRecord): void {
    place.moveTo(partition, record.offset + 1)
    sequence = Number(record.headers.sequence?.toString('latin1') ?? sequence)
    const at = followed.cursorAt(place.offsets, sequence) + tag
    const type = record.headers.ce_type?.toString() ?? ''
    connection.push(frames.event(at, type, oneLine(envelopeOf(record, question))))
    window.add(at)
    namedAtMs = clock.monotonicMs()
  }

  async function onFailedRead(partition: number, error: unknown): Promise<void> {
    if (state !== 'behind') return
    if (error instanceof OffsetAhead) return endAhead()
    if (error instanceof OffsetExpired) return passGap().catch(failed => onFailedRead(partition, failed))
    // The broker is away, or the log is being moved: nothing is lost, and the client sees heartbeats.
    deps.logger.debug({ topic: log.topic, partition, error: String(error) }, 'a page could not be read; trying again')
    await clock.sleep(RETRY_MS)
  }

  /** The log was cut, or restored from a backup. */
  function endAhead(): void {
    finish('cursor_expired', { lostEvents: null, detail: 'ahead' })
  }

  async function passGap(): Promise<void> {
    const gap = await deps.resume.gap(log, { offsets: place.offsets.map(BigInt), sequence })
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
    for (const [at, offset] of earliest.offsets.entries()) place.moveTo(at, offset)
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
        if (record.offset < place.of(partition)) return
        isAhead = followed.offsets.some((offset, other) => place.of(other) > offset)
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
      state === 'live' ? 0 : followed.offsets.reduce((sum, offset, at) => sum + Math.max(0, offset - place.of(at)), 0),
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
