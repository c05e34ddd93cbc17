/** A migrated database of its own for a test file, and a way to put audit rows into it. */

import { insertsOf } from '../../processors/record/blocks.ts'
import { type AnalyticsClient, createAnalyticsClient } from '../../src/analytics/client.ts'
import { migrate } from '../../src/analytics/migrate.ts'
import {
  attemptRows,
  changeRows,
  emitRows,
  meterRows,
  relayRows,
  replayItemRows,
} from '../../src/analytics/write/rows.ts'
import { createSystemClock } from '../../src/clock.ts'
import { createLogger } from '../../src/logger.ts'
import { type AttemptRow, auditAttemptsCodec, type ShadowRow } from '../../topics/audit-attempts.ts'
import { auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
import { auditEmitsCodec, type CompletionRow, type VerdictRow } from '../../topics/audit-emits.ts'
import { auditMetersCodec, type MeterReading } from '../../topics/audit-meters.ts'
import { auditRelaysCodec, type RelayRow } from '../../topics/audit-relays.ts'
import { auditReplaysCodec, type ReplayItemRow } from '../../topics/audit-replays.ts'
import { testClickHouse } from '../support/clickhouse.ts'

export interface AuditRows {
  verdicts?: VerdictRow[]
  completions?: CompletionRow[]
  attempts?: AttemptRow[]
  changes?: ChangeRow[]
  relays?: RelayRow[]
  readings?: MeterReading[]
  items?: ReplayItemRow[]
  shadows?: ShadowRow[]
}

export async function connectToTestDatabase(): Promise<AnalyticsClient> {
  const { url, database } = await testClickHouse()
  return createAnalyticsClient({ url, database, clock: createSystemClock(), logger: createLogger('silent') })
}

export async function migratedDatabase(): Promise<AnalyticsClient> {
  const client = await connectToTestDatabase()
  await migrate(client)
  return client
}

const never = new AbortController().signal

/** Inserts the rows as a block of its own; the same `first` again is the same block again. */
export async function insertAudit(client: AnalyticsClient, first: number, audit: AuditRows): Promise<void> {
  const {
    verdicts = [],
    completions = [],
    attempts = [],
    changes = [],
    relays = [],
    readings = [],
    items = [],
    shadows = [],
  } = audit
  const rows = [
    ...emitRows(auditEmitsCodec.encode({ verdicts, completions })),
    ...attemptRows(auditAttemptsCodec.encode({ attempts, shadows })),
    ...changeRows(auditChangesCodec.encode({ changes })),
    ...relayRows(auditRelaysCodec.encode({ relays })),
    ...meterRows(auditMetersCodec.encode({ readings })),
    ...replayItemRows(auditReplaysCodec.encode({ items })),
  ]
  for (const insert of insertsOf({ topic: 'audit.test', partition: 0, first, last: first, rows }))
    await client.insert(insert, never)
}

export async function countRows(client: AnalyticsClient, table: string): Promise<number> {
  const [row] = await client.query<{ rows: number }>('SELECT count() AS rows FROM {table:Identifier}', { table })
  return row?.rows ?? 0
}
