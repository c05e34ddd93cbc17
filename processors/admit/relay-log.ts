/** The rows of the relay log that one transaction writes, packed. */
import type { OutRecord } from '../../src/kafka/ports.ts'
import { auditRelays, auditRelaysCodec, type RelayRow } from '../../topics/audit-relays.ts'

/** About 600 bytes a row: 512 KB a record. */
const ROWS_PER_RECORD = 800

export interface RelayLog {
  add(row: RelayRow): void
  /** The packed rows of the transaction. */
  seal(): OutRecord[]
  /** Drops the rows of the transaction. */
  rollback(): void
}

export function createRelayLog(shard: number): RelayLog {
  let rows: RelayRow[] = []
  return {
    add: row => void rows.push(row),
    seal() {
      const records: OutRecord[] = []
      for (let at = 0; at < rows.length; at += ROWS_PER_RECORD) {
        const value = auditRelaysCodec.encode({ relays: rows.slice(at, at + ROWS_PER_RECORD) })
        records.push({ topic: auditRelays.name, partition: shard, key: null, value })
      }
      if (rows.length > 0) rows = []
      return records
    },
    rollback() {
      rows = []
    },
  }
}
