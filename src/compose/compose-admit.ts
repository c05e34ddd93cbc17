/** Composes the role `admit`. */
import { createAdmit } from '../../processors/admit/index.ts'
import { createNoteMismatch } from '../control-plane/drift/relay-mismatch.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export function startAdmit(parts: Parts): void {
  const { view, provisioning, chains, tags, validators, clock, random, config, logger, tracing, metrics } = parts
  const { clockOffsetMs, batchRecordsMax } = config
  runProcessor(
    parts,
    createAdmit({
      ...{ view, shards: provisioning.shards, chains, tags, validate: validators.validate },
      noteMismatch: createNoteMismatch({ drift: parts.controlPlane.drift, clock, logger }),
      ...{ clock, random, clockOffsetMs, batchRecordsMax, logger, tracing, onVerdict: metrics.verdictOf },
    }),
  )
}
