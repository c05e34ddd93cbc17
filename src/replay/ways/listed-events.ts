/** Events that a replay names one by one: from the history, in the order of their numbers, as records of the log. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { events } from '../../../topics/events.ts'
import { eventHeaders } from '../../events/log-record.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { Owner } from '../../model/environments.ts'
import type { Replay } from '../../model/replays.ts'
import type { StretchReader } from './way.ts'

const BATCH = 50

export interface ListedEvents {
  /** `from`: the number to go on with. `onMissing`: so many of them are no longer kept. */
  open(replay: Replay, from: number | undefined, onMissing: (count: number) => void): Promise<StretchReader>
}

/** The rows of some emits in the history. */
export interface KeptEvents {
  numbers(owner: Owner, emitIds: string[]): Promise<Array<{ emitId: string; sequence: number }>>
  /** `payload`: null once it is erased. */
  events(owner: Owner, emitIds: string[]): Promise<Array<{ event: EventFacts; payload: Buffer | null }>>
}

export function createListedEvents(history: KeptEvents): ListedEvents {
  return {
    async open(replay, from, onMissing) {
      const { organizationId, environment, eventIds = [] } = replay
      const owner = { organizationId, environment }
      const emitIds = [...new Set(eventIds.map(id => `cee_${id.slice('evt_'.length)}`))]
      const found = await history.numbers(owner, emitIds)
      if (from === undefined && found.length < emitIds.length) onMissing(emitIds.length - found.length)
      const left = found.filter(({ sequence }) => sequence >= (from ?? 0)).sort((a, b) => a.sequence - b.sequence)
      let isClosed = false
      return {
        async read() {
          const next = left.slice(0, BATCH)
          if (isClosed || next.length === 0) return undefined
          const kept = await history.events(
            owner,
            next.map(({ emitId }) => emitId),
          )
          left.splice(0, next.length)
          const records = kept.map(one => ({ number: one.event.sequence, record: recordOf(replay, one) }))
          return { records: records.sort((a, b) => a.number - b.number) }
        },
        positions: () => new Map(),
        close() {
          isClosed = true
        },
      }
    },
  }
}

/** As a record of the log, in which it has no place. */
export function recordOf(
  { organizationId, environment }: Replay,
  { event, payload }: { event: EventFacts; payload: Buffer | null },
) {
  const headers = eventHeaders(event, []).map(([name, value]) => [name, Buffer.from(value)] as const)
  const record: LogRecord = {
    topic: events.nameFor(organizationId, environment),
    ...{ partition: 0, offset: -1, timestampMs: event.recordedAtMs, key: null, value: payload },
    headers: Object.fromEntries(headers),
  }
  return record
}
