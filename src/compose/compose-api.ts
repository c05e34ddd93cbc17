/** Composes the role `api`: its writers of Kafka, streams, pushes and tests of webhooks, and the request listener. */
import { auditAttempts, auditAttemptsCodec } from '../../topics/audit-attempts.ts'
import { createAnalyticsClient } from '../analytics/client.ts'
import { createLedgerReads } from '../analytics/read/ledger-reads.ts'
import { createReads } from '../analytics/read/reads.ts'
import { type Api, createApi } from '../api/create-api.ts'
import { type AwsCredentials, createAwsCredentials } from '../crypto/aws-credentials.ts'
import { signingKeys } from '../crypto/signing-key.ts'
import { createPings } from '../delivery/ping.ts'
import { createBuildAttempt } from '../delivery/request.ts'
import type { Sender } from '../delivery/send.ts'
import { createSigningContexts } from '../delivery/signing-context.ts'
import { type Inspecting, openInspecting } from '../inspectors/inspecting.ts'
import type { Appender } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import { createAppender } from '../kafka/write/appender.ts'
import { createKafkaAccess } from '../kafka-access/access.ts'
import { watchUnjudged } from '../ledger/unjudged.ts'
import { createKnownProcesses, type KnownProcesses } from '../process-reports/known-processes.ts'
import { createQueueCalls, type QueueCalls } from '../queue-calls/queue-calls.ts'
import { createReceipts, type Receipts } from '../queues/receipts.ts'
import { createDomainCalls } from '../run-calls/domain-calls.ts'
import { createRunCalls, type RunCalls } from '../run-calls/run-calls.ts'
import { createRunWatches, type RunWatches } from '../run-calls/run-watches.ts'
import { createPush, type Push } from '../streaming/hub/push.ts'
import { createMeters, type Meters } from '../streaming/meters.ts'
import type { Streaming } from '../streaming/streaming.ts'
import { createForeignDatabases, type ForeignDatabases } from '../tables/foreign.ts'
import { createTableGrowth } from '../tables/growth.ts'
import type { Tables } from '../tables/tables.ts'
import { releaseVersion } from './compose-reports.ts'
import { openTables } from './compose-tables.ts'
import { createFollowed, type Followed, followTopics, showFollowed } from './followed-topics.ts'
import type { Logs } from './open-logs.ts'
import { openSender } from './open-sender.ts'
import type { Parts } from './parts.ts'
import { platformView } from './platform-view.ts'
import { showRegistry } from './registry-metrics.ts'

/** An unacknowledged append is retried for this long; then the caller gets 503. */
const APPEND_PERSIST_MS = 5_000
/** Longest time for one query of a request: its caller waits, and a page that takes longer will not come. */
const READ_TIMEOUT_MS = 10_000
/** `openMetrics`: see `ApiDeps`. */
export async function startApi(parts: Parts, streaming: Logs, openMetrics: boolean): Promise<Api> {
  const { clock, logger, kafka, controlPlane, closing } = parts
  const processId = parts.ids.next('api')
  const followed = createFollowed(parts, processId)
  const appender = createAppender({ kafka, clock, logger, persistMs: APPEND_PERSIST_MS })
  const { shards } = parts.provisioning
  const runCalls = createRunCalls({ ...parts, appender, shards, processId })
  const runWatches = createRunWatches({ ...parts, appender, shards, processId })
  const queueCalls = createQueueCalls({ ...parts, appender, shards, processId, observe: parts.metrics.queues.answered })
  const receipts = receiptsOf(parts)
  const { numbers } = followed
  streaming.numberBy(({ organizationId, environment }) => numbers.sequence(organizationId, environment))
  const meters = createMeters({
    ...parts,
    appender,
    shards,
    processId,
    meter: 'streamed_events',
  })
  const push = openPush(parts, { streaming, meters, appender, processId })
  const knownProcesses = createKnownProcesses({ clock, appender })
  const inspecting = openInspecting({ ...parts, appender, processId })
  const readers = await followTopics(parts, {
    ...followed,
    ...push,
    runCalls,
    runWatches,
    queueCalls,
    inspecting,
    knownProcesses,
  })
  showFollowed(parts, { ...followed, runCalls, queueCalls })
  alignPartitions(parts)
  const kafkaAccess = openKafkaAccess(parts)
  const sender = openSender(parts)
  const pings = openPings(parts, sender, appender)
  const history = openRequestHistory(parts)
  const { tables, database } = openTables(parts)
  const growth = createTableGrowth({ ...parts, database, appender, shards })
  const foreign = createForeignDatabases(parts)
  const opened = {
    openMetrics,
    pings,
    appender,
    kafkaAccess,
    history,
    streaming,
    meters,
    push,
    tables,
    foreign,
    runCalls,
    runWatches,
    queueCalls,
    receipts,
    awsCredentials: awsCredentialsOf(parts),
    inspecting,
    knownProcesses,
  }
  const api = createHandler(parts, { ...followed, ...opened })
  parts.draining.push(async () => streaming.pulls.close(), api.drain)
  const sweep = controlPlane.federation.startSweep()
  const deletionGrace = controlPlane.deletionGrace.start()
  const retention = controlPlane.retention.start()
  const driftWatch = controlPlane.drift.startWatch()
  const unjudged = watchUnjudged({
    ...{ ...parts, drift: controlPlane.drift, position: followed.numbers.position },
    ends: partitions => parts.wire.ends(partitions),
    hasRecords: parts.ledger.hasRecords,
  })
  showRegistry(parts)
  closing.push(async () => {
    await retention.close()
    await driftWatch.close()
    unjudged.close()
    deletionGrace.close()
    sweep.close()
    sender.close()
    await push.close()
    await meters.close()
    growth.close()
    await kafkaAccess.close()
    await appender.close()
    await readers.close()
    followed.verdictWaiter.close()
    runCalls.close()
    runWatches.close()
    queueCalls.close()
    await foreign.close()
    inspecting.close()
    await history.close()
  })
  resealAll(parts)
  return api
}

