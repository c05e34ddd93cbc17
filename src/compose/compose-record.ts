/** Composes the role `record`: it writes the history and checks the ledger every hour. */
import { createRecord } from '../../processors/record/index.ts'
import { checkHourly } from '../ledger/hourly.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export function startRecord(parts: Parts): void {
  const { analytics, clock, tracing, metrics, ledger, logger, closing } = parts
  const { shards } = runProcessor(parts, createRecord({ analytics, clock, tracing, metrics: metrics.record }))
  const hourly = checkHourly({ ledger, shards, clock, logger })
  closing.push(async () => hourly.close())
}
