/** Composes the role `queue`: organizations' logs, read by pages and by a tail of its own. */
import { createQueueProcessor } from '../../processors/queue/index.ts'
import { openStreaming } from '../streaming/streaming.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export async function startQueue(parts: Parts): Promise<void> {
  const { kafka, view, backends, clock, logger, onFatal, readers, provisioning, metrics, closing } = parts
  const log = await openStreaming({
    ...{ kafka, clock, logger, onFatal, watch: readers },
    secretKey: backends.secretKey,
    previousSecretKey: backends.previousSecretKey,
    partitions: organizationId => view.organization(organizationId)?.partitions ?? 1,
    newest: () => 0,
    onPage: metrics.logPage,
  })
  closing.push(() => log.close())
  const { shards } = provisioning
  runProcessor(parts, createQueueProcessor({ view, log, shards, clock, logger, observe: metrics.queues }))
}
