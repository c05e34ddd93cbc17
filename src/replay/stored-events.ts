/**
 * Events that are to be delivered again, out of the history. What has only just happened is waited for: the history of an emit may come after that
 * of what became of it, as an hour of it does when ClickHouse was away.
 */
import type { Reads } from '../analytics/read/reads.ts'
import type { EventToDeliver } from '../analytics/read/redelivery-reads.ts'
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import { parseEmitId } from '../model/ids.ts'
import type { Owner } from '../model/records.ts'

const RECENT_MS = 3_600_000
const HISTORY_WAIT_MS = 5_000
const HISTORY_POLL_MS = 100

export interface KeptEvents {
  /** By emit id; those that are not there, or do not come within five seconds, are left out. */
  find(owner: Owner, emitIds: string[]): Promise<Map<string, EventToDeliver>>
  /** Errors: `service_unavailable` while it may still come, `outside_retention`. */
  get(owner: Owner, emitId: string): Promise<EventToDeliver>
}

export function createKeptEvents({ reads, clock }: { reads: Reads; clock: Clock }): KeptEvents {
  // Ids are made by the broker's clock.
  const isRecent = (emitId: string) => clock.machineMs() - (parseEmitId(emitId)?.timestampMs ?? 0) < RECENT_MS

  async function find({ organizationId, environment }: Owner, emitIds: string[]): Promise<Map<string, EventToDeliver>> {
    const wanted = [...new Set(emitIds)]
    for (let waitedMs = 0; ; waitedMs += HISTORY_POLL_MS) {
      const found = await reads.eventsToDeliver(organizationId, environment, wanted)
      const isWhole = wanted.every(emitId => found.has(emitId) || !isRecent(emitId))
      if (isWhole || waitedMs >= HISTORY_WAIT_MS) return found
      await clock.sleep(HISTORY_POLL_MS)
    }
  }

  return {
    find,
    async get(owner, emitId) {
      const event = (await find(owner, [emitId])).get(emitId)
      if (event) return event
      if (isRecent(emitId))
        throw new ClarionError('service_unavailable', 'The event is not in the history yet.', { retryAfterS: 5 })
      throw new ClarionError('outside_retention', 'The event is no longer kept.')
    },
  }
}
