/** Composes the ledger check: its readers of Kafka and ClickHouse, and the announcements of its findings. */
import type { AnalyticsClient } from '../analytics/client.ts'
import { createLedgerReads } from '../analytics/read/ledger-reads.ts'
import type { Clock } from '../clock.ts'
import type { Drift } from '../control-plane/drift/drift.ts'
import { createAnnounce } from '../control-plane/store/announce.ts'
import { createLifecycle } from '../control-plane/store/lifecycle.ts'
import type { KafkaSettings, Wire } from '../kafka/protocol/wire.ts'
import { createLogPages } from '../kafka/read/log-pages.ts'
import type { WatchedReaders } from '../kafka/read/reader-watch.ts'
import { createAppender } from '../kafka/write/appender.ts'
import { createDriftNotices } from '../ledger/drift-notices.ts'
import { createKafkaFigures, type KafkaFigures } from '../ledger/kafka-figures.ts'
import { createLedger, type Ledger } from '../ledger/ledger.ts'
import { createLostRecords } from '../ledger/lost-records.ts'
import { createQueueCheck } from '../ledger/queue-check.ts'
import { createQueueFigures } from '../ledger/queue-figures.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Ids } from '../model/ids.ts'
import type { Metrics } from '../observability/metrics.ts'

const APPEND_PERSIST_MS = 10_000

export function openLedger(parts: {
  kafka: KafkaSettings
  wire: Wire
  analytics: AnalyticsClient
  view: ControlView
  shards: number
  ids: Ids
  clock: Clock
  logger: Logger
  metrics: Metrics
  readers: Pick<WatchedReaders, 'onLoss'>
  drift: Pick<Drift, 'look'>
}): Ledger & Pick<KafkaFigures, 'hasRecords'> & { close(): Promise<void> } {
  const { shards } = parts
  const reads = createLedgerReads(parts.analytics)
  const appender = createAppender({ ...parts, persistMs: APPEND_PERSIST_MS })
  const notices = createDriftNotices({
    reads,
    appender,
    announce: createAnnounce(parts),
    lifecycle: createLifecycle(parts),
    drift: parts.drift,
    shards,
  })
  const read = { pages: createLogPages(parts), wire: parts.wire }
  const figures = createKafkaFigures(read)
  const queues = createQueueCheck({ figures: createQueueFigures(read), view: parts.view })
  const lost = createLostRecords({ ...parts, notices, reads })
  parts.readers.onLoss(lost.report)
  const ledger = createLedger({ ...parts, figures, reads, notices, lost, queues })
  parts.metrics.gauge(
    'clarion_ledger_findings',
    'Differences that the last check of the ledger in this process found.',
    () => {
      return ledger.last()?.findings.length ?? 0
    },
  )
  return { ...ledger, hasRecords: figures.hasRecords, close: () => appender.close() }
}
