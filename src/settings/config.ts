/**
 * The configuration of a process, and the only reader of the environment. Every setting is checked before anything
 * starts, and all problems are reported together. `settings/` lists the settings and the rules for their values.
 */
import { KAFKA_SECURITY_PROTOCOLS, type KafkaSecurityProtocol } from '../model/security-protocol.ts'
import { adminKey, keyHeader, password, secretKey, sender } from './api-values.ts'
import { defaultCacheDirectory, expandedPath, homeOf } from './cache-directory.ts'
import { combinationProblems, combinationWarnings } from './combinations.ts'
import { brokerAddresses, databaseUrl, hosts, listenHost, ranges, urlOf } from './network-values.ts'
import { pem } from './pem.ts'
import { flag, fraction, line, oneOf, rolesOf, shortName, wholeNumber } from './plain-values.ts'
import { createReader, type Environment, type SettingsReader } from './reader.ts'
import { unknownNames } from './unknown-names.ts'

export { SETTINGS } from './list.ts'

export const ROLES = ['api', 'admit', 'deliver', 'run', 'queue', 'record'] as const
export type RoleName = (typeof ROLES)[number]

export const KAFKA_SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/** The client credentials that are exchanged for tokens. */
export interface OauthClient {
  tokenUrl: string | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  scope: string | undefined
}

export interface Config {
  host: string
  /** Undefined: this process does not listen (no role `api`, and no `PORT`). */
  port: number | undefined
  /** Undefined: metrics are served on `port` only. */
  metricsPort: number | undefined
  dataDir: string
  /** Directory of downloads, one per user. */
  cacheDir: string
  roles: RoleName[]
  /** Empty: the embedded broker. */
  kafkaBrokers: string[]
  kafkaUsername: string | undefined
  kafkaPassword: string | undefined
  kafkaSaslMechanism: (typeof KAFKA_SASL_MECHANISMS)[number]
  kafkaOauth: OauthClient
  kafkaSsl: boolean
  /** Each a path or PEM text. */
  kafkaTls: { ca: string | undefined; cert: string | undefined; key: string | undefined }
  /**
   * Address and protocol for organizations' own clients; empty: those of the platform. Undefined: over TLS, except with
   * the embedded broker.
   */
  kafkaClientBootstrap: string[]
  kafkaClientSecurityProtocol: KafkaSecurityProtocol | undefined
  /** Undefined: derived from the number of brokers. */
  replicationFactor: number | undefined
  shards: number
  /** Name of this process among those of its roles; undefined: a slot of the data directory. */
  instance: string | undefined
  /** Undefined: the embedded ClickHouse. */
  clickhouseUrl: string | undefined
  /** The name of ClickHouse's cluster whose replicas all have the tables; undefined: one server. */
  clickhouseCluster: string | undefined
  /** Undefined: the embedded PostgreSQL; `off`: none. */
  databaseUrl: string | undefined
  tablesSharedCatalog: 'refuse' | 'allow'
  /** Undefined: generated once into the data directory (embedded only). */
  adminKey: string | undefined
  secretKey: string | undefined
  /** Opens values that are still sealed with the previous key; may be shorter. */
  secretKeyPrevious: string | undefined
  egressAllow: string[]
  egressAllowHttp: boolean
  /** Hosts that webhooks never reach, on this port or, without one, on every port. */
  egressDeny: Array<{ host: string; port: number | undefined }>
  /** Longest age of a kept connection to a receiver at the start of an attempt. */
  connectionAgeMsMax: number
  /** Shortest pause between two inserts of a shard into the history. */
  historyPauseMs: number
  /** Whether the API has the calls of the reference domain. */
  referenceDomain: 'on' | 'off'
  timeScale: number
  clockOffsetMs: number
  aliasKeyHeader: string
  /** Undefined: API routes share the host of the API. */
  routesBaseUrl: string | undefined
  publicUrl: string | undefined
  console: 'on' | 'off'
  /** Undefined: mail goes into `<dataDir>/mailbox`. */
  smtpUrl: string | undefined
  mailFrom: string
  logLevel: string
  /** Undefined: no tracing. */
  otlpEndpoint: string | undefined
  serviceName: string
  /** Share of the traces started here that is recorded. */
  traceRatio: number
  brokerHeapMb: number
  /** Most emits that the process accepts ahead of their verdicts. */
  waitingMax: number
  /** Most records of one batch in an organization's ingress. */
  batchRecordsMax: number
  /** For tests: a cheaper broker start at the cost of throughput. */
  brokerProfile: 'default' | 'test'
}

