/** Routes of the ledger. */

import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import type { createLedgerHandlers } from './handlers.ts'
import * as ledger from './schemas.ts'

export type LedgerHandlers = ReturnType<typeof createLedgerHandlers>

// biome-ignore format: a table
export function createLedgerRoutes(on: LedgerHandlers): Route[] {
  return [
    route('GET', '/api/v1/ledger', 'operator', 'Differences between counters, audit, meters and logs.', { answer: ledger.ledger }, on.get),
    route('POST', '/api/v1/ledger/check', 'operator', 'Compare the figures now.', { query: ledger.checkQuery, answer: ledger.report }, on.check),
  ]
}
