/** The inputs and outputs of feeders. */
import type { Clock } from '../../../src/clock.ts'
import type { Logger } from '../../../src/logger.ts'
import type { LogSource } from '../../../src/replay/ways/log-merge.ts'
import type { ReadTurns } from '../../../src/replay/ways/read-turns.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import type { Origin } from '../delivery.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { EarlyRecords } from './early-records.ts'
import type { SubscribersOf } from './listed-records.ts'

export interface FeederPorts {
  log: LogSource
  turns: ReadTurns
  early: EarlyRecords
  clock: Clock
  logger: Logger
  /** Into the engine, due now. */
  take(record: RetryRecord, origin: Origin): void
  /** An early entry whose event no longer exists. */
  lost(range: OwedRange, entry: EarlyEntry): Promise<void>
  /** Numbers that left the log before they were fed. */
  gone(range: OwedRange, from: number, through: number): Promise<void>
  subscribersOf: SubscribersOf
  guarded(work: () => void): void
}