/** The settings are invalid. Each problem shows a valid value; none shows a secret. */
export class SettingsError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The settings are wrong:\n${problems.map(problem => `  - ${problem}`).join('\n')}`)
    this.name = 'SettingsError'
    this.problems = problems
  }
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
const HTTP = { schemes: ['http', 'https'], query: false } as const

/**
 * Reads the settings; `given` takes precedence over the environment. Throws `SettingsError`, nothing else. `warn` gets
 * a sentence for each unknown name that looks like a setting, and for each combination that is allowed but probably
 * unintended.
 */
export function readConfig(
  given: Environment = {},
  options: { warn?(sentence: string): void; environment?: Environment } = {},
): Config {
  const environment: Environment = { ...(options.environment ?? process.env), ...given }
  const reader = createReader(environment)
  const config = {
    ...readProcess(reader, environment),
    ...readBackends(reader),
    ...readApi(reader),
    ...readTracing(reader),
  }
  for (const warning of [...unknownNames(environment), ...combinationWarnings(config, reader)]) options.warn?.(warning)
  const problems = [...reader.problems, ...combinationProblems(config, reader)]
  if (problems.length > 0) throw new SettingsError(problems)
  return config
}

/** `CLARION_CACHE_DIR`, for programs that need no other setting. Throws `SettingsError`. */
export function cacheDirectory(environment: Environment = process.env): string {
  const reader = createReader(environment)
  const { cacheDir } = readDirectories(reader, environment)
  if (reader.problems.length > 0) throw new SettingsError(reader.problems)
  return cacheDir
}

function readDirectories({ read, isSet }: SettingsReader, environment: Environment) {
  const home = homeOf(environment.HOME)
  const dataDir = read('CLARION_DATA_DIR', expandedPath(home)) ?? ''
  const cacheDir = isSet('CLARION_CACHE_DIR')
    ? read('CLARION_CACHE_DIR', expandedPath(home))
    : defaultCacheDirectory(home, dataDir)
  return { dataDir, cacheDir }
}

function readProcess(reader: SettingsReader, environment: Environment) {
  const { read, optional, isSet } = reader
  const roles = read('CLARION_ROLES', rolesOf(ROLES))
  const listens = roles?.includes('api') || isSet('PORT')
  return {
    host: read('HOST', listenHost),
    port: listens ? optional('PORT', wholeNumber(0, 65535)) : undefined,
    metricsPort: optional('METRICS_PORT', wholeNumber(0, 65535)),
    ...readDirectories(reader, environment),
    roles,
    shards: read('CLARION_SHARDS', wholeNumber(1, 256)),
    instance: optional('CLARION_INSTANCE', shortName),
    timeScale: read('CLARION_TIME_SCALE', fraction(0.000001, 1)),
    clockOffsetMs: read('CLARION_CLOCK_OFFSET_MS', wholeNumber(-4e12, 4e12)),
    logLevel: read('LOG_LEVEL', oneOf(LOG_LEVELS)),
    brokerHeapMb: read('CLARION_BROKER_HEAP_MB', wholeNumber(128, 65536)),
    brokerProfile: read('CLARION_BROKER_PROFILE', oneOf(['default', 'test'] as const)),
  }
}

function readBackends({ read, optional }: SettingsReader) {
  return {
    kafkaBrokers: optional('KAFKA_BROKERS', brokerAddresses) ?? [],
    kafkaUsername: optional('KAFKA_USERNAME', line('the name of a user', 255)),
    kafkaPassword: optional('KAFKA_PASSWORD', password),
    kafkaSaslMechanism: read('KAFKA_SASL_MECHANISM', oneOf(KAFKA_SASL_MECHANISMS)),
    kafkaOauth: {
      tokenUrl: optional('KAFKA_OAUTH_TOKEN_URL', urlOf({ ...HTTP, credentials: 'user', path: true, query: true })),
      clientId: optional('KAFKA_OAUTH_CLIENT_ID', line('the name of a client', 255)),
      clientSecret: optional('KAFKA_OAUTH_CLIENT_SECRET', password),
      scope: optional('KAFKA_OAUTH_SCOPE', line('a scope', 1_000)),
    },
    kafkaSsl: read('KAFKA_SSL', flag),
    kafkaTls: {
      ca: optional('KAFKA_SSL_CA', pem),
      cert: optional('KAFKA_SSL_CERT', pem),
      key: optional('KAFKA_SSL_KEY', pem),
    },
    kafkaClientBootstrap: optional('KAFKA_CLIENT_BOOTSTRAP', brokerAddresses) ?? [],
    kafkaClientSecurityProtocol: optional('KAFKA_CLIENT_SECURITY_PROTOCOL', oneOf(KAFKA_SECURITY_PROTOCOLS)),
    replicationFactor: optional('KAFKA_REPLICATION_FACTOR', wholeNumber(1, 10)),
    clickhouseUrl: optional('CLICKHOUSE_URL', urlOf({ ...HTTP, credentials: 'user', path: false })),
    clickhouseCluster: optional('CLICKHOUSE_CLUSTER', line('the name of a cluster', 255)),
    databaseUrl: optional('DATABASE_URL', databaseUrl),
    tablesSharedCatalog: read('TABLES_SHARED_CATALOG', oneOf(['refuse', 'allow'] as const)),
    smtpUrl: optional('SMTP_URL', urlOf({ schemes: ['smtp', 'smtps'], credentials: 'pair', path: false, query: true })),
    mailFrom: read('MAIL_FROM', sender),
  }
}

function readApi({ read, optional }: SettingsReader) {
  return {
    adminKey: optional('CLARION_ADMIN_KEY', adminKey),
    secretKey: optional('CLARION_SECRET_KEY', secretKey),
    secretKeyPrevious: optional('CLARION_SECRET_KEY_PREVIOUS', password),
    egressAllow: optional('EGRESS_ALLOW', ranges) ?? [],
    egressAllowHttp: read('EGRESS_ALLOW_HTTP', flag),
    egressDeny: optional('EGRESS_DENY', hosts) ?? [],
    connectionAgeMsMax: read('EGRESS_CONNECTION_AGE_MAX_MS', wholeNumber(0, 3_600_000)),
    historyPauseMs: read('HISTORY_PAUSE_MS', wholeNumber(10, 60_000)),
    aliasKeyHeader: read('CLARION_KEY_HEADER', keyHeader),
    routesBaseUrl: optional('ROUTES_BASE_URL', urlOf({ ...HTTP, credentials: 'user', path: false })),
    publicUrl: optional('PUBLIC_URL', urlOf({ ...HTTP, credentials: 'user', path: false })),
    referenceDomain: read('REFERENCE_DOMAIN', oneOf(['on', 'off'] as const)),
    console: read('CONSOLE', oneOf(['on', 'off'] as const)),
    waitingMax: read('CLARION_WAITING_EMITS_MAX', wholeNumber(1, 10_000_000)),
    batchRecordsMax: read('CLARION_BATCH_RECORDS_MAX', wholeNumber(1, 10_000_000)),
  }
}

function readTracing({ read, optional }: SettingsReader) {
  return {
    otlpEndpoint: optional('OTEL_EXPORTER_OTLP_ENDPOINT', urlOf({ ...HTTP, credentials: 'user', path: true })),
    serviceName: read('OTEL_SERVICE_NAME', line('a name', 255)),
    traceRatio: read('OTEL_TRACES_SAMPLER_ARG', fraction(0, 1)),
  }
}
