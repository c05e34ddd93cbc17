/**
 * The embedded broker's settings. One node, KRaft, loopback; SASL and the authorizer on every listener, because
 * organizations get Kafka users of their own on CLIENTS, and any program of the machine can reach a loopback port.
 */

import { events } from '../../topics/events.ts'
import { configOf } from '../../topics/topic.ts'

/**
 * Default topic settings, which suit an organization's log. For each topic with settings of its own, Kafka scans all
 * topics when it starts (LogManager.logsByTopic): ten thousand of them took nine seconds of a start.
 */
export const TOPIC_DEFAULTS: Readonly<Record<string, string>> = configOf(events)

export interface BrokerPorts {
  /** For the platform's own connections. */
  internal: number
  /** For organizations' producers and consumers. */
  clients: number
  controller: number
}

export const PLATFORM_USER = 'platform'

/**
 * The text of `server.properties`. `dataPath` is Kafka's log directory: relative to its working directory, because a
 * comma would separate two paths, and Kafka has no way to escape it. Inside a container it listens on every address.
 */
export function brokerSettings(dataPath: string, ports: BrokerPorts, password: string, listenOn = '127.0.0.1'): string {
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
  const self = `username="${PLATFORM_USER}" password="${password}"`
  return properties({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'log.dirs': dataPath,

    listeners: `INTERNAL://${listenOn}:${ports.internal},CLIENTS://${listenOn}:${ports.clients},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `INTERNAL://127.0.0.1:${ports.internal},CLIENTS://127.0.0.1:${ports.clients}`,
    'listener.security.protocol.map': 'INTERNAL:SASL_PLAINTEXT,CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',

    // SCRAM users are stored in the metadata log, which does not exist yet when the controller starts: it uses PLAIN
    // with itself.
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': `${plain} ${self} user_${PLATFORM_USER}="${password}";`,
    'listener.name.internal.scram-sha-512.sasl.jaas.config': `${scram} ${self};`,
    'listener.name.clients.scram-sha-512.sasl.jaas.config': `${scram};`,
    // Longest session of an organization's user until it must log in again, which disconnects deleted users. (Rights
    // are checked with every request, so revoking one works at once.) Clients log in again by themselves 10 s before.
    'listener.name.clients.scram-sha-512.connections.max.reauth.ms': 60_000,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:${PLATFORM_USER}`,

    // A killed broker may register again only when its old session has expired: 9 s by default, for nothing on one
    // node.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,

    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'default.replication.factor': 1,
    'log.cleanup.policy': TOPIC_DEFAULTS['cleanup.policy']!,
    'log.message.timestamp.type': TOPIC_DEFAULTS['message.timestamp.type']!,
    'message.max.bytes': TOPIC_DEFAULTS['max.message.bytes']!,
    'log.retention.ms': TOPIC_DEFAULTS['retention.ms']!,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'transaction.max.timeout.ms': 60_000,
    // Retry interval of a transaction that begins while the markers of the previous one are written (1 to 3 ms); the
    // default is 20.
    'add.partitions.to.txn.retry.backoff.ms': 1,
    // The maximum (24 days), and a year: an installation that was stopped must find its writers and positions again.
    'transactional.id.expiration.ms': 2_147_483_647,
    'offsets.retention.minutes': 525_600,
    // Small, since every partition has index files and the cleaner's buffer comes out of the heap.
    'log.index.size.max.bytes': 1_048_576,
    'log.cleaner.dedupe.buffer.size': 8_388_608,
    // The partitions' JMX metrics are unused, and registering a dozen for each takes a third of a start with 10,000
    // topics.
    'metrics.jmx.exclude': '.*,partition=.*',
  })
}

function properties(entries: Record<string, string | number | boolean>): string {
  return Object.entries(entries).map(([name, value]) => `${name}=${escaped(String(value))}\n`).join('') // biome-ignore format: one thought
}

/**
 * The format of java.util.Properties: Latin-1 with escapes, among them the backslash; blanks before a value are
 * dropped.
 */
const escaped = (value: string): string =>
  value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replace(/^[ \t\f]/, '\\$&')
    .replace(/[^\x20-\x7e]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
