/**
 * The composition root: configuration in, running parts out. It reads top to bottom as the order in which things start; stopping is the
 * same list from its end.
 */
import type { IncomingMessage, RequestListener } from 'node:http'
import { join } from 'node:path'
import { createAdmit } from '../../processors/admit/index.ts'
import type { CatchUpSources } from '../../processors/deliver/catch-up/catch-ups.ts'
import { createLogWatch } from '../../processors/deliver/catch-up/log-watch.ts'
import { createReplayEnd } from '../../processors/deliver/catch-up/replay-end.ts'
import { createDeliver } from '../../processors/deliver/index.ts'
import type { DeliverFigures } from '../../processors/deliver/metrics.ts'
import { createRecord } from '../../processors/record/index.ts'
import { createAnalyticsClient } from '../analytics/client.ts'
import { createOwedReads } from '../analytics/read/owed-reads.ts'
import { reachAnalytics } from '../analytics/reach.ts'
import { createRedeliveryReads } from '../analytics/read/redelivery-reads.ts'
import { createReplayReads } from '../analytics/read/replay-reads.ts'
import { authorize, createAuthenticate } from '../api/http/authenticate.ts'
import { createStatus } from '../api/system/status.ts'
import { openBackends } from './backends.ts'
import type { Clock, Random } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import { leaseIdentity } from './lease-identity.ts'
import { type Listener, listen } from './listen.ts'
import { shareAddresses } from './own-addresses.ts'
import { protectTopics } from './protect-topics.ts'
import { startApi } from './compose-api.ts'
import { openLedger } from './compose-ledger.ts'
import type { Config, RoleName } from '../settings/config.ts'
import { createControlPlane } from '../control-plane/control-plane.ts'
import { createSecretBox } from '../crypto/secret-box.ts'
import { createControlView } from '../control-plane/store/view-store.ts'
import { createAddressGuard } from '../delivery/address-guard.ts'
import { isLoopback } from '../delivery/addresses.ts'
import { createCheckAddresses } from '../delivery/check-addresses.ts'
import { createSender } from '../delivery/send.ts'
import type { ProgressLogger } from '../embedded/part-directory.ts'
import { createChainTokens } from '../events/chain.ts'
import { createIds } from '../model/ids.ts'
import { createIngressTags } from '../events/ingress.ts'
import { provision } from '../kafka/admin/provisioning.ts'
import { createTopicRetention } from '../kafka/admin/topic-retention.ts'
import type { Processor } from '../kafka/ports.ts'
import { isCutOff, reachKafka } from '../kafka/protocol/reach.ts'
import { createLogEnds } from '../kafka/read/log-ends.ts'
import { createLogPages } from '../kafka/read/log-pages.ts'
import { createReaderWatch } from '../kafka/read/reader-watch.ts'
import { createControlLog, tailControl } from '../control-plane/store/control-topic.ts'
import { asShardWork } from '../kafka/runtime/shard-work.ts'
import { runShardedProcessor } from '../kafka/runtime/sharded-processor.ts'
import { shardOf } from '../kafka/shards.ts'
import { checkHourly } from '../ledger/hourly.ts'
import { createMailer } from '../notifications/mail.ts'
import { createOwnerNotices } from '../notifications/owner-notices.ts'
import type { Logger } from '../logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createRetryDepth } from '../observability/retry-depth.ts'
import { openTracing } from '../observability/tracing/tracing.ts'
import { createValidators } from '../registry/validators.ts'
import { unlessStopped } from '../process/stopping.ts'

const DATABASE = 'clarion'
const VALIDATORS_MAX = 5_000

export interface Platform {
  /** Where the API listens; undefined in a process without that role. */
  address: string | undefined
  adminKey: string
  /** What is not serving yet, in words. */
  missing(): string[]
  close(): Promise<void>
}

/** A broker may be killed while a process starts: it starts again, as long as this is no lasting trouble. */
const START_PATIENCE_MS = 60_000
const START_PAUSE_MS = 500

