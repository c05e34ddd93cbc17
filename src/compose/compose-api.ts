/** The role `api`, put together: what it reads of Kafka, what it writes, and the request listener over both. */
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { admissionCounters } from '../../topics/admission-counters.ts'
import { auditAttempts, auditAttemptsCodec } from '../../topics/audit-attempts.ts'
import { deliveryCatchUps } from '../../topics/delivery-catch-ups.ts'
import { outcomes as outcomesTopic } from '../../topics/outcomes.ts'
import { type AnalyticsClient, createAnalyticsClient } from '../analytics/client.ts'
import { createLedgerReads } from '../analytics/read/ledger-reads.ts'
import { createReads } from '../analytics/read/reads.ts'
import { createAdmissionNumbers } from '../ingress/admission-progress.ts'
import { createApi } from '../api/create-api.ts'
import { createVerdictWaiter } from '../ingress/verdict-waiter.ts'
import { createPausedOrganizations } from '../ingress/paused-organizations.ts'
import { createWaitingWebhooks } from '../api/webhooks/waiting-webhooks.ts'
import type { Backends } from './backends.ts'
import type { Clock, Random } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import type { ControlPlane } from '../control-plane/control-plane.ts'
import type { SecretBox } from '../crypto/secret-box.ts'
import type { ControlViewStore } from '../control-plane/store/view-store.ts'
import type { AddressGuard } from '../delivery/address-guard.ts'
import { createPings } from '../delivery/ping.ts'
import { createRecipes } from '../delivery/recipes.ts'
import { createBuildAttempt } from '../delivery/request.ts'
import { createSender } from '../delivery/send.ts'
import type { ChainTokens } from '../events/chain.ts'
import type { Ids } from '../model/ids.ts'
import type { IngressTags } from '../events/ingress.ts'
import type { Provisioning } from '../kafka/admin/provisioning.ts'
import { patiently } from '../kafka/protocol/retry-transient.ts'
import type { KafkaSettings, Wire } from '../kafka/protocol/wire.ts'
import { createLogReader } from '../kafka/read/log-reader.ts'
import type { WatchedReaders } from '../kafka/read/reader-watch.ts'
import { shardOf } from '../kafka/shards.ts'
import { createAppender } from '../kafka/write/appender.ts'
import { createKafkaAccess } from '../kafka-access/access.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { createIngressLag } from '../observability/ingress-lag.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Tracing } from '../observability/tracing/tracing.ts'
import type { Validators } from '../registry/validators.ts'

/** An append that is not acknowledged is repeated for this long; then the caller gets 503. */
const APPEND_PERSIST_MS = 5_000
/** Longest time for one query of a request. A caller waits for it, and a page that takes longer is not going to come. */
const READ_TIMEOUT_MS = 10_000
const ENDS_WITHIN_MS = 3_000
const ENDS_PAUSE_MS = 100
/** Nobody waits for positions and counters; each transaction of `admit` writes some. */
const COUNTERS_WAIT_MS = 100

export interface ApiParts {
  config: Config
  clock: Clock
  random: Random
  logger: Logger
  onFatal(error: Error): void
  backends: Backends
  /** See `ApiDeps`. */
  openMetrics: boolean
  kafka: KafkaSettings
  wire: Wire
  provisioning: Provisioning
  analytics: AnalyticsClient
  view: ControlViewStore
  controlPlane: ControlPlane
  metrics: Metrics
  tracing: Tracing | undefined
  ids: Ids
  tags: IngressTags
  validators: Validators
  guard: AddressGuard
  chains: ChainTokens
  secrets: SecretBox
  ledger: Ledger
  /** What the other roles of the process still lack. */
  missing: Array<() => string | undefined>
  degraded(): string[]
  readers: WatchedReaders
}

