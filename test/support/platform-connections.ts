/** Addresses of the Kafka and the ClickHouse of a test's platform, from its data directory. */
import { joinEmbeddedClickHouse } from '../../src/embedded/clickhouse.ts'
import { joinEmbeddedKafka } from '../../src/embedded/kafka.ts'
import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import type { TestPlatform } from './platform.ts'

export function connectionsOf({ dataDir }: TestPlatform): { kafka: KafkaSettings; clickhouseUrl: string } {
  const { brokers, username, password } = joinEmbeddedKafka({ dataDir })
  return {
    kafka: { brokers, username, password, clientId: 'test' },
    clickhouseUrl: joinEmbeddedClickHouse({ dataDir }).url,
  }
}
