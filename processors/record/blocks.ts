/** The content of an offset range of an audit partition, as inserts: one for each table and table partition. */
import type { InsertBlock } from '../../src/analytics/client.ts'
import { quarantineRow } from '../../src/analytics/write/quarantine-rows.ts'
import {
  attemptRows,
  changeRows,
  emitRows,
  meterRows,
  notificationRows,
  relayRows,
  replayItemRows,
  runRows,
} from '../../src/analytics/write/rows.ts'
import type { RowBytes } from '../../src/analytics/write/table-rows.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import type { TracedEmit } from '../../src/observability/tracing/spans.ts'
import { auditAttempts } from '../../topics/audit-attempts.ts'
import { auditChanges } from '../../topics/audit-changes.ts'
import { auditEmits } from '../../topics/audit-emits.ts'
import { auditMeters } from '../../topics/audit-meters.ts'
import { auditNotifications } from '../../topics/audit-notifications.ts'
import { auditRelays } from '../../topics/audit-relays.ts'
import { auditReplays } from '../../topics/audit-replays.ts'
import { auditRuns } from '../../topics/audit-runs.ts'
import { quarantine } from '../../topics/quarantine.ts'

/**
 * Converts a record to rows, by topic, in the order in which a round inserts them: attempts go before the completion of
 * their emit, so that a reader who sees how it ended finds the reason. Throws on bytes that do not match the topic's
 * schema.
 */
export const ROWS_OF: Record<string, (value: Buffer, record: LogRecord) => RowBytes[]> = {
  [auditAttempts.name]: attemptRows,
  [auditEmits.name]: emitRows,
  [auditChanges.name]: changeRows,
  [auditRelays.name]: relayRows,
  [auditMeters.name]: meterRows,
  [auditNotifications.name]: notificationRows,
  [auditReplays.name]: replayItemRows,
  [auditRuns.name]: runRows,
  [quarantine.name]: (_, record) => [quarantineRow(record)],
}

/** A range of offsets of one partition, with all its rows. */
export interface Block {
  topic: string
  partition: number
  first: number
  last: number
  /** The log of its offsets, where it is known. */
  log?: string | undefined
  rows: RowBytes[]
}

/**
 * The inserts of a block, with the same order and tokens whenever it is made. A token names the range and the table
 * partition, since a record may hold rows of two days and no insert may touch two partitions. It names the log as well,
 * since the same offsets of a topic that was made anew are other rows. Payloads go first: a reader who sees an emit
 * finds its payload.
 */
export function insertsOf(block: Block): Insert[] {
  const places = new Map<string, RowBytes[]>()
  for (const rows of block.rows) {
    const place = `${rows.table}/${rows.partition}`
    const others = places.get(place)
    if (others) others.push(rows)
    else places.set(place, [rows])
  }
  const range = `${block.topic}/${block.partition}/${block.first}-${block.last}${block.log === undefined ? '' : `/${block.log}`}`
  const all = [...places.values()].map(pieces => insertOf(pieces, range))
  return [...all.filter(insert => insert.table === 'payloads'), ...all.filter(insert => insert.table !== 'payloads')]
}

/** An insert, and its emits whose trace is recorded. */
export type Insert = InsertBlock & { traced: TracedEmit[] }

function insertOf(pieces: RowBytes[], range: string): Insert {
  const { table, partition, format, header } = pieces[0]!
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0)
  const body = joinSmall([header, ...pieces.map(({ bytes }) => bytes)])
  return { table, format, body, rows, token: `${range}/${partition}`, traced: pieces.flatMap(({ traced }) => traced) }
}

const JOINED_BYTES = 64 * 1024

/** Keeps large buffers, and joins small ones: both copying much and sending little at a time are expensive. */
function joinSmall(buffers: Buffer[]): Buffer[] {
  const joined: Buffer[] = []
  let small: Buffer[] = []
  let bytes = 0
  const join = (): void => {
    if (small.length > 0) joined.push(Buffer.concat(small, bytes))
    small = []
    bytes = 0
  }
  for (const buffer of buffers) {
    if (buffer.length >= JOINED_BYTES) {
      join()
      joined.push(buffer)
      continue
    }
    small.push(buffer)
    bytes += buffer.length
    if (bytes >= JOINED_BYTES) join()
  }
  join()
  return joined
}
