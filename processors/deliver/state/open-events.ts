/**
 * Which events still have deliveries on their way, so that the transaction that ends the last one can say how the emit ended (C.11.5).
 *
 * An event is open from the moment its record is read. Nothing of that needs keeping until one of its deliveries ends or goes to a retry
 * topic: before, reading the record again tells all. So an event whose only delivery succeeds at once writes nothing here.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { CompletionRow } from '../../../topics/audit-emits.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { deliveryState, deliveryStateKeys, type OpenEvent, openEventCodec } from '../../../topics/delivery-state.ts'

export interface OpenEvents {
  restore(eventId: string, value: Buffer | null): void
  /** The event's record was read, with so many deliveries. What is known of it from before stands. */
  begin(event: EventFacts, deliveries: number): void
  /** One of its deliveries has left its record without having ended: the count must outlive the record. */
  keep(eventId: string): void
  /** One of its deliveries has ended. Answers how the event did, if it was the last; undefined too for an event that is not open. */
  end(eventId: string, failed: boolean, nowMs: number): { completion: CompletionRow; deliveries: number } | undefined
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
}

interface Open extends OpenEvent {
  stored: boolean
}

export function createOpenEvents(): OpenEvents {
  const events = new Map<string, Open>()
  /** To be stored at the next seal. */
  const changed = new Set<string>()
  /** Over, and stored. */
  const over = new Set<string>()

  return {
    restore(eventId, value) {
      if (value) events.set(eventId, { ...openEventCodec.decode(value), stored: true })
      else events.delete(eventId)
    },
    begin({ eventId, emitId, organizationId, environment, recordedAtMs }, deliveries) {
      if (events.has(eventId)) return
      events.set(eventId, { open: deliveries, deliveries, failed: false, emitId, organizationId, environment, recordedAtMs, stored: false })
    },
    keep(eventId) {
      if (events.get(eventId)?.stored === false) changed.add(eventId)
    },
    end(eventId, failed, nowMs) {
      const event = events.get(eventId)
      if (!event) return undefined
      event.open--
      event.failed ||= failed
      if (event.open > 0) {
        changed.add(eventId)
        return undefined
      }
      events.delete(eventId)
      changed.delete(eventId)
      if (event.stored) over.add(eventId)
      const { emitId, organizationId, environment, recordedAtMs } = event
      const state = event.failed ? 'FAILED' : 'DELIVERED'
      const completion = { emitId, eventId, organizationId, environment, state, recordedAtMs, completedAtMs: Math.round(nowMs) } as const
      return { completion, deliveries: event.deliveries }
    },
    seal(partition) {
      const records: OutRecord[] = []
      const record = (eventId: string, value: Buffer | null) =>
        records.push({ topic: deliveryState.name, partition, key: deliveryStateKeys.ofOpen(eventId), value })
      for (const eventId of changed) {
        const event = events.get(eventId)!
        record(eventId, openEventCodec.encode(event))
        event.stored = true
      }
      for (const eventId of over) record(eventId, null)
      changed.clear()
      over.clear()
      return records
    },
  }
}
