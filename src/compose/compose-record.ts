/**
 * Composes the role `record`: it writes the history, checks the ledger and the shapes of payloads every hour, and
 * forgets debug runs every day.
 */
import { createRecord, pacingOf } from '../../processors/record/index.ts'
import { forgetDebugRunsDaily } from '../analytics/forget-debug-runs.ts'
import { createShapeReads } from '../analytics/read/shape-reads.ts'
import { checkHourly } from '../ledger/hourly.ts'
import { createPayloadShapes } from '../ledger/payload-shapes.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export function startRecord(parts: Parts): void {
  const { analytics, clock, tracing, metrics, ledger, logger, closing, config } = parts
  const pacing = pacingOf(config.historyPauseMs)
  const { shards } = runProcessor(parts, createRecord({ analytics, clock, tracing, metrics: metrics.record, pacing }))
  const shapes = createPayloadShapes({
    ...{ reads: createShapeReads(analytics), view: parts.view, drift: parts.controlPlane.drift, clock },
    shards: parts.provisioning.shards,
  })
  const hourly = checkHourly({ ledger, shapes, shards, clock, logger })
  const daily = forgetDebugRunsDaily({ client: analytics, clock, logger })
  closing.push(async () => {
    hourly.close()
    daily.close()
  })
}
