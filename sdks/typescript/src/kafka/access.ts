/** How a Kafka client reaches the organization's topics: what `POST /kafka-credentials` answered, or the same said in fields. */
import { type Kafka as Client, default as kafkajs } from 'kafkajs'
import type { MadeKafkaCredential } from '../client/types.ts'

/** The answer of `client.kafkaCredentials.create`, as it was. */
export type Credentials = Pick<MadeKafkaCredential, 'username' | 'password' | 'bootstrapServers' | 'topics'> &
  Partial<Pick<MadeKafkaCredential, 'securityProtocol' | 'groupPrefix'>>

export interface KafkaAccess {
  /** host:port. */
  brokers: string[]
  /** SCRAM-SHA-512; without it there is no SASL. */
  username?: string
  password?: string
  ssl?: boolean
  topics: { emits: string; events: string }
  /** Consumer groups must begin with this. */
  groupPrefix?: string
}

export type Access = { credentials: Credentials } | KafkaAccess

const { Kafka, logLevel } = kafkajs

export function accessOf(given: Access): KafkaAccess {
  if (!('credentials' in given)) return given
  const { username, password, bootstrapServers, topics, groupPrefix, securityProtocol = 'SASL_PLAINTEXT' } = given.credentials
  const brokers = bootstrapServers.split(',').map(broker => broker.trim())
  return {
    brokers,
    username,
    password,
    ssl: securityProtocol.endsWith('_SSL'),
    topics,
    ...(groupPrefix === undefined ? {} : { groupPrefix }),
  }
}

/** kafkajs, quiet: what goes wrong is thrown. */
export function openClient({ brokers, username, password, ssl }: KafkaAccess, clientId: string): Client {
  const sasl = username === undefined ? {} : { sasl: { mechanism: 'scram-sha-512' as const, username, password: password ?? '' } }
  return new Kafka({ clientId, brokers, logLevel: logLevel.NOTHING, ...(ssl ? { ssl: true } : {}), ...sasl })
}