function openKafkaAccess(parts: Parts) {
  const { clientBrokers, clientSecurityProtocol: securityProtocol } = parts.backends
  const listener = { bootstrapServers: clientBrokers.join(','), securityProtocol }
  return createKafkaAccess({ ...parts, credentials: parts.controlPlane.kafkaCredentials, listener })
}

function receiptsOf({ backends: { secretKey, previousSecretKey } }: Parts): Receipts {
  return createReceipts(signingKeys(secretKey, previousSecretKey, 'queue-receipts'))
}

function awsCredentialsOf({ backends: { secretKey, previousSecretKey } }: Parts): AwsCredentials {
  return createAwsCredentials(signingKeys(secretKey, previousSecretKey, 'aws-credentials'))
}

function openPush(
  parts: Parts,
  opened: { streaming: Streaming; meters: Meters; appender: Appender; processId: string },
): Push {
  const { backends, view, clock, random, ids, logger, metrics } = parts
  const { secretKey, previousSecretKey } = backends
  return createPush({
    ...{ ...opened, secretKey, previousSecretKey, view, clock, random, ids, logger },
    metrics: metrics.streams,
  })
}

/** Tests of webhooks, recorded like deliveries. */
function openPings(parts: Parts, sender: Sender, appender: Appender) {
  const { chains, ids, clock, logger, provisioning } = parts
  return createPings({
    ...{ sender, build: createBuildAttempt(createSigningContexts(parts)), chains, ids, clock },
    async record(row) {
      const partition = shardOf(row.organizationId, provisioning.shards)
      const record = {
        topic: auditAttempts.name,
        partition,
        key: null,
        value: auditAttemptsCodec.encode({ attempts: [row] }),
      }
      // The request has been made: the caller gets its result, whether or not the record is written.
      await appender
        .append(record)
        .catch(error => logger.warn({ error: String(error) }, 'the test of a webhook was not recorded'))
    },
  })
}

/** Separate from other readers of the history: a request may not wait as long, nor for their connections. */
function openRequestHistory({ backends, analytics, clock, logger }: Parts) {
  const { database } = analytics
  return createAnalyticsClient({
    url: backends.clickhouseUrl,
    database,
    clock,
    logger,
    requestTimeoutMs: READ_TIMEOUT_MS,
  })
}

type Opened = Followed & {
  openMetrics: boolean
  pings: ReturnType<typeof openPings>
  appender: Appender
  kafkaAccess: ReturnType<typeof openKafkaAccess>
  history: ReturnType<typeof openRequestHistory>
  streaming: Streaming
  meters: Meters
  push: Push
  tables: Tables
  foreign: ForeignDatabases
  runCalls: RunCalls
  runWatches: RunWatches
  queueCalls: QueueCalls
  receipts: Receipts
  awsCredentials: AwsCredentials
  inspecting: Inspecting
  knownProcesses: KnownProcesses
}

function createHandler(parts: Parts, { numbers, history, ...opened }: Opened): Api {
  const { metrics, config, provisioning, backends } = parts
  return createApi({
    ...parts,
    ...opened,
    reads: createReads(history, config),
    ledgerReads: createLedgerReads(history),
    platformView: platformView(parts, history),
    shards: provisioning.shards,
    positions: numbers,
    usage: numbers,
    readiness: {
      missing: () => parts.missing.map(each => each()).filter(each => each !== undefined),
      degraded: () => parts.ailing.flatMap(each => each()),
    },
    onAnswer: metrics.request,
    waitingMax: config.waitingMax,
    onShed: metrics.shed,
    onRouteAnswer: metrics.route,
    routesHost: config.routesBaseUrl === undefined ? '' : new URL(config.routesBaseUrl).host,
    metrics: () => metrics.text(),
    adminKey: backends.adminKey,
    publicUrl: config.publicUrl,
    aliasKeyHeader: config.aliasKeyHeader,
    referenceDomain: config.referenceDomain,
    domainCalls: createDomainCalls({ ...parts, runCalls: opened.runCalls }),
    version: releaseVersion(),
  })
}

/** Re-seals with the new secret key, in the background, where values are sealed with the previous one. */
function resealAll({ neededKeyIds, controlPlane, backends, logger }: Parts): void {
  if (neededKeyIds.length < 2) return
  controlPlane.secretKeys.sealAnew().then(backends.keyIds.keep, error => {
    logger.warn(
      { error: String(error) },
      'some values are still sealed with the previous secret key; the next start continues',
    )
  })
}

/**
 * Runs in the background: until it is done, records in partitions that no control record knows wait for their verdict.
 */
function alignPartitions({ controlPlane, ids, logger }: Parts): void {
  controlPlane.partitions.align({ actorId: 'system', requestId: ids.next('req') }).then(
    count =>
      count > 0 &&
      logger.info(
        { organizations: count },
        'organizations have more partitions than recorded; their records are updated',
      ),
    error =>
      logger.warn(
        { error: String(error) },
        'the partitions of organizations could not be compared; the next start tries again',
      ),
  )
}
