/** kafkajs's public client: a client of others, for tests and benchmarks. */
import { type Kafka as Client, type KafkaConfig, default as kafkajs, type SASLOptions } from 'kafkajs'
import type { KafkaSettings } from '../../src/kafka/protocol/types.ts'
import { brokersOf } from './literal-addresses.ts'

const { Kafka, logLevel } = kafkajs

/** Spelt out, because kafkajs changes its defaults when it finds itself under a test runner. */
export const RETRY = { maxRetryTime: 5_000, initialRetryTime: 50, factor: 0.2, multiplier: 2, retries: 5 }

export function saslOf({
  mechanism = 'scram-sha-512',
  username,
  password = '',
  token,
}: KafkaSettings): Pick<KafkaConfig, 'sasl'> {
  if (mechanism === 'oauthbearer') return token ? { sasl: { mechanism, oauthBearerProvider: token } } : {}
  return username ? { sasl: { mechanism, username, password } as SASLOptions } : {}
}

export function createClient(settings: KafkaSettings): Client {
  return new Kafka({
    clientId: settings.clientId,
    ...brokersOf({ ...settings, socketFactory: undefined }),
    ...(settings.ssl ? { ssl: settings.tls ? { ...settings.tls } : true } : {}),
    ...saslOf(settings),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: RETRY,
    logLevel: logLevel.NOTHING,
  })
}
