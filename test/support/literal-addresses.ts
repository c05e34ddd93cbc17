/**
 * kafkajs splits `host:port` at the first colon, which an IPv6 address in brackets does not survive. On its way through kafkajs such an address
 * is a name without colons, and becomes an address again where the socket is opened.
 */
import { createRequire } from 'node:module'
import type { KafkaSettings, SocketFactory } from '../../src/kafka/protocol/wire.ts'

const defaultSocketFactory = createRequire(import.meta.url)('kafkajs/src/network/socketFactory') as () => SocketFactory

const SUFFIX = '.ipv6-literal.net'

/** Settings for kafkajs to reach the brokers. */
export function brokersOf(settings: KafkaSettings): { brokers: string[]; socketFactory: SocketFactory } {
  const open = settings.socketFactory ?? defaultSocketFactory()
  return {
    brokers: settings.brokers.map(toName),
    socketFactory: options => open({ ...options, host: toAddress(options.host) }),
  }
}

function toName(broker: string): string {
  const [, address, port] = /^\[(.+)\]:(\d+)$/.exec(broker) ?? []
  return address === undefined ? broker : `${address.replaceAll(':', '-')}${SUFFIX}:${port}`
}

const toAddress = (host: string): string =>
  host.endsWith(SUFFIX) ? host.slice(0, -SUFFIX.length).replaceAll('-', ':') : host
