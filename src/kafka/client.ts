/** kafkajs's public client, for admin calls and leases. */
import { type Kafka as Client, default as kafkajs } from 'kafkajs'
import { type KafkaSettings, RETRY, saslOf } from './wire.ts'

const { Kafka, logLevel } = kafkajs

export function createClient(settings: KafkaSettings): Client {
  return new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    ...(settings.ssl ? { ssl: true } : {}),
    ...saslOf(settings),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: RETRY,
    logLevel: logLevel.NOTHING,
  })
}
