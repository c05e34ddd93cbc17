/**
 * Every setting, with a sentence, a default and a unit. The only reader of the environment. All errors are reported together.
 */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseRange } from './delivery/addresses.ts'

export const ROLES = ['api', 'admit', 'deliver', 'record'] as const
export type RoleName = (typeof ROLES)[number]

export const KAFKA_SECURITY_PROTOCOLS = ['SASL_PLAINTEXT', 'SASL_SSL'] as const
export type KafkaSecurityProtocol = (typeof KAFKA_SECURITY_PROTOCOLS)[number]

export interface Config {
  host: string
  /** Undefined: this process does not listen (no role `api`, and no `PORT`). */
  port: number | undefined
  dataDir: string
  /** What is fetched once per user. */
  cacheDir: string
  roles: RoleName[]
  /** Empty: the embedded broker. */
  kafkaBrokers: string[]
  kafkaUsername: string | undefined
  kafkaPassword: string | undefined
  kafkaSsl: boolean
  /** Where organizations' own clients reach the cluster, and how; empty and undefined: as the platform does. */
  kafkaClientBootstrap: string[]
  kafkaClientSecurityProtocol: KafkaSecurityProtocol | undefined
  replicationFactor: number
  shards: number
  /** Undefined: the embedded ClickHouse. */
  clickhouseUrl: string | undefined
  /** Undefined: generated once into the data directory (embedded only). */
  adminKey: string | undefined
  secretKey: string | undefined
  /** Opens what is still sealed with the key before; may be shorter. */
  secretKeyPrevious: string | undefined
  egressAllow: string[]
  egressAllowHttp: boolean
  /** How old a kept connection to a receiver may be when an attempt begins on it. */
  connectionAgeMsMax: number
  timeScale: number
  clockOffsetMs: number
  aliasKeyHeader: string
  /** Undefined: mail goes into `<dataDir>/mailbox`. */
  smtpUrl: string | undefined
  mailFrom: string
  logLevel: string
  /** Undefined: no tracing. */
  otlpEndpoint: string | undefined
  serviceName: string
  /** Share of the traces begun here that is recorded. */
  traceRatio: number
  brokerHeapMb: number
  /** Emits that the process may have taken ahead of their verdicts. */
  waitingMax: number
  /** Most records of one batch in an organization's ingress. */
  batchRecordsMax: number
  /** For tests: cheaper broker start at the cost of throughput. */
  brokerProfile: 'default' | 'test'
}

interface Setting {
  name: string
  sentence: string
  default: string
  unit?: string
}