export async function compose(deps: {
  config: Config
  clock: Clock
  random: Random
  logger: Logger
  progress: ProgressLogger
  onFatal(error: Error): void
  /** Ends a start that is under way: what has started is closed again, and `compose` rejects with the signal's reason. */
  stop?: AbortSignal
  /** Errors that nothing handled, by whose work they were. */
  unhandled(): Record<'request' | 'shard', number>
}): Promise<Platform> {
  const { config, clock, random, logger, onFatal, stop } = deps
  const closing: Array<() => Promise<unknown>> = []
  const close = async () => {
    for (const each of closing.splice(0).reverse())
      await each().catch(error => logger.warn({ error: String(error) }, 'a part did not stop cleanly'))
  }
  const listener = config.port === undefined ? undefined : await listen({ host: config.host, port: config.port, clock })
  const metricsListener = await openMetricsListener().catch(async error => {
    await listener?.close()
    throw error
  })
  const deadlineMs = clock.monotonicMs() + START_PATIENCE_MS
  for (;;) {
    try {
      return await unlessStopped(start(), stop)
    } catch (error) {
      await close()
      if (stop?.aborted || !isPassing(error) || clock.monotonicMs() > deadlineMs) {
        await Promise.all([listener?.close(), metricsListener?.close()])
        throw error
      }
      deps.progress.warn(`Kafka went away during the start (${(error as Error).message}); starting again`)
      await clock.sleep(START_PAUSE_MS)
    }
  }

  async function openMetricsListener(): Promise<Listener | undefined> {
    const { metricsPort: port, host } = config
    return port === undefined ? undefined : listen({ host, port, clock, setting: 'METRICS_PORT' })
  }

  async function start(): Promise<Platform> {
    const missing: Array<() => string | undefined> = []
    const roles = new Set<RoleName>(config.roles)
    const tracing = await openTracing(deps)
    closing.push(async () => tracing?.close())

    const opening = openBackends({ config, clock, random, progress: deps.progress, onFatal, stop })
    closing.push(() => opening.then(each => each.close()).catch(ignoreFailedStart))
    const backends = await opening
    const { secretKey, previousSecretKey, keyIds } = backends
    const metrics = createMetrics()
    const kafka = { ...backends.kafka, observer: metrics.kafka }

    const wire = await reachKafka({ ...deps, kafka })
    closing.push(() => wire.close())
    const { topicDefaults } = backends
    const provisioning = await provision({
      ...{ kafka, wire, topicDefaults, clock, logger },
      shards: config.shards,
      replicationFactor: config.replicationFactor,
    })
    closing.push(() => provisioning.close())

    const analytics = createAnalyticsClient({
      ...{ url: backends.clickhouseUrl, database: DATABASE, cluster: config.clickhouseUrl && config.clickhouseCluster, clock, logger },
    })
    closing.push(() => analytics.close())
    if (roles.has('record') || roles.has('api'))
      await reachAnalytics({ ...deps, ...backends.tables, analytics, url: backends.clickhouseUrl })
    backends.tables.keep(DATABASE)

    const view = createControlView({ clock })
    const readers = createReaderWatch()
    const tail = await tailControl({ kafka, wire, clock, logger, apply: record => view.apply(record), onFatal, watch: readers })
    closing.push(() => tail.close())

    metrics.unhandled(deps.unhandled)
    metrics.readers(readers)
    metrics.cluster(wire.cluster)
    const shardMetrics = { ...metrics.shard, readers }
    const ailing: Array<() => string[]> = [() => readers.degraded(clock.monotonicMs())]
    const degraded = () => ailing.flatMap(each => each())
    const ids = createIds({ clock, random })
    const chains = createChainTokens(secretKey, previousSecretKey)
    const tags = createIngressTags(secretKey, previousSecretKey)
    const secrets = createSecretBox({ secretKey, previousSecretKey, random })
    const validators = createValidators({ cacheMax: VALIDATORS_MAX })
    const bound = [listener, metricsListener].flatMap(each => (each === undefined ? [] : [each.bound]))
    const neighbours = shareAddresses({ dataDir: config.dataDir, bound, clock })
    closing.push(async () => neighbours.close())
    const guard = createAddressGuard({
      allow: config.egressAllow,
      allowHttp: config.egressAllowHttp,
      ownAddresses: () => [...backends.addresses, ...wire.cluster.addresses(), ...bound, ...neighbours.list(), ...config.egressDeny],
    })

    const log = createControlLog({ kafka, tail, clock, logger })
    closing.push(() => log.close())
    const controlPlane = createControlPlane({
      ...{ view, log, provisioning, validators, ids, clock, random, logger, timeScale: config.timeScale },
      ...{ secretKey, previousSecretKey, knownKeyIds: keyIds.given },
      checkUrl: url => guard.checkUrl(url),
      checkAddresses: createCheckAddresses({ guard, clock }),
      shardOf: organizationId => shardOf(organizationId, provisioning.shards),
    })
    const neededKeyIds = await controlPlane.secretKeys.settle(keyIds.expected)
    keyIds.keep(neededKeyIds)

    const identity = leaseIdentity(config)
    const run = (given: Processor) => {
      const processor = asShardWork(given)
      const running = runShardedProcessor({
        kafka,
        cluster: wire.cluster,
        processor,
        clock,
        random,
        logger,
        metrics: shardMetrics,
        identity,
        onFatal,
      })
      closing.push(() => running.close())
      missing.push(() => running.missing())
      ailing.push(() => running.degraded())
      return running
    }

    const ledger = openLedger({ kafka, wire, analytics, view, readers, shards: provisioning.shards, ids, clock, logger, metrics })
    closing.push(() => ledger.close())
    if (roles.has('record')) {
      const { shards } = run(createRecord({ analytics, clock, tracing, metrics: metrics.record }))
      const hourly = checkHourly({ ledger, shards, clock, logger })
      closing.push(async () => hourly.close())
    }
    if (roles.has('deliver')) {
      const sender = createSender({ guard, clock, connectionAgeMsMax: config.connectionAgeMsMax })
      closing.push(async () => sender.close())
      const mailer = createMailer({ smtpUrl: config.smtpUrl, mailboxDir: join(config.dataDir, 'mailbox'), from: config.mailFrom })
      closing.push(async () => mailer.close())
      const { reportHealth } = controlPlane
      const sendNotice = createOwnerNotices({ view, mailer })
      const { attempt: onAttempt, waitTransition: onTransition, endedInBulk: onBulkEnd, fed: onFed } = metrics.deliver
      const logWatch = createLogWatch()
      metrics.deliver.logs(logWatch)
      const watch = ({ inHand, inputs }: DeliverFigures) => {
        metrics.deliver.inHand(inHand)
        metrics.deliver.depth(createRetryDepth({ clock, read: inputs, ends: partitions => wire.ends(partitions) }))
      }
      const { timeScale, clockOffsetMs } = config
      const replayReads = createReplayReads(analytics)
      const owedReads = createOwedReads(analytics)
      const redeliveryReads = createRedeliveryReads(analytics)
      const catchUp: CatchUpSources = {
        pages: createLogPages({ wire, clock }),
        ends: createLogEnds({ wire }),
        watch: logWatch,
        shards: provisioning.shards,
        retentionMs: createTopicRetention({ wire, clock }),
        delivered: (replay, eventIds) => replayReads.deliveredEvents(replay, eventIds),
        subscribers: owedReads.subscribersOf,
        eventsOf: owedReads.eventsByNumber,
        deliveries: async ({ organizationId, environment }, ids) =>
          (await redeliveryReads.deliveriesByIds(organizationId, environment, ids)).map(each => ({ ...each, newestAt: each.completedAt })),
        ended: createReplayEnd({ outcomes: replayReads.replayOutcomes, end: controlPlane.replays.end, clock }),
      }
      run(
        createDeliver({
          view,
          secrets,
          sender,
          chains,
          clock,
          clockOffsetMs,
          random,
          ids,
          timeScale,
          logger,
          catchUp,
          reportHealth,
          sendNotice,
          tracing,
          onAttempt,
          onTransition,
          onFed,
          onBulkEnd,
          watch,
        }),
      )
    }
    if (roles.has('admit')) {
      const validate = validators.validate
      const onVerdict = metrics.verdictOf
      const { clockOffsetMs, batchRecordsMax } = config
      run(
        createAdmit({
          ...{ view, shards: provisioning.shards, chains, tags, validate },
          ...{ clock, random, clockOffsetMs, batchRecordsMax, logger, tracing, onVerdict },
        }),
      )
    }
    if (roles.has('api') || roles.has('admit')) {
      const protecting = protectTopics({ view, provisioning, clock, logger })
      closing.push(async () => protecting.close())
    }
    const openMetrics = listener === undefined || isLoopback(listener.bound.host)
    const authenticate = createAuthenticate({ view, clock, adminKey: backends.adminKey, aliasKeyHeader: config.aliasKeyHeader })
    const authorizeMetrics = ({ headers, socket }: IncomingMessage) => authorize(authenticate(headers, socket.remoteAddress), 'operator')
    const serve = (handler: RequestListener): Platform => {
      if (listener !== undefined) closing.push(() => listener.close())
      if (metricsListener !== undefined) closing.push(() => metricsListener.close())
      metricsListener?.serve(createStatus({ missing, metrics }))
      listener?.serve(handler)
      return {
        ...{ address: listener?.url, adminKey: backends.adminKey, close },
        missing: () => missing.map(each => each()).filter(each => each !== undefined),
      }
    }
    if (!roles.has('api'))
      return serve(createStatus({ missing, degraded, metrics, authorizeMetrics: openMetrics ? undefined : authorizeMetrics }))

    const api = await startApi({
      ...deps,
      ledger,
      backends,
      kafka,
      wire,
      provisioning,
      analytics,
      view,
      controlPlane,
      metrics,
      tracing,
      ids,
      tags,
      validators,
      guard,
      chains,
      secrets,
      missing,
      degraded,
      openMetrics,
      readers,
    })
    closing.push(() => api.close())
    if (neededKeyIds.length > 1)
      controlPlane.secretKeys.sealAnew().then(keyIds.keep, error => {
        logger.warn({ error: String(error) }, 'not everything is sealed with the new secret key yet; the next start goes on with it')
      })
    return serve(api.handler)
  }
}

/** The broker went away, or does not take a change of the control plane, for now. */
const isPassing = (error: unknown): boolean => isCutOff(error) || (error instanceof ClarionError && error.code === 'service_unavailable')

/** The caller of the start gets its error; a part that failed has ended what it had started. */
const ignoreFailedStart = (): void => undefined
