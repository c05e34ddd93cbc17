/** Events that travel in the answer of a receive: their owner had just read them, so the api need not read them again. */
import type { CarriedEvent } from '../../topics/queues-state.ts'
import type { LogRecord } from '../kafka/ports.ts'

/** Of the events of one answer; what is beyond is read from the log. */
const CARRIED_BYTES_MAX = 64 * 1024

export function carriedOf(records: readonly LogRecord[]): CarriedEvent[] {
  let left = CARRIED_BYTES_MAX
  return records.flatMap(({ partition, offset, timestampMs, value, headers, sizeBytes = 0 }) => {
    left -= sizeBytes
    if (left < 0) return []
    const named = Object.entries(headers).map(([name, bytes]) => ({ name, value: bytes }))
    return [{ partition, offset, timestampMs, value, headers: named }]
  })
}

/** As a reader of the log gets it. */
export function recordOf(topic: string, { headers, ...event }: CarriedEvent): LogRecord {
  return { topic, key: null, ...event, headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])) }
}
