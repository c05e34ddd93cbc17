/** Where feeders read, and whom they hand to. */
import type { Clock } from '../../../src/clock.ts'
import type { Logger } from '../../../src/logger.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import type { Origin } from '../delivery.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { EarlyRecords } from './early-records.ts'
import type { SubscribersOf } from './listed-records.ts'
import type { LogSource } from './log-merge.ts'
import type { ReadTurns } from './read-turns.ts'

export interface FeederPorts {
  log: LogSource
  turns: ReadTurns
  early: EarlyRecords
  clock: Clock
  logger: Logger
  /** Into the engine, due now. */
  take(record: RetryRecord, origin: Origin): void
  /** An early entry of which the event is gone. */
  lost(range: OwedRange, entry: EarlyEntry): Promise<void>
  /** Numbers that have left the log before they were fed. */
  gone(range: OwedRange, from: number, through: number): Promise<void>
  subscribersOf: SubscribersOf
  guarded(work: () => void): void
}
