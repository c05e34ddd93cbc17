/** Segments of an owed range: numbers of its log, between a first and a last one. */
import type { OwedSegment } from '../../../topics/delivery-catch-ups.ts'

export interface Segment extends OwedSegment {
  /** All owed numbers up to here have begun or left. */
  passed: number
}

/** A segment that begins with this number. */
export function segmentOf(number: number): Segment {
  return {
    fromNumber: number,
    throughNumber: number,
    settledNumber: number - 1,
    passed: number - 1,
    mode: 'open',
    beforeMs: null,
    sinceMs: null,
  }
}

/**
 * Each segment in two: events recorded before `atMs` end as left out, the others stay owed. Segments are split one by
 * one, since the numbers between two of them went live. At most two remain of each, however often it is split.
 */
export function splitAt(segments: readonly Segment[], atMs: number): Segment[] {
  const isSplit = ({ mode }: Segment) => mode === 'open' || mode === 'draining'
  const firsts = new Set(segments.filter(isSplit).map(({ fromNumber }) => fromNumber))
  const isFormerPart = ({ mode, fromNumber }: Segment) => mode === 'left_out' && firsts.has(fromNumber)
  const others = segments.filter(segment => !isSplit(segment) && !isFormerPart(segment))
  const parts = segments.filter(isSplit).flatMap((segment): Segment[] => {
    const former = segments.filter(each => isFormerPart(each) && each.fromNumber === segment.fromNumber)
    const settledNumber = Math.min(...[segment, ...former].map(each => each.settledNumber))
    return [
      { ...segment, settledNumber, passed: settledNumber, mode: 'left_out', beforeMs: atMs, sinceMs: null },
      { ...segment, passed: segment.settledNumber, beforeMs: null, sinceMs: atMs },
    ]
  })
  return [...others, ...parts]
}
