/** kafkajs's public client, for admin calls and leases. */
import { type Kafka as Client, default as kafkajs } from 'kafkajs'
import { brokersOf } from './literal-addresses.ts'
import { type KafkaSettings, RETRY, saslOf } from './wire.ts'

const { Kafka, logLevel } = kafkajs

export function createClient(settings: KafkaSettings): Client {
  return new Kafka({
    clientId: settings.clientId,
    ...brokersOf({ ...settings, socketFactory: undefined }),
    ...(settings.ssl ? { ssl: true } : {}),
    ...saslOf(settings),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: RETRY,
    logLevel: logLevel.NOTHING,
  })
}
