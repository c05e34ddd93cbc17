/** Rules between settings. */

import { isLoopback } from '../delivery/addresses.ts'
import type { Config } from './config.ts'
import { hostNameOf } from './network-values.ts'
import type { SettingsReader } from './reader.ts'

/**
 * Uses whether a setting is set, not whether it is valid: an invalid value should not be reported as missing as well.
 */
export function combinationProblems(config: Config, { isSet }: SettingsReader): string[] {
  const problems: string[] = []
  const require = (ok: boolean, sentence: string) => ok || problems.push(sentence)
  const cluster = isSet('KAFKA_BROKERS')
  require(!isSet('KAFKA_USERNAME') ||
    isSet(
      'KAFKA_PASSWORD',
    ), 'KAFKA_PASSWORD must be set when KAFKA_USERNAME is: a login takes both. Example: KAFKA_USERNAME=platform KAFKA_PASSWORD=…')
  require(!isSet('KAFKA_PASSWORD') ||
    isSet(
      'KAFKA_USERNAME',
    ), 'KAFKA_USERNAME must be set when KAFKA_PASSWORD is: a login takes both. Example: KAFKA_USERNAME=platform KAFKA_PASSWORD=…')
  problems.push(...kafkaLoginProblems(config, isSet))
  if (config.adminKey !== undefined && config.adminKey === config.secretKey)
    problems.push(
      'CLARION_ADMIN_KEY and CLARION_SECRET_KEY must differ: the operator key travels with every call of the operator',
    )
  if (!cluster) {
    require(config.replicationFactor === undefined ||
      config.replicationFactor ===
        1, 'KAFKA_REPLICATION_FACTOR must be 1 without KAFKA_BROKERS: the embedded broker is one. Example: KAFKA_REPLICATION_FACTOR=1')
    return problems
  }
  require(isSet(
    'CLARION_ADMIN_KEY',
  ), 'CLARION_ADMIN_KEY must be set when KAFKA_BROKERS is: all processes share it. Example: CLARION_ADMIN_KEY=ck_admin_$(openssl rand -hex 24)')
  require(isSet(
    'CLARION_SECRET_KEY',
  ), 'CLARION_SECRET_KEY must be set when KAFKA_BROKERS is: all processes share it. Example: CLARION_SECRET_KEY=$(openssl rand -hex 32)')
  const remote = config.kafkaBrokers?.find(broker => !isLoopback(hostNameOf(broker)))
  if (remote === undefined) return problems
  for (const name of ['CLARION_TIME_SCALE', 'CLARION_CLOCK_OFFSET_MS'])
    require(!isShifted(
      name,
      config,
    ), `${name} is for brokers on loopback only, and ${remote} is not: 127.0.0.0/8, ::1 and localhost are. Leave it empty`)
  return problems
}

const OAUTH = ['KAFKA_OAUTH_TOKEN_URL', 'KAFKA_OAUTH_CLIENT_ID', 'KAFKA_OAUTH_CLIENT_SECRET'] as const

function kafkaLoginProblems(config: Config, isSet: SettingsReader['isSet']): string[] {
  const problems: string[] = []
  const missing = config.kafkaSaslMechanism === 'oauthbearer' ? OAUTH.filter(name => !isSet(name)) : []
  if (missing.length > 0)
    problems.push(
      `${missing.join(', ')} must be set when KAFKA_SASL_MECHANISM is oauthbearer. Example: KAFKA_OAUTH_CLIENT_ID=clarion`,
    )
  for (const [one, other] of [
    ['KAFKA_SSL_CERT', 'KAFKA_SSL_KEY'],
    ['KAFKA_SSL_KEY', 'KAFKA_SSL_CERT'],
  ] as const)
    if (isSet(one) && !isSet(other))
      problems.push(
        `${other} must be set when ${one} is: a certificate goes with its key. Example: ${other}=/etc/clarion/kafka-client.pem`,
      )
  return problems
}

const isShifted = (name: string, config: Config) =>
  name === 'CLARION_TIME_SCALE' ? config.timeScale !== 1 : config.clockOffsetMs !== 0

const TLS_ONLY = ['KAFKA_SSL_CA', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY'] as const
const CLUSTER_ONLY = [
  'KAFKA_USERNAME',
  'KAFKA_PASSWORD',
  'KAFKA_SASL_MECHANISM',
  ...OAUTH,
  'KAFKA_OAUTH_SCOPE',
  'KAFKA_SSL',
  ...TLS_ONLY,
  'KAFKA_CLIENT_BOOTSTRAP',
  'KAFKA_CLIENT_SECURITY_PROTOCOL',
]

/** Combinations that are allowed but probably unintended. */
export function combinationWarnings(config: Config, { isSet }: SettingsReader): string[] {
  const warnings: string[] = []
  const idle = isSet('KAFKA_BROKERS')
    ? []
    : CLUSTER_ONLY.filter(name => isSet(name) && !(name === 'KAFKA_SSL' && config.kafkaSsl === false))
  if (idle.length > 0) warnings.push(`${idle.join(', ')}: no effect without KAFKA_BROKERS; the embedded broker starts.`)
  if (isSet('CLICKHOUSE_CLUSTER') && !isSet('CLICKHOUSE_URL'))
    warnings.push('CLICKHOUSE_CLUSTER: no effect without CLICKHOUSE_URL; the embedded ClickHouse starts.')
  const untrusting = isSet('KAFKA_BROKERS') && config.kafkaSsl === false ? TLS_ONLY.filter(name => isSet(name)) : []
  if (untrusting.length > 0)
    warnings.push(`${untrusting.join(', ')}: no effect without KAFKA_SSL=true; the connections are not encrypted.`)
  const everything = config.egressAllow?.filter(range => range.endsWith('/0')) ?? []
  for (const range of everything)
    warnings.push(
      `EGRESS_ALLOW holds ${range}: webhooks may reach every private address of that kind, those of the cloud's metadata included.`,
    )
  return warnings
}