/** The list that `--help` and the reference page show. */
export const SETTINGS: readonly Setting[] = [
  { name: 'HOST', sentence: 'Address that the API listens on.', default: '127.0.0.1' },
  {
    name: 'PORT',
    sentence: 'Port that the API listens on; 0 takes a free one. A process without the role api serves its health there if it is set.',
    default: '8080',
  },
  { name: 'CLARION_DATA_DIR', sentence: 'Where the embedded Kafka and ClickHouse, keys and pid files live.', default: '.clarion' },
  {
    name: 'CLARION_CACHE_DIR',
    sentence: "What is fetched once for a user: Kafka's jars.",
    default: '~/.cache/clarion',
  },
  { name: 'CLARION_ROLES', sentence: 'What this process does: api, admit, deliver, record, or all.', default: 'all' },
  { name: 'KAFKA_BROKERS', sentence: 'Addresses of a Kafka cluster, host:port by comma; empty starts the embedded broker.', default: '' },
  { name: 'KAFKA_USERNAME', sentence: 'SCRAM-SHA-512 user of the platform at the cluster; empty connects without SASL.', default: '' },
  { name: 'KAFKA_PASSWORD', sentence: 'Its password.', default: '' },
  { name: 'KAFKA_SSL', sentence: 'Whether to reach the cluster over TLS: true or false.', default: 'false' },
  {
    name: 'KAFKA_CLIENT_BOOTSTRAP',
    sentence: "Addresses of the cluster for organizations' own Kafka clients, host:port by comma; empty tells them KAFKA_BROKERS.",
    default: '',
  },
  {
    name: 'KAFKA_CLIENT_SECURITY_PROTOCOL',
    sentence: 'SASL_PLAINTEXT or SASL_SSL, for those clients; empty goes by KAFKA_SSL.',
    default: '',
  },
  { name: 'KAFKA_REPLICATION_FACTOR', sentence: 'Replicas of each topic; 1 on the embedded broker.', default: '1', unit: 'replicas' },
  { name: 'CLARION_SHARDS', sentence: 'Units of ownership, fixed when the topics are first made.', default: '8', unit: 'shards' },
  {
    name: 'CLICKHOUSE_URL',
    sentence: 'HTTP address of a ClickHouse server, with user and password; empty starts the embedded one.',
    default: '',
  },
  { name: 'CLARION_ADMIN_KEY', sentence: 'The operator key; embedded and empty: made once and kept in the data directory.', default: '' },
  {
    name: 'CLARION_SECRET_KEY',
    sentence: 'Encrypts secrets and signs tags; 16 characters or more; embedded and empty: made once and kept in the data directory.',
    default: '',
  },
  {
    name: 'CLARION_SECRET_KEY_PREVIOUS',
    sentence:
      'The secret key before, while it changes: what it sealed and signed still counts; lost:<fingerprint> gives up what a lost key sealed.',
    default: '',
  },
  { name: 'EGRESS_ALLOW', sentence: 'Address ranges (CIDR, by comma) that webhooks may reach although they are private.', default: '' },
  { name: 'EGRESS_ALLOW_HTTP', sentence: 'Whether webhooks may be plain http: true or false.', default: 'false' },
  {
    name: 'EGRESS_CONNECTION_AGE_MAX_MS',
    sentence: "How long a connection to a receiver is used before the receiver's name is looked up again; 0 keeps none.",
    default: '60000',
    unit: 'ms',
  },
  {
    name: 'CLARION_TIME_SCALE',
    sentence: 'Factor on retry delays, for tests and demos; only with a broker on loopback.',
    default: '1',
  },
  {
    name: 'CLARION_CLOCK_OFFSET_MS',
    sentence: 'Shift of the wall clock, for tests; only with a broker on loopback.',
    default: '0',
    unit: 'ms',
  },
  {
    name: 'SMTP_URL',
    sentence:
      'Mail server, smtp://user:password@host:port or smtps:; empty writes messages into the directory mailbox of the data directory.',
    default: '',
  },
  { name: 'MAIL_FROM', sentence: 'Sender of the mail.', default: 'Clarion <clarion@localhost>' },
  { name: 'CLARION_KEY_HEADER', sentence: 'Another header that may carry the API key.', default: 'x-platphorm-api-key' },
  {
    name: 'CLARION_WAITING_EMITS_MAX',
    sentence: 'Emits that one api process takes ahead of their verdicts while none comes; beyond it callers get 503.',
    default: '100000',
    unit: 'emits',
  },
  {
    name: 'CLARION_BATCH_RECORDS_MAX',
    sentence: "Records that one batch of an organization's own Kafka producer may hold; larger batches go to quarantine as one entry.",
    default: '100000',
    unit: 'records',
  },
  { name: 'LOG_LEVEL', sentence: 'debug, info, warn, error or silent.', default: 'info' },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    sentence:
      'Address of an OpenTelemetry collector (OTLP over HTTP, as http://127.0.0.1:4318), which gets the spans; empty traces nothing.',
    default: '',
  },
  { name: 'OTEL_SERVICE_NAME', sentence: 'Name of the service in its spans.', default: 'clarion' },
  {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    sentence: 'Share of the traces begun here that is recorded, 0 to 1; a trace begun elsewhere is recorded if it is there.',
    default: '1',
  },
  { name: 'CLARION_BROKER_HEAP_MB', sentence: 'Heap of the embedded broker.', default: '1024', unit: 'MB' },
  { name: 'CLARION_BROKER_PROFILE', sentence: 'default, or test for a broker that starts fast and runs slowly.', default: 'default' },
]

type Environment = Record<string, string | undefined>

/** `CLARION_CACHE_DIR`, also for programs that need no other setting. */
export const cacheDirectory = (environment: Environment = process.env): string =>
  resolve(environment.CLARION_CACHE_DIR?.trim() || join(homedir(), '.cache', 'clarion'))

