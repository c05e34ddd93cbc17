/** What of a shard is fed from logs and not from `deliveries`, beside what webhooks are owed: replays. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { LogSource } from './log-merge.ts'
import type { DeadLetter } from './redrives.ts'
import type { ReplayPorts } from './replays.ts'

/** What comes from outside the engine. */
export interface CatchUpSources extends Pick<ReplayPorts, 'delivered' | 'ended'>, LogSource {
  /** How many shards there are. */
  shards: number
  /** How long the topic keeps a record, ms; negative: for ever; undefined: unknown. */
  retentionMs?(topic: string): Promise<number | undefined>
  /** By event id, the webhooks that it was given to when it was accepted; what the history does not have is left out. */
  subscribers?(
    log: { organizationId: string; environment: 'live' | 'test' },
    events: Array<Pick<EventFacts, 'emitId'>>,
  ): Promise<ReadonlyMap<string, string[]>>
  /** How these deliveries are, as far as the history has them. Needed for redrives of a range. */
  deliveries?(
    log: { organizationId: string; environment: 'live' | 'test' },
    deliveryIds: string[],
  ): Promise<DeadLetter[]>
  /** Events that the log holds no longer, with the webhooks they went to. From the history. */
  eventsOf?(
    log: { organizationId: string; environment: 'live' | 'test' },
    numbers: { from: number; through: number },
  ): Promise<Array<{ event: EventFacts; webhookIds: string[] }>>
}
