/** What the API is made of: the composition root opens it. */
import type { LedgerReads } from '../analytics/read/ledger-reads.ts'
import type { Reads } from '../analytics/read/reads.ts'
import type { Clock } from '../clock.ts'
import type { ControlPlane } from '../control-plane/control-plane.ts'
import type { AwsCredentials } from '../crypto/aws-credentials.ts'
import type { SecretBox } from '../crypto/secret-box.ts'
import type { Pings } from '../delivery/ping.ts'
import type { DomainCalls } from '../domain/calls.ts'
import type { ChainTokens } from '../events/chain.ts'
import type { IngressTags } from '../events/ingress.ts'
import type { PausedOrganizations } from '../ingress/paused-organizations.ts'
import type { LiveUsage, Positions } from '../ingress/ports.ts'
import type { VerdictWaiter } from '../ingress/verdict-waiter.ts'
import type { Inspecting } from '../inspectors/inspecting.ts'
import type { Appender } from '../kafka/ports.ts'
import type { KafkaAccess } from '../kafka-access/access.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Ids } from '../model/ids.ts'
import type { Tracing } from '../observability/tracing/tracing.ts'
import type { KnownProcesses } from '../process-reports/known-processes.ts'
import type { QueueCalls } from '../queue-calls/queue-calls.ts'
import type { Receipts } from '../queues/receipts.ts'
import type { Validators } from '../registry/validators.ts'
import type { RunCalls } from '../run-calls/run-calls.ts'
import type { RunWatches } from '../run-calls/run-watches.ts'
import type { Push } from '../streaming/hub/push.ts'
import type { Meters } from '../streaming/meters.ts'
import type { Streaming } from '../streaming/streaming.ts'
import type { ForeignDatabases } from '../tables/foreign.ts'
import type { Tables } from '../tables/tables.ts'
import type { PlatformView } from './platform/handlers.ts'
import type { Readiness } from './system/handlers.ts'
import type { WaitingWebhooks } from './webhooks/waiting-webhooks.ts'

export interface ApiDeps {
  view: ControlView
  controlPlane: ControlPlane
  appender: Appender
  kafkaAccess: KafkaAccess
  validators: Validators
  /** Of requests to API routes. */
  chains: Pick<ChainTokens, 'verify'>
  /** The composition root feeds it the topic `outcomes`. */
  verdictWaiter: VerdictWaiter
  /** The composition root feeds it the topic `responses`. */
  runCalls: RunCalls
  /** The same. */
  runWatches: RunWatches
  domainCalls: DomainCalls
  /** Whether there are the routes of the reference domain. */
  referenceDomain: 'on' | 'off'
  /** The composition root feeds it the topic `outcomes`. */
  pauses: PausedOrganizations
  tags: IngressTags
  reads: Reads
  ledger: Ledger
  ledgerReads: LedgerReads
  shards: number
  positions: Positions
  usage: LiveUsage
  /** The composition root feeds it the topic `delivery.catch-ups`. */
  waiting: Pick<WaitingWebhooks, 'of'>
  readiness: Readiness
  /** Sends the tests of webhooks. */
  pings: Pings
  streaming: Streaming
  /** The composition root feeds it the topic `streams.presence`. */
  push: Push
  meters: Meters
  tables: Tables
  foreign: ForeignDatabases
  /** Seals the cookies of sessions. */
  secrets: SecretBox
  queueCalls: QueueCalls
  receipts: Receipts
  awsCredentials: AwsCredentials
  /** The composition root feeds it the topic `inspectors.requests`. */
  inspecting: Inspecting
  /** The composition root feeds it the topic `processes`. */
  knownProcesses: KnownProcesses
  platformView: PlatformView
  /** Undefined: off. */
  tracing?: Tracing | undefined
  /** See `createApp`. */
  onAnswer(route: string, status: number, seconds: number): void
  /** See `createLoadShedder`. */
  waitingMax: number
  onShed?(): void
  /** Of calls of API routes, for metrics. */
  onRouteAnswer(status: number, seconds: number): void
  /** See `createServeRoute`. */
  routesHost: string
  /** `PUBLIC_URL`; undefined: each call says where it has reached the process. */
  publicUrl: string | undefined
  /** The text of `/metrics`. */
  metrics: () => Promise<string> | string
  /** Whether `/metrics` needs no key: the api is bound to loopback. */
  openMetrics: boolean
  adminKey: string
  aliasKeyHeader: string
  /** The release, for the OpenAPI document. */
  version: string
  ids: Ids
  clock: Clock
  logger: Logger
}
