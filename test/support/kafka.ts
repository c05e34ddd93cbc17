/** A real broker for tests, one for all workers of a run. Each test owns its topics: give them names of their own. */

import { join } from 'node:path'
import { type KafkaConnection, startEmbeddedKafka } from '../../src/embedded/kafka.ts'
import { readChild } from '../../src/embedded/part-directory.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { containersOf, testsUseContainers } from './containers.ts'
import { onceAtATime, runDirectory, silent } from './run-directory.ts'

/** Where the run's broker is, started by the first caller: `brokers` and `clientBrokers` (host:port), SCRAM-SHA-512 `username`, `password`. */
export async function testBroker(): Promise<KafkaConnection> {
  const dataDir = runDirectory()
  if (testsUseContainers()) return (await containersOf(dataDir)).kafka
  return onceAtATime('starting-kafka', async () => {
    const running = readChild<KafkaConnection>(join(dataDir, 'kafka'))
    if (running) return running.connection
    const { brokers, clientBrokers, username, password } = await startEmbeddedKafka({
      dataDir,
      cacheDir: cacheDirectory(),
      heapMb: 256,
      profile: 'test',
      logger: silent,
    })
    return { brokers, clientBrokers, username, password }
  })
}
