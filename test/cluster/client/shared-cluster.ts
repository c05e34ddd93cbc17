/** One cluster for all tests of a file: it is started once, and faults of one test are undone before the next one. */
import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import type { KafkaSettings } from '../../../src/kafka/protocol/wire.ts'
import type { Cluster } from '../cluster.ts'
import { testCluster } from '../test-cluster.ts'

/** There from the first `beforeAll` on. */
export interface SharedCluster {
  readonly cluster: Cluster
  readonly kafka: KafkaSettings
}

export function shareCluster(): SharedCluster {
  let cluster: Cluster | undefined
  const there = (): Cluster => {
    if (!cluster) throw new Error('the cluster has not been started')
    return cluster
  }
  beforeAll(async () => {
    cluster = await testCluster()
  }, 120_000)
  beforeEach(() => restored(there()), 180_000)
  afterAll(() => cluster?.close(), 60_000)
  return {
    get cluster() {
      return there()
    },
    get kafka() {
      const { brokers, username, password } = there()
      return { brokers, username, password, clientId: 'test' }
    },
  }
}

/** Also where a test has failed half-way. */
async function restored(cluster: Cluster): Promise<void> {
  const struck = [1, 2, 3].filter(n => cluster.state(n) !== 'running')
  if (struck.length === 0) return
  for (const n of struck) if (cluster.state(n) === 'frozen') cluster.thaw(n)
  const away = struck.filter(n => cluster.state(n) === 'away')
  if (away.length > 0) await cluster.start(away)
  // The remains of a failed test may take longer than usual.
  await cluster.healed().catch(() => cluster.healed())
}
