/**
 * Begins events of ordered lanes that were passed over, in lanes that have capacity again, up to the number that the
 * range has passed. One reading serves all lanes, from the lowest number at which any of them waits.
 */

import { createLogMerge, type LogMerge, type NumberedRecord } from '../../../src/replay/ways/log-merge.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { FeederPorts } from './feeder-ports.ts'
import {
  type IsLaneFull,
  isFed,
  type LogItem,
  laneKey,
  owedOf,
  subjectOf,
  subjectOfLane,
  topicOf,
} from './owed-from-log.ts'

export async function lanePass(
  ports: Pick<FeederPorts, 'log' | 'clock' | 'logger' | 'gone' | 'subscribersOf'> & {
    range: OwedRange
    isLaneFull: IsLaneFull
    mayBegin(): boolean
    isClosed(): boolean
    begin(item: LogItem): void
    /** The reader in use; undefined: closed. */
    reads(merge: LogMerge | undefined): void
  },
): Promise<void> {
  const { range, isLaneFull, mayBegin, isClosed } = ports
  const free = new Map([...range.skipped()].filter(([lane]) => !isLaneFull(subjectOfLane(lane))))
  if (free.size === 0 || !mayBegin()) return

  function offer(item: LogItem): void {
    const { number, record } = item
    const lane = laneKey(subjectOf(record))
    if (!free.has(lane) || !range.isOwed(number) || number < free.get(lane)!) return
    if (!isLaneFull(subjectOfLane(lane)) && mayBegin()) {
      ports.begin(item)
      return
    }
    range.skip(lane, number)
    free.delete(lane)
  }

  /** The lanes of segments that have passed them. */
  async function itemsOf(records: NumberedRecord[]): Promise<LogItem[]> {
    const items: LogItem[] = []
    for (const segment of range.segments.filter(({ mode }) => isFed(mode))) {
      const passed = records.filter(({ number }) => number > segment.settledNumber && number <= segment.passed)
      const waiting = passed.filter(({ record }) => free.has(laneKey(subjectOf(record))))
      for (const each of await owedOf(range, segment, waiting, ports.subscribersOf)) items.push({ ...each, segment })
    }
    return items.sort((a, b) => a.number - b.number)
  }

  const from = Math.min(...free.values())
  const passed = () =>
    range.segments.findLast(each => isFed(each.mode) && each.fromNumber <= merge.next()!)?.passed ?? -1
  const merge = createLogMerge({ ...ports, topic: topicOf(range), from, through: () => range.lastNumber() })
  ports.reads(merge)
  try {
    while (!isClosed() && free.size > 0 && merge.next()! <= passed()) {
      const read = await merge.read()
      if (!read) return
      if ('records' in read) for (const item of await itemsOf(read.records)) offer(item)
      else await ports.gone(range, read.gone.from, Math.min(read.gone.through, range.lastNumber()))
    }
    // The remaining lanes have caught up with the range.
    if (!isClosed()) for (const lane of free.keys()) range.unskip(lane)
  } finally {
    merge.close()
    ports.reads(undefined)
  }
}
