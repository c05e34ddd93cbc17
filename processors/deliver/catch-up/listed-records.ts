/**
 * The webhooks that an event of a log goes to. A header of its record lists them, an empty one if there are none. A
 * record without the header comes from an `admit` of an earlier release; the history has its list.
 */
import { readSubscribers, SUBSCRIBERS_HEADER } from '../../../src/events/subscribers.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { NumberedRecord } from '../../../src/replay/ways/log-merge.ts'
import type { OwedRange } from '../state/owed-range.ts'

/** An event for this webhook, with the keys of all its webhooks. */
export type ListedRecord = NumberedRecord & { keys: readonly bigint[] }

/** The subscribers of records without a list. Rejects while the history does not have all of them. */
export type SubscribersOf = (
  range: OwedRange,
  records: LogRecord[],
) => Promise<ReadonlyMap<LogRecord, readonly bigint[]>>

const NO_KEYS: readonly bigint[] = []
const NONE: ReadonlyMap<LogRecord, readonly bigint[]> = new Map()

export const isUnlisted = ({ headers }: LogRecord): boolean => headers[SUBSCRIBERS_HEADER] === undefined

/** Undefined: its record has no list. */
function listOf({ headers }: LogRecord): readonly bigint[] | undefined {
  const header = headers[SUBSCRIBERS_HEADER]
  if (header === undefined) return undefined
  return header.length === 0 ? NO_KEYS : readSubscribers(header)
}

/** The records that belong to the range's webhook. */
export async function listedRecords(
  range: OwedRange,
  records: readonly NumberedRecord[],
  subscribersOf: SubscribersOf,
): Promise<ListedRecord[]> {
  const unlisted = records.map(({ record }) => record).filter(isUnlisted)
  const found = unlisted.length === 0 ? NONE : await subscribersOf(range, unlisted)
  return records.flatMap(({ number, record }) => {
    const keys = listOf(record) ?? found.get(record) ?? NO_KEYS
    return keys.includes(range.key) ? [{ number, record, keys }] : []
  })
}

export const recordedAt = (record: LogRecord): number => Date.parse(record.headers['recorded-at']!.toString())
