/** The figures that shards report, and those that are read from the shards of a role. */
import type { UnavailableReason } from '../ports.ts'
import type { ReaderWatch } from '../read/reader-watch.ts'

export interface ShardMetrics {
  transaction(role: string, shard: number, seconds: number, records: number): void
  /** It is running, this long after it began to open. */
  opened?(role: string, shard: number, seconds: number): void
  reopened(role: string, shard: number, reason: string): void
  /** The group has assigned these shards to this process. */
  assigned(role: string, shards: number): void
  /** Observes the log readers. */
  readers?: ReaderWatch
  /** Called once for each role; the metrics may be read at any time. */
  watch?(role: string, figures: RoleFigures): void
}

export interface RoleFigures {
  /** Since the lease was confirmed, s; undefined: it is not a member of its group. */
  leaseAgeSeconds(): number | undefined
  leasesLost(): number
  shards(): Record<ShardState, number>
  /** Paused organizations, by reason. */
  paused(): Partial<Record<UnavailableReason, number>>
}

/** `suspended`: the lease is lost. */
export type ShardState = 'opening' | 'running' | 'draining' | 'suspended'
