/**
 * Tracks which events still have open deliveries, so that the transaction that ends the last one records how the emit
 * ended.
 *
 *     in hand   parts of a record of `deliveries` that have not ended: counted anew whenever the record is read again
 *     away      deliveries that have left the record and are open one by one: in a retry topic, or an early entry
 *     covered   events that a webhook is owed as part of a range: not counted; the ranges of the event's subscribers
 * are checked
 *
 * An entry is stored once one of its deliveries is away or has failed. So an event whose only delivery succeeds at once
 * writes nothing here, nor does one of a held webhook alone.
 */
import { encodeKeys, readSubscribers, subscriberKey } from '../../../src/events/subscribers.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { CompletionRow } from '../../../topics/audit-emits.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { deliveryState, deliveryStateKeys, openEventCodec } from '../../../topics/delivery-state.ts'
import type { FailedBlocks } from './failed-blocks.ts'
import type { WebhookStates } from './webhook-states.ts'

/** The completion of an event whose last delivery has ended. */
export interface Completion {
  completion: CompletionRow
  /** How many deliveries there were. */
  deliveries: number
}

export type EventName = Pick<
  EventFacts,
  'eventId' | 'emitId' | 'organizationId' | 'environment' | 'recordedAtMs' | 'sequence'
>

export interface OpenEvents {
  restore(eventId: string, value: Buffer | null): void
  /** The event's record was read. `ended`: indexes in its list of webhooks that have ended. */
  begin(event: EventName, webhookIds: readonly string[], ended: readonly number[]): void
  /** A part in hand is owed as part of a range now. */
  absorb(event: EventName, webhookId: string): void
  /** The reverse: it is in hand again. */
  unabsorb(event: EventName, webhookId: string, webhookIds: readonly string[]): void
  /** A part in hand has left its record unended. */
  away(event: EventName): void
  /** A delivery of a range has been attempted and waits on its own now. `keys`: the event's subscribers. */
  awayFromRange(event: EventName, keys: readonly bigint[], own: bigint): void
  /** A part in hand or away has ended. Returns the completion if it was the last. */
  end(event: EventName, from: 'hand' | 'away', failed: boolean, nowMs: number): Completion | undefined
  /** A delivery has ended as part of a range. `keys`: the event's subscribers. */
  endOfRange(
    event: EventName,
    keys: readonly bigint[],
    own: bigint,
    end: { failed: boolean; nowMs: number },
  ): Completion | undefined
  /** Removes the events of these organizations. Returns how many, at most `max`. */
  forget(isGone: (organizationId: string) => boolean, max: number): number
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
}

interface Open {
  /** Of an earlier release: all open deliveries, in hand or away. */
  legacy: number | undefined
  hand: number
  away: number
  deliveries: number
  failed: boolean
  owedBy: bigint[]
  stored: boolean
  event: EventName
}

