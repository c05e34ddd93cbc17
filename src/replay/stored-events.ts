/**
 * Stored events to deliver again, read from the history. Recent ones are waited for: the history of an emit may arrive
 * after that of its deliveries, by as much as an hour when ClickHouse was away.
 */
import type { Reads } from '../analytics/read/reads.ts'
import type { EventToDeliver } from '../analytics/read/redelivery-reads.ts'
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import type { Owner } from '../model/environments.ts'
import { parseEmitId } from '../model/ids.ts'

const RECENT_MS = 3_600_000
const HISTORY_WAIT_MS = 5_000
const HISTORY_POLL_MS = 100

export interface StoredEvents {
  /** By emit id; those that do not appear within five seconds are left out. */
  find(owner: Owner, emitIds: string[]): Promise<Map<string, EventToDeliver>>
  /** Errors: `service_unavailable` while it may still appear, `outside_retention`. */
  get(owner: Owner, emitId: string): Promise<EventToDeliver>
}

export function createStoredEvents({ reads, clock }: { reads: Reads; clock: Clock }): StoredEvents {
  // Ids are made by the broker's clock.
  const isRecent = (emitId: string) => clock.machineMs() - (parseEmitId(emitId)?.timestampMs ?? 0) < RECENT_MS

  async function find({ organizationId, environment }: Owner, emitIds: string[]): Promise<Map<string, EventToDeliver>> {
    const ids = [...new Set(emitIds)]
    for (let waitedMs = 0; ; waitedMs += HISTORY_POLL_MS) {
      const found = await reads.eventsToDeliver(organizationId, environment, ids)
      const isWhole = ids.every(emitId => found.has(emitId) || !isRecent(emitId))
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
