/** The deliveries of a shard that come from logs and not from `deliveries`, apart from owed ranges: replays. */

import type { LogSource } from '../../../src/replay/ways/log-merge.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { DeadLetter } from './redrives.ts'
import type { ReplayTargetPorts } from './replay-targets.ts'

type ReplaySources = Pick<
  ReplayTargetPorts,
  'delivered' | 'ended' | 'pause' | 'relaysTo' | 'recordedEmits' | 'keptEvents' | 'deadLetters'
>

/** Dependencies from outside the engine. */
export interface CatchUpSources extends ReplaySources, LogSource {
  /** How many shards there are. */
  shards: number
  /** The topic's retention, ms; negative: for ever; undefined: unknown. */
  retentionMs?(topic: string): Promise<number | undefined>
  /**
   * By event id, the webhooks that the event was matched to at acceptance; events that the history does not have are
   * left out.
   */
  subscribers?(
    log: { organizationId: string; environment: 'live' | 'test' },
    events: Array<Pick<EventFacts, 'emitId'>>,
  ): Promise<ReadonlyMap<string, string[]>>
  /** The state of these deliveries, as far as the history has them. Ranges of earlier releases need it. */
  deliveries?(
    log: { organizationId: string; environment: 'live' | 'test' },
    deliveryIds: string[],
  ): Promise<DeadLetter[]>
  /** Events that the log no longer holds, with their webhooks. From the history. */
  eventsOf?(
    log: { organizationId: string; environment: 'live' | 'test' },
    numbers: { from: number; through: number },
  ): Promise<Array<{ event: EventFacts; webhookIds: string[] }>>
}
