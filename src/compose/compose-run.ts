/** Composes the role `run`: the runs of workflows, and the way outside for their requests. */
import { createRunProcessor } from '../../processors/run/index.ts'
import { createAnalyticsClient } from '../analytics/client.ts'
import { createUsageReads } from '../analytics/read/usage-reads.ts'
import { createCaller } from '../delivery/outbound-call.ts'
import { createAppender } from '../kafka/write/appender.ts'
import { createSandboxPool } from '../sandbox/pool.ts'
import { createForeignDatabases } from '../tables/foreign.ts'
import { openTables } from './compose-tables.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

/** Of the usage of a month. */
const READ_TIMEOUT_MS = 20_000
/** Then a call runs out of time instead. */
const APPEND_PERSIST_MS = 5_000

export function startRun(parts: Parts): void {
  const { kafka, view, secrets, guard, provisioning, clock, config, logger, metrics, closing } = parts
  const { clockOffsetMs, timeScale, connectionAgeMsMax } = config
  const caller = createCaller({ guard, clock, connectionAgeMsMax })
  const appender = createAppender({ kafka, clock, logger, persistMs: APPEND_PERSIST_MS })
  closing.push(async () => {
    caller.close()
    await appender.close()
  })
  const sandboxes = createSandboxPool({ clock, observe: metrics.sandboxes })
  closing.push(async () => sandboxes.close())
  const history = createAnalyticsClient({
    ...{ url: parts.backends.clickhouseUrl, database: parts.analytics.database, clock, logger },
    requestTimeoutMs: READ_TIMEOUT_MS,
  })
  closing.push(() => history.close())
  const foreign = createForeignDatabases({ guard, clock })
  closing.push(() => foreign.close())
  const { shards } = provisioning
  const { steps: tables } = openTables(parts)
  runProcessor(
    parts,
    createRunProcessor({
      view,
      secrets,
      caller,
      tables,
      validate: parts.validators.validate,
      foreign,
      appender,
      sandboxes,
      shards,
      clock,
      clockOffsetMs,
      timeScale,
      usageOf: createUsageReads(history).usageSummary,
      logger,
      observe: metrics.runs,
    }),
  )
}
