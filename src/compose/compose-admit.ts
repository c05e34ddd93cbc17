/** Composes the role `admit`. */
import { createAdmit } from '../../processors/admit/index.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export function startAdmit(parts: Parts): void {
  const { view, provisioning, chains, tags, validators, clock, random, config, logger, tracing, metrics } = parts
  const { clockOffsetMs, batchRecordsMax } = config
  runProcessor(
    parts,
    createAdmit({
      ...{ view, shards: provisioning.shards, chains, tags, validate: validators.validate },
      ...{ clock, random, clockOffsetMs, batchRecordsMax, logger, tracing, onVerdict: metrics.verdictOf },
    }),
  )
}
