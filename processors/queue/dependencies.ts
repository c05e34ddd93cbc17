import type { Clock } from '../../src/clock.ts'
import type { Logger } from '../../src/logger.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { ListedEvents } from '../../src/replay/ways/listed-events.ts'
import type { LogSource } from '../../src/replay/ways/log-merge.ts'
import type { TargetRunPorts } from '../../src/replay/ways/target-runs.ts'
import type { PageCache } from '../../src/streaming/page-cache.ts'
import type { StrictPages } from '../../src/streaming/strict-pages.ts'
import type { Tail } from '../../src/streaming/tail.ts'

export interface QueueDependencies {
  view: ControlView
  /** Organizations' logs. */
  log: { cache: PageCache; tail: Tail; pages: Pick<StrictPages, 'bounds'> }
  shards: number
  /** Of a queue's own dead list; by default the limit of the product. */
  deadMax?: number | undefined
  clock: Clock
  logger: Logger
  observe: QueueObserver
  replays: ReplaySources
}

/** Sources of replays into queues, and how they end. */
export interface ReplaySources {
  log: LogSource
  /** Events that are named one by one. */
  listed: ListedEvents
  pause: TargetRunPorts['pause']
  ended: TargetRunPorts['ended']
  /** For metrics. */
  onItem?: ((target: string, outcome: string) => void) | undefined
}

export interface QueueObserver {
  call(call: string): void
  messages(what: 'received' | 'acked' | 'returned' | 'dead', count: number): void
  /** Read at each scrape. */
  live(read: () => { waiting: number; awake: number; unsettled: number }): void
  /** Likewise: seconds since the oldest message was recorded that could be handed out. */
  oldest(read: () => number): void
}
