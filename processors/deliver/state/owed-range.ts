/**
 * The events that one webhook is owed beyond its share (`delivery.catch-ups`): segments of sequence numbers, and early
 * entries for those before.
 *
 *     settled          passed             through
 *        │  owed, some bits  │   owed         │
 *     ───┼───────────────────┼────────────────┤      (settled, passed]: begun; what has left has a bit, what is out has none yet
 *        └── all before has left
 *
 * A segment takes only numbers that were read after it was opened, so deliveries already in hand by then are never in
 * it.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import {
  catchUpKeys,
  deliveryCatchUps,
  type ParkedWebhook,
  parkedWebhookCodec,
  type SegmentMode,
  type WaitCause,
} from '../../../topics/delivery-catch-ups.ts'
import { createEarlyEntries, type EarlyEntries } from './early-entries.ts'
import { createLeftNumbers } from './left-numbers.ts'
import { type Segment, segmentOf, splitAt } from './segments.ts'

/** Beyond this many, segments merge, or wait for one to end. */
export const SEGMENTS_MAX = 8

export interface RangeFacts {
  organizationId: string
  environment: 'live' | 'test'
  key: bigint
  replayId: string
  cause: WaitCause
  sinceMs: number
}

export interface OwedRange extends RangeFacts {
  readonly webhookId: string
  readonly segments: readonly Segment[]
  readonly early: EarlyEntries
  /** Whether new events are owed as well. */
  isOpen: boolean
  /** Owed, early entries included. */
  count: number
  oldestAtMs: number | null
  window: number
  nextProbeAtMs: number
  probeStepMs: number
  activatedAtMs: number
  /** Attempts a second that removed something, over the last minute. */
  ratePerSecond: () => number
  closedThrough: number
  pausedThrough: number
  /** Of an earlier release: its progress by offset. */
  cursors: ParkedWebhook['cursors']
  /** The numbers absorbed for the range that are in no segment yet, since their records have not ended. */
  pendingFrom: number
  /** -1: none. */
  pendingThrough: number
  /** It has come, after all others; `left`: it had already ended. */
  expect(number: number, left: boolean): void
  /** The absorbed numbers are in a segment now, or go on live. */
  expectNothing(): void
  /** The highest number that any segment has. */
  lastNumber(): number
  /** Takes in a number above all others; `left`: it has already ended. */
  take(number: number, recordedAtMs: number, left: boolean): void
  /** Whether a segment covers this number, and it has not left. */
  covers(number: number): boolean
  /** Whether the number is to begin: covered, and not begun. */
  isOwed(number: number): boolean
  begin(number: number): void
  /** A begun number comes back unended. */
  restart(number: number): void
  /** It has left the range for good. */
  leave(number: number): void
  /** All owed numbers of the segment up to this one have begun or left. */
  pass(segment: Segment, number: number): void
  /** Owed events of this lane, from this number on, are passed over: they begin when the lane has capacity. */
  skip(lane: string, number: number): void
  /** The lanes that are passed over, and from which number on. */
  skipped(): ReadonlyMap<string, number>
  /** The lane has caught up with the range. */
  unskip(lane: string): void
  outstanding(): number
  /** The lowest number that has begun and not left. */
  oldestOutstanding(): number | undefined
  /** Present segments take no further numbers. */
  close(mode: SegmentMode): void
  /**
   * Splits each segment by the time of recording: numbers before `atMs` end as left out, the rest stays owed. Numbers
   * between two segments went live, and stay in neither.
   */
  leaveOut(atMs: number): void
  isEmpty(): boolean
  /** Its record must be written. */
  touch(): void
  restoreBlock(block: number, value: Buffer | null): void
  seal(partition: number): OutRecord[]
  /** Tombstones for all its records. */
  tombstones(partition: number): OutRecord[]
}

