/**
 * Access of a Kafka client to the organization's topics: the answer of `POST /kafka-credentials`, or the same facts in
 * fields.
 */
import { type Kafka as Client, type ISocketFactory, default as kafkajs, type LogEntry } from 'kafkajs'
import type { MadeKafkaCredential } from '../client/types.ts'

/** The answer of `client.kafkaCredentials.create`, unchanged. */
export type Credentials = Pick<MadeKafkaCredential, 'username' | 'password' | 'bootstrapServers' | 'topics'> &
  Partial<Pick<MadeKafkaCredential, 'securityProtocol' | 'groupPrefix'>>

export interface KafkaAccess {
  /** host:port. */
  brokers: string[]
  /** For SCRAM-SHA-512; without it there is no SASL. */
  username?: string
  password?: string
  ssl?: boolean
  topics: { emits: string; events: string }
  /** Consumer groups must begin with this. */
  groupPrefix?: string
  /** kafkajs's, for connections through a proxy. */
  socketFactory?: ISocketFactory
}

/** `clientProperties` or `librdkafkaProperties` of the answer, as in a file that other clients use too. */
export interface PropertiesAccess {
  clientProperties: Readonly<Record<string, string>>
  organizationId: string
}

export type Access = { credentials: Credentials } | PropertiesAccess | KafkaAccess

const { Kafka, logLevel } = kafkajs

/** Throws a `TypeError` for properties without the brokers' addresses. */
export function accessOf(given: Access): KafkaAccess {
  if ('clientProperties' in given) return fromProperties(given)
  if (!('credentials' in given)) return given
  const { username, password, bootstrapServers, topics, groupPrefix, securityProtocol } = given.credentials
  const ssl = isSsl(securityProtocol)
  return {
    brokers: brokersOf(bootstrapServers),
    username,
    password,
    ssl,
    topics,
    ...(groupPrefix === undefined ? {} : { groupPrefix }),
  }
}

function fromProperties({ clientProperties: properties, organizationId }: PropertiesAccess): KafkaAccess {
  const servers = properties['bootstrap.servers']
  if (servers === undefined) throw new TypeError('clientProperties has no bootstrap.servers')
  const login = properties['sasl.jaas.config'] ?? ''
  const username = properties['sasl.username'] ?? /username="([^"]*)"/.exec(login)?.[1]
  const password = properties['sasl.password'] ?? /password="([^"]*)"/.exec(login)?.[1]
  return {
    brokers: brokersOf(servers),
    ...(username === undefined || password === undefined ? {} : { username, password }),
    ssl: isSsl(properties['security.protocol']),
    topics: { emits: `emits.${organizationId}`, events: `events.${organizationId}` },
    groupPrefix: `${organizationId}.`,
  }
}

const brokersOf = (servers: string): string[] => servers.split(',').map(broker => broker.trim())
const isSsl = (protocol = 'SASL_PLAINTEXT'): boolean => /(^|_)SSL$/.test(protocol)

/** kafkajs without console output: errors are thrown. `onLog` receives its error logs. */
export function openClient(
  { brokers, username, password, ssl, socketFactory }: KafkaAccess,
  clientId: string,
  onLog?: (entry: LogEntry) => void,
): Client {
  const sasl =
    username === undefined ? {} : { sasl: { mechanism: 'scram-sha-512' as const, username, password: password ?? '' } }
  const logging = onLog ? { logLevel: logLevel.ERROR, logCreator: () => onLog } : { logLevel: logLevel.NOTHING }
  return new Kafka({
    clientId,
    brokers,
    ...logging,
    ...(socketFactory ? { socketFactory } : {}),
    ...(ssl ? { ssl: true } : {}),
    ...sasl,
  })
}
