/**
 * The parts that every role needs, opened in dependency order. Each part that must be closed adds itself to a list, so
 * that a start that fails half-way closes everything it has opened, newest first.
 */

import type { Role } from '../../topics/topic.ts'
import { type AnalyticsClient, createAnalyticsClient } from '../analytics/client.ts'
import { reachAnalytics } from '../analytics/reach.ts'
import type { Clock, Random } from '../clock.ts'
import { type ControlPlane, createControlPlane } from '../control-plane/control-plane.ts'
import { createCheckBroker } from '../control-plane/sinks/check-broker.ts'
import { type ControlTail, createControlLog, tailControl } from '../control-plane/store/control-topic.ts'
import { type ControlViewStore, createControlView } from '../control-plane/store/view-store.ts'
import { createSecretBox, type SecretBox } from '../crypto/secret-box.ts'
import { type AddressGuard, createAddressGuard } from '../delivery/address-guard.ts'
import { createCheckAddresses } from '../delivery/check-addresses.ts'
import type { ProgressLogger } from '../embedded/part-directory.ts'
import { type ChainTokens, createChainTokens } from '../events/chain.ts'
import { createIngressTags, type IngressTags } from '../events/ingress.ts'
import { type Provisioning, provision } from '../kafka/admin/provisioning.ts'
import { reachKafka } from '../kafka/protocol/reach.ts'
import type { KafkaSettings, Wire } from '../kafka/protocol/wire.ts'
import { createReaderWatch, type WatchedReaders } from '../kafka/read/reader-watch.ts'
import type { LeaseIdentity } from '../kafka/runtime/lease.ts'
import type { ShardedProcessor } from '../kafka/runtime/sharded-processor.ts'
import { shardOf } from '../kafka/shards.ts'
import type { KafkaFigures } from '../ledger/kafka-figures.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Logger } from '../logger.ts'
import { createIds, type Ids } from '../model/ids.ts'
import { INSPECTOR_PATH } from '../model/inspectors.ts'
import { createMetrics, type Metrics } from '../observability/metrics.ts'
import { openTracing, type Tracing } from '../observability/tracing/tracing.ts'
import { createValidators, type Validators } from '../registry/validators.ts'
import type { Config } from '../settings/config.ts'
import { type Backends, openBackends } from './backends.ts'
import { openLedger } from './compose-ledger.ts'
import { leaseIdentity } from './lease-identity.ts'
import type { Listener } from './listen.ts'
import { shareAddresses } from './own-addresses.ts'

const DATABASE = 'clarion'
const VALIDATORS_MAX = 5_000

export interface ComposeDeps {
  config: Config
  clock: Clock
  random: Random
  logger: Logger
  progress: ProgressLogger
  onFatal(error: Error): void
  /**
   * Cancels a start that is under way: started parts are closed again, and `compose` rejects with the signal's reason.
   */
  stop?: AbortSignal
  /** Unhandled errors, by the work they belong to. */
  unhandled(): Record<'request' | 'shard', number>
}

/** The close functions of the parts; they run in reverse. */
export type Closing = Array<() => Promise<unknown>>

export interface RunningRole {
  role: Role
  processor: Pick<ShardedProcessor, 'shards' | 'progress'>
}

export interface Parts extends ComposeDeps {
  closing: Closing
  /** Ends calls that wait for something, before the process stops listening: an open call would delay the stop. */
  draining: Closing
  /** Roles with shards, as they start. */
  runningRoles: RunningRole[]
  /** Identity of this process in the groups of its roles. */
  identity: LeaseIdentity
  /** The reason per role why it is not ready. */
  missing: Array<() => string | undefined>
  /** Problems of the cluster or of single organizations while the process serves, in sentences. */
  ailing: Array<() => string[]>
  backends: Backends
  kafka: KafkaSettings
  wire: Wire
  provisioning: Provisioning
  analytics: AnalyticsClient
  view: ControlViewStore
  readers: WatchedReaders
  controlPlane: ControlPlane
  /** Fingerprints of the secret keys that sealed values depend on. */
  neededKeyIds: readonly string[]
  metrics: Metrics
  tracing: Tracing | undefined
  ids: Ids
  tags: IngressTags
  chains: ChainTokens
  secrets: SecretBox
  validators: Validators
  guard: AddressGuard
  ledger: Ledger & Pick<KafkaFigures, 'hasRecords'>
}