export async function startApi(parts: ApiParts): Promise<{ handler: RequestListener; close(): Promise<void> }> {
  const { clock, logger, kafka, provisioning, ids } = parts
  const verdictWaiter = createVerdictWaiter({ clock, processId: ids.next('api') })
  const pauses = createPausedOrganizations({ clock })
  const numbers = createAdmissionNumbers()
  const waiting = createWaitingWebhooks({ logger })
  const appender = createAppender({ kafka, clock, logger, persistMs: APPEND_PERSIST_MS })
  const reader = createLogReader({
    kafka,
    clock,
    logger,
    watch: parts.readers,
    events: {
      onRecords(_topic, _partition, records) {
        for (const record of records) {
          verdictWaiter.onRecord(record)
          pauses.onRecord(record)
        }
      },
      onFatal: parts.onFatal,
    },
  })
  const counters = createLogReader({
    kafka,
    clock,
    logger,
    watch: parts.readers,
    patient: () => true,
    settings: { patientWaitMs: COUNTERS_WAIT_MS, patientBytesMin: 64 * 1024 },
    events: {
      onRecords(topic, _partition, records) {
        const { apply } = topic === deliveryCatchUps.name ? waiting : numbers
        for (const record of records) apply(record)
      },
      onFatal: parts.onFatal,
    },
  })
  const ends = await endsOfOutcomes(parts)
  for (let shard = 0; shard < provisioning.shards; shard++) {
    // A shard whose partition has no leader judges nothing either: its end is found when it has one.
    reader.assign(outcomesTopic.name, shard, ends.get(`${outcomesTopic.name}/${shard}`) ?? 'latest')
    counters.assign(admissionCounters.name, shard, 'earliest')
    counters.assign(deliveryCatchUps.name, shard, 'earliest')
  }
  parts.metrics.ingressLag(
    createIngressLag({ view: parts.view, clock, position: numbers.position, ends: partitions => parts.wire.ends(partitions) }),
  )
  parts.metrics.owed(waiting.totals, clock)
  parts.metrics.gauge('clarion_waiting_emits', 'Requests that wait for the verdict on their emit.', () => verdictWaiter.waiting)
  parts.metrics.counter(
    'clarion_unanswered_emits_total',
    'Requests told that their emit is queued, because its verdict did not come within two seconds.',
    () => verdictWaiter.timedOut,
  )
  const { clientBrokers, clientSecurityProtocol: securityProtocol } = parts.backends
  const listener = { bootstrapServers: clientBrokers.join(','), securityProtocol }
  alignPartitions(parts)
  const kafkaAccess = createKafkaAccess({ ...parts, credentials: parts.controlPlane.kafkaCredentials, listener })
  const sender = createSender({ guard: parts.guard, clock, connectionAgeMsMax: parts.config.connectionAgeMsMax })
  const pings = createPings({
    ...{ sender, build: createBuildAttempt(createRecipes(parts)), chains: parts.chains, ids, clock },
    async record(row) {
      const partition = shardOf(row.organizationId, provisioning.shards)
      const record = { topic: auditAttempts.name, partition, key: null, value: auditAttemptsCodec.encode({ attempts: [row] }) }
      // The request has been made: whoever asked for it is told how it went, whatever becomes of the record.
      await appender.append(record).catch(error => logger.warn({ error: String(error) }, 'the test of a webhook was not recorded'))
    },
  })
  // Apart from the history's other readers: a request may not wait as long as they do, nor for their connections.
  const { clickhouseUrl: url } = parts.backends
  const history = createAnalyticsClient({ url, database: parts.analytics.database, clock, logger, requestTimeoutMs: READ_TIMEOUT_MS })
  const { handler } = createApi({
    ...parts,
    pings,
    appender,
    kafkaAccess,
    verdictWaiter,
    pauses,
    reads: createReads(history, parts.config),
    ledgerReads: createLedgerReads(history),
    shards: provisioning.shards,
    positions: numbers,
    usage: numbers,
    waiting,
    readiness: {
      missing: () => parts.missing.map(each => each()).filter(each => each !== undefined),
      degraded: parts.degraded,
    },
    onAnswer: parts.metrics.request,
    waitingMax: parts.config.waitingMax,
    onShed: parts.metrics.shed,
    metrics: () => parts.metrics.text(),
    openMetrics: parts.openMetrics,
    adminKey: parts.backends.adminKey,
    aliasKeyHeader: parts.config.aliasKeyHeader,
    version: version(),
  })
  const sweep = parts.controlPlane.federation.startSweep()
  const farewells = parts.controlPlane.farewells.start()
  const retention = parts.controlPlane.retention.start()
  return {
    handler,
    async close() {
      await retention.close()
      farewells.close()
      sweep.close()
      sender.close()
      await kafkaAccess.close()
      await appender.close()
      await reader.close()
      await counters.close()
      verdictWaiter.close()
      await history.close()
    },
  }
}

/** Of the shards that have a leader within three seconds. */
async function endsOfOutcomes({ clock, wire, provisioning }: ApiParts): Promise<Map<string, number>> {
  const partitions = Array.from({ length: provisioning.shards }, (_, partition) => ({ topic: outcomesTopic.name, partition }))
  const deadlineMs = clock.monotonicMs() + ENDS_WITHIN_MS
  for (;;) {
    const ends = await patiently(clock, () => wire.ends(partitions))
    if (ends.size === partitions.length || clock.monotonicMs() > deadlineMs) return ends
    await clock.sleep(ENDS_PAUSE_MS)
  }
}

/** Nobody waits for it: until it is done, records in partitions that no record knows of wait to be judged. */
function alignPartitions({ controlPlane, ids, logger }: ApiParts): void {
  controlPlane.partitions.align({ actorId: 'system', requestId: ids.next('req') }).then(
    count => count > 0 && logger.info({ organizations: count }, 'organizations have more partitions than was written down; it is now'),
    error => logger.warn({ error: String(error) }, 'the partitions of organizations could not be compared; the next start does'),
  )
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
