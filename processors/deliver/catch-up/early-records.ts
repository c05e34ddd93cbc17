/**
 * The deliveries of early entries, read back from the topics of their records, one page at a time. A record that
 * retention has removed is looked up in the organization's log by its number, and so is one whose offset holds another
 * record since the topic was made anew or its log was cut.
 */
import type { Clock } from '../../../src/clock.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import { closeWhenWaiting, createLogMerge, type LogSource } from '../../../src/replay/ways/log-merge.ts'
import { deliveries, deliveryRecordCodec, type EventFacts } from '../../../topics/deliveries.ts'
import { deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import { type RetryRecord, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import { events } from '../../../topics/events.ts'
import { EARLY_INPUTS } from '../state/early-entries.ts'
import type { OwedRange } from '../state/owed-range.ts'

export interface EarlyRecords {
  /** By entry; undefined where the event exists nowhere any more. Rejects while a broker cannot be read. */
  read(range: OwedRange, entries: readonly EarlyEntry[]): Promise<Map<EarlyEntry, RetryRecord | undefined>>
}

export function createEarlyRecords(deps: {
  log: LogSource
  partition: number
  clock: Clock
  logger: Logger
}): EarlyRecords {
  const { log, partition } = deps

  async function fromTopic(
    range: OwedRange,
    topic: string,
    entries: EarlyEntry[],
    found: Map<EarlyEntry, RetryRecord>,
  ): Promise<void> {
    const left = entries.toSorted((a, b) => a.offset - b.offset)
    for (let entry = left[0]; entry !== undefined; entry = left[0]) {
      const { records, nextOffset } = await log.pages.read(topic, partition, entry.offset)
      const byOffset = new Map(records.map(record => [record.offset, record]))
      let seen = 0
      for (; seen < left.length && (seen === 0 || left[seen]!.offset < nextOffset); seen++) {
        const record = byOffset.get(left[seen]!.offset)
        const there = record && deliveryOf(range, left[seen]!, topic, record)
        if (there) found.set(left[seen]!, there)
      }
      left.splice(0, seen)
    }
  }

  async function fromLog(range: OwedRange, entry: EarlyEntry): Promise<RetryRecord | undefined> {
    const topic = events.nameFor(range.organizationId, range.environment)
    const merge = createLogMerge({ ...deps, topic, from: entry.number, through: () => entry.number })
    const closing = closeWhenWaiting(merge, deps.clock)
    const read = await merge.read()
    closing.cancel()
    merge.close()
    if (!read) throw new Error(`${topic} does not show event ${entry.number} now`)
    const record = 'records' in read ? read.records[0]?.record : undefined
    return record && delivery(range, entry, readEventHeaders(record.headers, range.organizationId), record.value!)
  }

  return {
    async read(range, entries) {
      const found = new Map<EarlyEntry, RetryRecord>()
      for (const [input, topic] of EARLY_INPUTS.entries()) {
        const there = entries.filter(each => each.input === input)
        if (there.length > 0) await fromTopic(range, topic, there, found)
      }
      const all = new Map<EarlyEntry, RetryRecord | undefined>()
      for (const entry of entries) all.set(entry, found.get(entry) ?? (await fromLog(range, entry)))
      return all
    },
  }
}

/** Undefined where the offset of the entry holds another delivery's record. */
function deliveryOf(range: OwedRange, entry: EarlyEntry, topic: string, record: LogRecord): RetryRecord | undefined {
  if (topic === deliveries.name) {
    const { event, payload } = deliveryRecordCodec.decode(record.value!)
    return isOf(range, entry, event) ? delivery(range, entry, event, payload) : undefined
  }
  const isRetry = topic !== deliveriesCommands.name
  const stored = isRetry ? retryRecordCodec.decode(record.value!) : deliveryCommandCodec.decode(record.value!).record
  if (stored?.webhookId !== range.webhookId || !isOf(range, entry, stored.event)) return undefined
  const { attempts, dueAtMs, trigger, replayId } = entry
  if (stored.trigger !== trigger || stored.replayId !== replayId) return undefined
  return isRetry ? stored : { ...stored, attempts, dueAtMs }
}

/** Entries of earlier releases do not say which delivery of their event they are; their trigger does, mostly. */
export function deliveryIdOf({ webhookId }: OwedRange, entry: EarlyEntry, { eventId }: EventFacts): string {
  const { isOfReplay, trigger, replayId } = entry
  return (isOfReplay ?? trigger === 'replay') && replayId !== null
    ? deliveryId(eventId, webhookId, replayId)
    : deliveryId(eventId, webhookId)
}

const isOf = ({ organizationId, environment }: OwedRange, { number }: EarlyEntry, event: EventFacts): boolean =>
  event.sequence === number && event.organizationId === organizationId && event.environment === environment

function delivery(range: OwedRange, entry: EarlyEntry, event: EventFacts, payload: Buffer): RetryRecord {
  const { webhookId } = range
  const { attempts, attemptsBefore, createdAtMs, dueAtMs, once, trigger, replayId } = entry
  return {
    event,
    payload,
    webhookId,
    deliveryId: deliveryIdOf(range, entry, event),
    attempts,
    attemptsBefore,
    createdAtMs,
    dueAtMs,
    once,
    trigger,
    replayId,
  }
}
