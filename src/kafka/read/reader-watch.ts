/** Metrics of all log readers of a process: the partitions they wait for, and the records they could not read. */
import type { Gap, LogReader, Waiting, WaitReason } from '../ports.ts'

/** Reports of a log reader besides its events. */
export interface ReaderWatch {
  opened(reader: Pick<LogReader, 'waiting'>): void
  closed(reader: Pick<LogReader, 'waiting'>): void
  gap(topic: string, partition: number, gap: Gap): void
  /** `from`: the position in the former topic. */
  replaced(topic: string, partition: number, from: number): void
  /** A broker answered that it no longer leads a partition. */
  behindLeader(): void
}

/** A gap, or a topic that was deleted and made again. */
export interface ReadLoss {
  topic: string
  partition: number
  from: number
  to: number
  reason: Gap['reason'] | 'replaced'
}

export interface WatchedReaders extends ReaderWatch {
  waiting(): Waiting[]
  /**
   * A sentence for each reason why partitions have waited longer than a move of leadership takes. `nowMs`: monotonic.
   */
  degraded(nowMs: number): string[]
  gaps(): Record<Gap['reason'] | 'replaced', number>
  timesBehindLeader(): number
  /** Subscribes to each gap and each topic that was made anew. */
  onLoss(listener: (loss: ReadLoss) => void): void
}

const DEGRADED_AFTER_MS = 2_000
const NAMED_MAX = 3
const REASONS: Record<WaitReason, string> = {
  no_leader: 'without a leader',
  unknown_topic: 'of topics that no broker knows',
  unauthorized: 'that the platform may not read',
  unreachable: 'whose leader does not answer',
  beyond_end: 'whose log ends before the stored position',
}

export function createReaderWatch(): WatchedReaders {
  const readers = new Set<Pick<LogReader, 'waiting'>>()
  const gaps = { retention: 0, truncated: 0, replaced: 0 }
  let behind = 0
  const listeners: Array<(loss: ReadLoss) => void> = []
  const waiting = () => [...readers].flatMap(reader => reader.waiting())
  return {
    opened: reader => void readers.add(reader),
    closed: reader => void readers.delete(reader),
    gap(topic, partition, gap) {
      gaps[gap.reason]++
      for (const hear of listeners) hear({ topic, partition, ...gap })
    },
    replaced(topic, partition, from) {
      gaps.replaced++
      for (const hear of listeners) hear({ topic, partition, reason: 'replaced', from, to: 0 })
    },
    behindLeader() {
      behind++
    },
    waiting,
    degraded(nowMs) {
      const names = new Map<WaitReason, Set<string>>()
      for (const { topic, partition, sinceMs, reason } of waiting()) {
        if (nowMs - sinceMs < DEGRADED_AFTER_MS) continue
        names.set(reason, (names.get(reason) ?? new Set()).add(`${topic}/${partition}`))
      }
      return [...names].map(([reason, of]) => {
        const named = [...of].slice(0, NAMED_MAX).join(', ')
        return `waiting for ${of.size} partitions ${REASONS[reason]}: ${named}${of.size > NAMED_MAX ? ', …' : ''}`
      })
    },
    gaps: () => ({ ...gaps }),
    timesBehindLeader: () => behind,
    onLoss: listener => void listeners.push(listener),
  }
}
