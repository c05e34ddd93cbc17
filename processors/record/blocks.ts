/** What stands in a range of an audit partition, as inserts: one for each table and table partition that it touches. */
import type { InsertBlock } from '../../src/analytics/client.ts'
import { quarantineRow } from '../../src/analytics/quarantine-rows.ts'
import { attemptRow, changeRow, completionRow, relayRow, type TableRow, verdictRows } from '../../src/analytics/rows.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { auditAttempts, auditAttemptsCodec } from '../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec } from '../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec } from '../../topics/audit-emits.ts'
import { auditRelays, auditRelaysCodec } from '../../topics/audit-relays.ts'
import { quarantine } from '../../topics/quarantine.ts'

/**
 * How a record becomes rows, by topic, in the order in which a round inserts them: attempts go before the last word on their emit, so that
 * whoever sees how it ended finds why. Throws on bytes that are not of the topic's schema.
 */
export const ROWS_OF: Record<string, (value: Buffer, record: LogRecord) => TableRow[]> = {
  [auditAttempts.name]: value => auditAttemptsCodec.decode(value).attempts.map(attemptRow),
  [auditEmits.name]: value => {
    const { verdicts, completions } = auditEmitsCodec.decode(value)
    return [...verdicts.flatMap(verdictRows), ...completions.map(completionRow)]
  },
  [auditChanges.name]: value => auditChangesCodec.decode(value).changes.map(changeRow),
  [auditRelays.name]: value => auditRelaysCodec.decode(value).relays.map(relayRow),
  [quarantine.name]: (_, record) => [quarantineRow(record)],
}

/** A range of offsets of one partition, and all that was in it. */
export interface Block {
  topic: string
  partition: number
  first: number
  last: number
  rows: TableRow[]
}

/**
 * The inserts of a block, in the same order and with the same tokens whenever it is made. A token names the range and the table partition, so
 * that no insert touches two: a record may hold rows of two days. Payloads go first: whoever sees an emit finds its payload.
 */
export function insertsOf(block: Block): InsertBlock[] {
  const inserts = new Map<string, InsertBlock>()
  for (const { table, partition, row } of block.rows) {
    const place = `${table}/${partition}`
    const insert = inserts.get(place)
    if (insert) insert.rows.push(row)
    else inserts.set(place, { table, rows: [row], token: `${block.topic}/${block.partition}/${block.first}-${block.last}/${partition}` })
  }
  const all = [...inserts.values()]
  return [...all.filter(insert => insert.table === 'payloads'), ...all.filter(insert => insert.table !== 'payloads')]
}
