/** All log readers of a process, for those who watch it: what they wait for, and what they could not read. */
import type { Gap, LogReader, Waiting } from '../ports.ts'

/** What a log reader reports beside its events. */
export interface ReaderWatch {
  opened(reader: Pick<LogReader, 'waiting'>): void
  closed(reader: Pick<LogReader, 'waiting'>): void
  gap(topic: string, partition: number, gap: Gap): void
  replaced(topic: string, partition: number): void
  /** A broker answered that it does not lead a partition any more. */
  behindLeader(): void
}

export interface WatchedReaders extends ReaderWatch {
  waiting(): Waiting[]
  gaps(): Record<Gap['reason'] | 'replaced', number>
  timesBehindLeader(): number
}

export function createReaderWatch(): WatchedReaders {
  const readers = new Set<Pick<LogReader, 'waiting'>>()
  const gaps = { retention: 0, truncated: 0, replaced: 0 }
  let behind = 0
  return {
    opened: reader => void readers.add(reader),
    closed: reader => void readers.delete(reader),
    gap(_topic, _partition, { reason }) {
      gaps[reason]++
    },
    replaced() {
      gaps.replaced++
    },
    behindLeader() {
      behind++
    },
    waiting: () => [...readers].flatMap(reader => reader.waiting()),
    gaps: () => ({ ...gaps }),
    timesBehindLeader: () => behind,
  }
}