export function createOwedRange(
  webhookId: string,
  facts: RangeFacts,
  onChange: (range: OwedRange) => void,
  stored?: ParkedWebhook,
): OwedRange {
  let segments: Segment[] = (stored?.segments ?? []).map(segment => ({ ...segment, passed: segment.settledNumber }))
  const left = createLeftNumbers(webhookId)
  const out = new Set<number>()
  /**
   * Whether the numbers that are out began in their order, as they do without restarts and lanes: then the first is the
   * lowest.
   */
  let isInOrder = true
  let lastBegun = -1
  const passedBy = new Set<number>()
  const skipped = new Map<string, number>()
  let lowestSkipped = Number.POSITIVE_INFINITY
  const early = createEarlyEntries(webhookId, () => onChange(range))
  let isChanged = stored === undefined
  let isStored = stored !== undefined

  if (stored && segments.length === 0 && stored.sinceMs === 0) {
    const { fromSequence: fromNumber, throughSequence: throughNumber } = stored
    segments = [{ ...segmentOf(fromNumber), throughNumber, settledNumber: fromNumber - 1 }]
  }

  function changed(): void {
    isChanged = true
    onChange(range)
  }

  const covering = (number: number) =>
    segments.filter(each => number > each.settledNumber && number <= each.throughNumber)

  /** Advances `settled`; a segment that has fully left is removed, unless it takes new events. */
  function settle(): void {
    for (const segment of segments) {
      let settled = Math.min(segment.passed, Math.max(segment.settledNumber, lowestSkipped - 1))
      for (const each of out) {
        if (each <= segment.settledNumber || each > segment.throughNumber || each > settled) continue
        settled = each - 1
        if (isInOrder) break
      }
      if (settled > segment.settledNumber) segment.settledNumber = settled
    }
    segments = segments.filter(
      ({ mode, settledNumber, throughNumber }) => mode === 'open' || settledNumber < throughNumber,
    )
    // Numbers missing from the log were counted, and never seen.
    if (segments.every(({ settledNumber, throughNumber }) => settledNumber >= throughNumber)) range.count = early.size()
  }

  const range: OwedRange = {
    ...facts,
    webhookId,
    get segments() {
      return segments
    },
    early,
    isOpen: stored?.isOpen ?? true,
    count:
      stored === undefined ? 0 : stored.sinceMs === 0 ? stored.throughSequence - stored.fromSequence + 1 : stored.count,
    oldestAtMs: stored?.oldestAtMs ?? null,
    window: stored?.window ?? 0,
    nextProbeAtMs: stored?.nextProbeAtMs ?? 0,
    probeStepMs: stored?.probeStepMs ?? 0,
    activatedAtMs: stored?.activatedAtMs ?? 0,
    ratePerSecond: () => 0,
    closedThrough: stored === undefined ? -1 : stored.sinceMs === 0 ? stored.throughSequence : stored.closedThrough,
    pausedThrough: stored === undefined ? -1 : stored.sinceMs === 0 ? stored.throughSequence : stored.pausedThrough,
    cursors: stored?.cursors ?? [],
    pendingFrom: -1,
    pendingThrough: -1,
    expect(number, hasLeft) {
      if (hasLeft) passedBy.add(number)
      if (range.pendingThrough < 0) range.pendingFrom = number
      range.pendingThrough = number
    },
    expectNothing() {
      range.pendingThrough = -1
      passedBy.clear()
    },
    lastNumber: () => Math.max(-1, ...segments.map(({ throughNumber }) => throughNumber)),
    take(number, recordedAtMs, hasLeft) {
      let segment = segments.at(-1)
      if (segment?.mode !== 'open') {
        segment = segmentOf(number)
        segments.push(segment)
      }
      segment.throughNumber = number
      changed()
      if (hasLeft) {
        left.add(number)
        return
      }
      range.count++
      range.oldestAtMs ??= recordedAtMs
    },
    covers: number =>
      (covering(number).length > 0 && !left.has(number)) ||
      (number <= range.pendingThrough && number >= range.pendingFrom && !passedBy.has(number)),
    isOwed: number => covering(number).length > 0 && !left.has(number) && !out.has(number),
    begin(number) {
      isInOrder = out.size === 0 || (isInOrder && number >= lastBegun)
      lastBegun = number
      out.add(number)
    },
    restart(number) {
      out.delete(number)
      for (const segment of covering(number)) segment.passed = Math.min(segment.passed, number - 1)
    },
    leave(number) {
      out.delete(number)
      changed()
      if (covering(number).length === 0 || left.has(number)) return
      left.add(number)
      range.count = Math.max(0, range.count - 1)
      if (range.count === 0) range.oldestAtMs = null
      settle()
    },
    pass(segment, number) {
      if (number <= segment.passed) return
      segment.passed = Math.min(number, segment.throughNumber)
      changed()
      settle()
    },
    skip(lane, number) {
      skipped.set(lane, number)
      lowestSkipped = Math.min(...skipped.values())
    },
    skipped: () => skipped,
    unskip(lane) {
      skipped.delete(lane)
      lowestSkipped = Math.min(Number.POSITIVE_INFINITY, ...skipped.values())
      settle()
    },
    outstanding: () => out.size,
    oldestOutstanding() {
      if (out.size === 0) return undefined
      return isInOrder ? out.values().next().value : Math.min(...out)
    },
    close(mode) {
      for (const segment of segments) if (segment.mode === 'open' || mode !== 'draining') segment.mode = mode
      changed()
      settle()
    },
    leaveOut(atMs) {
      if (!segments.some(({ mode }) => mode === 'open' || mode === 'draining')) return
      segments = splitAt(segments, atMs)
      changed()
    },
    isEmpty: () =>
      segments.every(({ settledNumber, throughNumber }) => settledNumber >= throughNumber) && early.size() === 0,
    touch() {
      changed()
    },
    restoreBlock: left.restoreBlock,
    seal(partition) {
      const isNeeded = (first: number, last: number) =>
        segments.some(({ settledNumber, throughNumber }) => settledNumber < last && throughNumber >= first)
      const records = [...early.seal(partition), ...left.seal(partition, isNeeded)]
      if (!isChanged) return records
      isChanged = false
      isStored = true
      const value = parkedWebhookCodec.encode({
        ...facts,
        ...range,
        fromSequence: segments[0]?.fromNumber ?? -1,
        throughSequence: range.lastNumber(),
        segments,
        sinceMs: Math.max(1, Math.round(range.sinceMs)),
        nextProbeAtMs: Math.round(range.nextProbeAtMs),
        probeStepMs: Math.round(range.probeStepMs),
        activatedAtMs: Math.round(range.activatedAtMs),
        ratePerSecond: range.window > 0 ? range.ratePerSecond() : 0,
        oldestAtMs: range.oldestAtMs === null ? null : Math.round(range.oldestAtMs),
      })
      records.push({ topic: deliveryCatchUps.name, partition, key: catchUpKeys.ofParked(webhookId), value })
      return records
    },
    tombstones(partition) {
      const records = [...early.tombstones(partition), ...left.tombstones(partition)]
      if (isStored)
        records.push({ topic: deliveryCatchUps.name, partition, key: catchUpKeys.ofParked(webhookId), value: null })
      return records
    },
  }
  return range
}