/** `bound`: the address that the process listens on. */
export async function openParts(deps: ComposeDeps, closing: Closing, bound: Array<Listener['bound']>): Promise<Parts> {
  const { clock, random, logger } = deps
  const tracing = await openTracing(deps)
  closing.push(async () => tracing?.close())
  const opening = openBackends(deps)
  closing.push(() => opening.then(each => each.close()).catch(ignoreFailedStart))
  const backends = await opening
  const metrics = createMetrics()
  const kafka = { ...backends.kafka, observer: metrics.kafka }
  const { wire, provisioning } = await openCluster(deps, closing, backends, kafka)
  const analytics = await openHistory(deps, closing, backends)
  const { view, readers, tail } = await openView(deps, closing, { kafka, wire })
  metrics.unhandled(deps.unhandled)
  metrics.readers(readers)
  metrics.cluster(wire.cluster)

  const { secretKey, previousSecretKey } = backends
  const shared = { ...deps, closing, backends, kafka, wire, provisioning, analytics, view, readers, metrics, tracing }
  const made = {
    ids: createIds({ clock, random }),
    chains: createChainTokens(secretKey, previousSecretKey),
    tags: createIngressTags(secretKey, previousSecretKey),
    secrets: createSecretBox({ secretKey, previousSecretKey, random }),
    validators: createValidators({ cacheMax: VALIDATORS_MAX }),
    guard: openGuard(deps, closing, backends, { bound, wire }),
  }
  const { controlPlane, neededKeyIds } = await openControlPlane({ ...shared, ...made }, tail)
  const ledger = openLedger({
    kafka,
    wire,
    analytics,
    view,
    readers,
    shards: provisioning.shards,
    ids: made.ids,
    clock,
    logger,
    metrics,
    drift: controlPlane.drift,
  })
  closing.push(() => ledger.close())
  const ailing = [() => readers.degraded(clock.monotonicMs())]
  return {
    ...shared,
    ...made,
    draining: [],
    runningRoles: [],
    missing: [],
    ailing,
    identity: leaseIdentity(deps.config),
    controlPlane,
    neededKeyIds,
    ledger,
  }
}

async function openCluster(deps: ComposeDeps, closing: Closing, { topicDefaults }: Backends, kafka: KafkaSettings) {
  const { config, clock, logger } = deps
  const wire = await reachKafka({ ...deps, kafka })
  closing.push(() => wire.close())
  const { shards, replicationFactor } = config
  const provisioning = await provision({ kafka, wire, topicDefaults, clock, logger, shards, replicationFactor })
  closing.push(() => provisioning.close())
  return { wire, provisioning }
}

/** Creates or checks its tables where a role of the process needs them. */
async function openHistory(
  deps: ComposeDeps,
  closing: Closing,
  { clickhouseUrl: url, tables }: Backends,
): Promise<AnalyticsClient> {
  const { config, clock, logger } = deps
  const cluster = config.clickhouseUrl && config.clickhouseCluster
  const analytics = createAnalyticsClient({ url, database: DATABASE, cluster, clock, logger })
  closing.push(() => analytics.close())
  if (config.roles.includes('record') || config.roles.includes('api'))
    await reachAnalytics({ ...deps, ...tables, analytics, url })
  tables.keep(DATABASE)
  return analytics
}

async function openView(deps: ComposeDeps, closing: Closing, { kafka, wire }: Pick<Parts, 'kafka' | 'wire'>) {
  const { clock, logger, onFatal } = deps
  const view = createControlView({ clock })
  const readers = createReaderWatch()
  const tail = await tailControl({
    kafka,
    wire,
    clock,
    logger,
    apply: record => view.apply(record),
    onFatal,
    watch: readers,
  })
  closing.push(() => tail.close())
  return { view, readers, tail }
}

/** Blocks webhooks from the addresses of the platform, and of its neighbours on this machine. */
function openGuard(
  { config, clock }: ComposeDeps,
  closing: Closing,
  { addresses }: Backends,
  { bound, wire }: { bound: Array<Listener['bound']>; wire: Wire },
): AddressGuard {
  const neighbours = shareAddresses({ dataDir: config.dataDir, bound, clock })
  closing.push(async () => neighbours.close())
  const servers = () => [...bound, ...neighbours.list()]
  return createAddressGuard({
    allow: config.egressAllow,
    allowHttp: config.egressAllowHttp,
    ownAddresses: () => [...addresses, ...wire.cluster.addresses(), ...servers(), ...config.egressDeny],
    ownAllowed: { servers, path: INSPECTOR_PATH },
  })
}

type ControlPlaneParts = Omit<
  Parts,
  'draining' | 'runningRoles' | 'missing' | 'ailing' | 'identity' | 'controlPlane' | 'neededKeyIds' | 'ledger'
>

/** Rejects when the secret keys are not those that the log depends on. */
async function openControlPlane(parts: ControlPlaneParts, tail: ControlTail) {
  const { config, closing, backends, kafka, guard, clock, logger, provisioning } = parts
  const log = createControlLog({ kafka, tail, clock, logger })
  closing.push(() => log.close())
  const { secretKey, previousSecretKey, keyIds } = backends
  const { view, validators, ids, random } = parts
  const controlPlane = createControlPlane({
    ...{ view, log, provisioning, validators, ids, clock, random, logger, timeScale: config.timeScale },
    ...{ secretKey, previousSecretKey, knownKeyIds: keyIds.given },
    checkUrl: url => guard.checkUrl(url),
    checkAddresses: createCheckAddresses({ guard, clock }),
    checkBroker: createCheckBroker({ guard, allowPlain: config.egressAllowHttp }),
    shardOf: organizationId => shardOf(organizationId, provisioning.shards),
  })
  const neededKeyIds = await controlPlane.secretKeys.reconcile(keyIds.expected)
  keyIds.keep(neededKeyIds)
  return { controlPlane, neededKeyIds }
}

/** The caller of the start gets its error; a failed part has already cleaned up. */
const ignoreFailedStart = (): void => undefined
