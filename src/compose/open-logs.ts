/** Organizations' logs as the roles api and queue read them: pages, cache and tail are the process's, and shared by both. */
import type { Owner } from '../model/environments.ts'
import { openStreaming, type Streaming } from '../streaming/streaming.ts'
import type { Parts } from './parts.ts'

export interface Logs extends Streaming {
  /** Whom to ask for the newest sequence number of a log. */
  numberBy(newest: (owner: Owner) => number): void
}

export async function openLogs(parts: Parts): Promise<Logs> {
  const { kafka, clock, logger, onFatal, readers: watch, backends, view, metrics, closing } = parts
  const { secretKey, previousSecretKey } = backends
  let newest = (_owner: Owner): number => 0
  const streaming = await openStreaming({
    ...{ kafka, clock, logger, onFatal, watch, secretKey, previousSecretKey, onPage: metrics.logPage },
    partitions: organizationId => view.organization(organizationId)?.partitions ?? 1,
    newest: owner => newest(owner),
  })
  closing.push(() => streaming.close())
  return {
    ...streaming,
    numberBy(next) {
      newest = next
    },
  }
}
