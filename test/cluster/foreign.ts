/** Another program on the same cluster, with a client that shares nothing with Clarion's. */
import { Producer, stringSerializers } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'

export interface ForeignProducer {
  /** Resolves when they are acknowledged. Rejects when the broker refuses, or after a minute of trying. */
  produce(topic: string, partition: number, values: readonly string[], headers?: Record<string, string>): Promise<void>
  close(): Promise<void>
}

/** `acks`: -1 waits for all replicas in sync, 1 for the leader alone. */
export async function foreignProducer(
  { brokers, username, password }: Pick<Cluster, 'brokers' | 'username' | 'password'>,
  acks: -1 | 1 = -1,
): Promise<ForeignProducer> {
  const producer = new Producer({
    clientId: 'foreign',
    bootstrapBrokers: brokers,
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    serializers: stringSerializers,
    timeout: 3_000,
    metadataMaxAge: 1_000,
    retries: 120,
    retryDelay: 500,
  })
  // A connection that broke while it logged in: the send that needed it is repeated, or rejects.
  producer.on('error', () => undefined)
  return {
    async produce(topic, partition, values, headers = {}) {
      await producer.send({ acks, messages: values.map(value => ({ topic, partition, value, headers })) })
    },
    close: () => producer.close(),
  }
}
