/** Composes the role `run`: the runs of workflows, and the way outside for their requests. */
import { createRunProcessor } from '../../processors/run/index.ts'
import { createCaller } from '../delivery/outbound-call.ts'
import { openTables } from './compose-tables.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export function startRun(parts: Parts): void {
  const { view, secrets, guard, provisioning, clock, config, logger, metrics, closing } = parts
  const { clockOffsetMs, connectionAgeMsMax } = config
  const caller = createCaller({ guard, clock, connectionAgeMsMax })
  closing.push(async () => caller.close())
  const { shards } = provisioning
  const { steps: tables } = openTables(parts)
  runProcessor(
    parts,
    createRunProcessor({ view, secrets, caller, tables, shards, clock, clockOffsetMs, logger, observe: metrics.runs }),
  )
}