export function createOpenEvents({
  states,
  failedBlocks,
}: {
  states: WebhookStates
  failedBlocks: FailedBlocks
}): OpenEvents {
  const events = new Map<string, Open>()
  /** To be stored at the next seal. */
  const changed = new Set<string>()
  /** Completed, and stored. */
  const completed = new Set<string>()

  function openOf(event: EventName, deliveries: number): Open {
    const known = events.get(event.eventId)
    if (known) return known
    const { eventId, emitId, organizationId, environment, recordedAtMs, sequence } = event
    const name = { eventId, emitId, organizationId, environment, recordedAtMs, sequence }
    // An event completed in this transaction is open again: its record is written, not removed.
    const stored = completed.delete(eventId)
    const made: Open = {
      legacy: undefined,
      hand: 0,
      away: 0,
      deliveries,
      failed: false,
      owedBy: [],
      stored,
      event: name,
    }
    events.set(eventId, made)
    return made
  }

  function drop(open: Open): void {
    const { eventId } = open.event
    events.delete(eventId)
    changed.delete(eventId)
    if (open.stored) completed.add(eventId)
  }

  function complete(event: EventName, failed: boolean, deliveries: number, nowMs: number): Completion {
    const { emitId, eventId, organizationId, environment, recordedAtMs } = event
    const state = failedBlocks.take(event, event.sequence) || failed ? 'FAILED' : 'DELIVERED'
    const completion = {
      emitId,
      eventId,
      organizationId,
      environment,
      state,
      recordedAtMs,
      completedAtMs: Math.round(nowMs),
    } as const
    return { completion, deliveries }
  }

  /** The effect of a part that has ended, or has become part of a range. */
  function settle(open: Open, nowMs: number): Completion | undefined {
    if ((open.legacy ?? 0) > 0 || open.hand > 0 || open.away > 0) {
      if (open.away > 0 || open.failed || open.stored) changed.add(open.event.eventId)
      return undefined
    }
    drop(open)
    if (states.isCovered(open.event, open.event.sequence, open.owedBy)) {
      if (open.failed) failedBlocks.add(open.event, open.event.sequence)
      return undefined
    }
    return complete(open.event, open.failed, open.deliveries, nowMs)
  }

  return {
    restore(eventId, value) {
      if (!value) {
        events.delete(eventId)
        return
      }
      const { open, away, owedBy, number, ...facts } = openEventCodec.decode(value)
      const isLegacy = away < 0
      events.set(eventId, {
        legacy: isLegacy ? open : undefined,
        hand: 0,
        away: isLegacy ? 0 : away,
        deliveries: facts.deliveries,
        failed: facts.failed,
        owedBy: readSubscribers(owedBy),
        stored: true,
        event: { ...facts, eventId, sequence: number },
      })
    },
    begin(event, webhookIds, ended) {
      const open = openOf(event, webhookIds.length)
      open.event.sequence = event.sequence
      if (open.legacy !== undefined) return
      open.hand += webhookIds.length - ended.length
      if (states.size() === 0 || ended.length === 0) return
      const keys = ended.map(part => subscriberKey(webhookIds[part]!))
      for (const key of states.covering(event, event.sequence, keys))
        if (!open.owedBy.includes(key)) open.owedBy.push(key)
    },
    absorb(event, webhookId) {
      const open = openOf(event, 1)
      if (open.legacy !== undefined) open.legacy--
      else open.hand--
      open.owedBy.push(subscriberKey(webhookId))
      if ((open.legacy ?? 0) > 0 || open.hand > 0 || open.away > 0) {
        // A record of which all parts have ended is not counted anew: who is owed it must be stored by then.
        if ((open.legacy ?? 0) > 0 || open.away > 0 || open.failed || open.stored) changed.add(event.eventId)
        return
      }
      // The number just absorbed covers it.
      if (open.failed) failedBlocks.add(event, event.sequence)
      drop(open)
    },
    unabsorb(event, webhookId, webhookIds) {
      const own = subscriberKey(webhookId)
      const known = events.get(event.eventId)
      const open = known ?? openOf(event, webhookIds.length)
      // It was not counted while all of it was owed as part of ranges.
      open.owedBy = known
        ? open.owedBy.filter(key => key !== own)
        : states.covering(event, event.sequence, webhookIds.map(subscriberKey), own)
      open.hand++
    },
    away(event) {
      const open = events.get(event.eventId)
      if (!open) return
      if (open.legacy === undefined) {
        open.hand--
        open.away++
      }
      changed.add(event.eventId)
    },
    awayFromRange(event, keys, own) {
      const open = openOf(event, keys.length)
      open.away++
      for (const key of states.covering(event, event.sequence, keys, own))
        if (!open.owedBy.includes(key)) open.owedBy.push(key)
      changed.add(event.eventId)
    },
    end(event, from, failed, nowMs) {
      const open = events.get(event.eventId)
      if (!open) return undefined
      if (open.legacy !== undefined) open.legacy--
      else if (from === 'hand') open.hand--
      else open.away--
      open.failed ||= failed
      return settle(open, nowMs)
    },
    endOfRange(event, keys, own, { failed, nowMs }) {
      const open = events.get(event.eventId)
      if (open) {
        open.owedBy = open.owedBy.filter(key => key !== own)
        // Others are open one by one, or in hand: the last of them completes the emit.
        if (failed) failedBlocks.add(event, event.sequence)
        if (open.stored) changed.add(event.eventId)
        return undefined
      }
      if (!states.isCovered(event, event.sequence, keys, own)) return complete(event, failed, keys.length, nowMs)
      if (failed) failedBlocks.add(event, event.sequence)
      return undefined
    },
    forget(isGone, max) {
      let count = 0
      for (const open of events.values()) {
        if (count === max) break
        if (open.hand > 0 || !isGone(open.event.organizationId)) continue
        drop(open)
        count++
      }
      return count
    },
    seal(partition) {
      const records: OutRecord[] = []
      const record = (eventId: string, value: Buffer | null) =>
        records.push({ topic: deliveryState.name, partition, key: deliveryStateKeys.ofOpen(eventId), value })
      for (const eventId of changed) {
        const open = events.get(eventId)
        if (!open) continue
        const { event, legacy = -1, deliveries, failed, owedBy } = open
        const away = legacy < 0 ? open.away : -1
        const facts = {
          ...event,
          open: legacy,
          deliveries,
          failed,
          away,
          owedBy: encodeKeys(owedBy),
          number: event.sequence,
        }
        record(eventId, openEventCodec.encode(facts))
        open.stored = true
      }
      for (const eventId of completed) record(eventId, null)
      changed.clear()
      completed.clear()
      return records
    },
  }
}