/** Reads the settings; `given` goes before the environment. Throws one error that names every setting that is wrong. */
export function readConfig(given: Environment = {}): Config {
  const environment: Environment = { ...process.env, ...given }
  const problems: string[] = []
  const text = (name: string) => environment[name]?.trim() || SETTINGS.find(setting => setting.name === name)!.default
  const optional = (name: string) => text(name) || undefined
  const list = (name: string) => text(name).split(',').map(part => part.trim()).filter(Boolean) // biome-ignore format: one thought
  const check = (name: string, ok: boolean, expected: string) => {
    if (!ok) problems.push(`${name} must be ${expected}, not '${text(name)}'`)
  }
  const number = (name: string, min: number, max: number, whole = true) => {
    const value = Number(text(name))
    const ok = (whole ? Number.isInteger(value) : Number.isFinite(value)) && value >= min && value <= max
    check(name, ok, `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`)
    return value
  }
  const oneOf = <T extends string>(name: string, allowed: readonly T[]): T => {
    check(name, (allowed as readonly string[]).includes(text(name)), `one of ${allowed.join(', ')}`)
    return text(name) as T
  }
  const roles = text('CLARION_ROLES') === 'all' ? [...ROLES] : (list('CLARION_ROLES') as RoleName[])
  check('CLARION_ROLES', roles.length > 0 && roles.every(role => ROLES.includes(role)), `all, or a list of ${ROLES.join(', ')}`)
  const kafkaBrokers = list('KAFKA_BROKERS')
  const config: Config = {
    host: text('HOST'),
    port: roles.includes('api') || environment.PORT ? number('PORT', 0, 65535) : undefined,
    dataDir: resolve(text('CLARION_DATA_DIR')),
    cacheDir: cacheDirectory(environment),
    roles,
    kafkaBrokers,
    kafkaUsername: optional('KAFKA_USERNAME'),
    kafkaPassword: optional('KAFKA_PASSWORD'),
    kafkaSsl: oneOf('KAFKA_SSL', ['true', 'false']) === 'true',
    kafkaClientBootstrap: list('KAFKA_CLIENT_BOOTSTRAP'),
    kafkaClientSecurityProtocol: optional('KAFKA_CLIENT_SECURITY_PROTOCOL')
      ? oneOf('KAFKA_CLIENT_SECURITY_PROTOCOL', KAFKA_SECURITY_PROTOCOLS)
      : undefined,
    replicationFactor: number('KAFKA_REPLICATION_FACTOR', 1, 10),
    shards: number('CLARION_SHARDS', 1, 256),
    clickhouseUrl: optional('CLICKHOUSE_URL'),
    adminKey: optional('CLARION_ADMIN_KEY'),
    secretKey: optional('CLARION_SECRET_KEY'),
    secretKeyPrevious: optional('CLARION_SECRET_KEY_PREVIOUS'),
    egressAllow: list('EGRESS_ALLOW'),
    egressAllowHttp: oneOf('EGRESS_ALLOW_HTTP', ['true', 'false']) === 'true',
    connectionAgeMsMax: number('EGRESS_CONNECTION_AGE_MAX_MS', 0, 3_600_000),
    timeScale: number('CLARION_TIME_SCALE', 0.000001, 1, false),
    clockOffsetMs: number('CLARION_CLOCK_OFFSET_MS', -4e12, 4e12),
    smtpUrl: optional('SMTP_URL'),
    mailFrom: text('MAIL_FROM'),
    aliasKeyHeader: text('CLARION_KEY_HEADER').toLowerCase(),
    logLevel: oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent']),
    otlpEndpoint: optional('OTEL_EXPORTER_OTLP_ENDPOINT'),
    serviceName: text('OTEL_SERVICE_NAME'),
    traceRatio: number('OTEL_TRACES_SAMPLER_ARG', 0, 1, false),
    waitingMax: number('CLARION_WAITING_EMITS_MAX', 1, 10_000_000),
    batchRecordsMax: number('CLARION_BATCH_RECORDS_MAX', 1, 10_000_000),
    brokerHeapMb: number('CLARION_BROKER_HEAP_MB', 128, 65536),
    brokerProfile: oneOf('CLARION_BROKER_PROFILE', ['default', 'test']),
  }
  check('EGRESS_ALLOW', config.egressAllow.every(isRange), 'a list of address ranges such as 10.0.0.0/8')
  check('CLICKHOUSE_URL', !config.clickhouseUrl || isHttpUrl(config.clickhouseUrl), 'an http or https URL')
  check('OTEL_EXPORTER_OTLP_ENDPOINT', !config.otlpEndpoint || isHttpUrl(config.otlpEndpoint), 'an http or https URL')
  check('SMTP_URL', !config.smtpUrl || (/^smtps?:\/\//.test(config.smtpUrl) && URL.canParse(config.smtpUrl)), 'an smtp or smtps URL')
  check('CLARION_SECRET_KEY', !config.secretKey || config.secretKey.length >= 16, 'at least 16 characters')
  if (kafkaBrokers.length > 0) problems.push(...clusterProblems(config))
  if (problems.length > 0) throw new Error(`The settings are wrong:\n${problems.map(problem => `  - ${problem}`).join('\n')}`)
  return config
}

const isHttpUrl = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text)

function isRange(text: string): boolean {
  try {
    return parseRange(text) !== undefined
  } catch {
    return false
  }
}

function clusterProblems(config: Config): string[] {
  const problems: string[] = []
  const loopback = config.kafkaBrokers.every(broker => /^(127\.|localhost[:.]|\[::1\])/.test(broker))
  if (!config.adminKey) problems.push('CLARION_ADMIN_KEY must be set when KAFKA_BROKERS is')
  if (!config.secretKey) problems.push('CLARION_SECRET_KEY must be set when KAFKA_BROKERS is: all processes share it')
  if (!loopback && config.timeScale !== 1) problems.push('CLARION_TIME_SCALE is for brokers on loopback only')
  if (!loopback && config.clockOffsetMs !== 0) problems.push('CLARION_CLOCK_OFFSET_MS is for brokers on loopback only')
  return problems
}
