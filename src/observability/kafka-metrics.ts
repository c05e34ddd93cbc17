/** Figures of the connections to Kafka's brokers, by their node ids. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { ConnectionObserver } from '../kafka/protocol/types.ts'

export function createKafkaMetrics(registry: Registry): ConnectionObserver {
  const registers = [registry]
  const timeouts = new Counter({
    name: 'clarion_kafka_request_timeouts_total',
    help: 'Requests that a broker has not answered within their deadline, by broker and kind of request.',
    labelNames: ['broker', 'api'],
    registers,
  })
  const reachable = new Gauge({
    name: 'clarion_broker_reachable',
    help: 'Whether the last connection to this broker opened (1), or broke, timed out or was refused (0).',
    labelNames: ['broker'],
    registers,
  })
  const unknown = new Counter({
    name: 'clarion_commit_unknown_total',
    help: 'Transactions whose commit got no answer that says what became of it; the log is read then.',
    registers,
  })
  return {
    commitUnknown: () => unknown.inc(),
    late: (broker, api) => timeouts.inc({ broker: String(broker), api }),
    reachable: (broker, isReachable) => reachable.set({ broker: String(broker) }, isReachable ? 1 : 0),
  }
}
