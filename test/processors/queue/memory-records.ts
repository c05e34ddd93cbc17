/** Control records of queues and of replays into them, for `queue` in memory. */
import { QUEUE_DEFAULTS } from '../../../src/control-plane/queues/queue-settings.ts'
import type { QueueRecord } from '../../../src/model/queues.ts'
import type { Replay } from '../../../src/model/replays.ts'

export const OWNER = { organizationId: 'org_a', environment: 'live' as const }

const at = (ms: number) => new Date(ms).toISOString()

export const queueRecord = (id: string, settings: Partial<QueueRecord>): QueueRecord => ({
  ...{ id, ...OWNER, revision: 1, createdAt: at(0), updatedAt: at(0), ...QUEUE_DEFAULTS, name: id },
  ...{ selectors: ['shop.order'], ordered: false, startOffsets: [0], ...settings },
})

/** All events up to now, to one queue. */
export function replayRecord(id: string, queueId: string, nowMs: number, fields: Partial<Replay>): Replay {
  const target = { kind: 'queue', id: queueId, state: 'running', stateReason: null, progress: null } as const
  return {
    ...{ id, ...OWNER, revision: 1, createdAt: at(0), updatedAt: at(0), name: null, kind: 'replay' },
    ...{ from: at(0), to: at(nowMs + 1), selectors: [], onlyFailed: false, ratePerSecond: 1_000 },
    ...{ targets: [target], matchedMax: null, state: 'running', stateReason: null, requestedBy: 'key_1' },
    ...{ startedAt: null, endedAt: null, progress: null, ...fields },
  }
}
