/**
 * A program for the tests of the embedded parts: takes the place of the platform process that owns them. `embedded-parent.ts <dataDir>` starts both,
 * prints their pids and connections as one line of JSON, closes them on SIGTERM, and reports when one of them ends.
 */

import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse.ts'
import { startEmbeddedKafka } from '../../src/embedded/kafka.ts'
import { cacheDirectory } from '../../src/settings/config.ts'

const dataDir = process.argv[2]!
const logger = { info: () => {}, warn: (message: string) => console.error(message) }
const onExit = (reason: string) => console.log(JSON.stringify({ ended: reason }))

const [kafka, clickhouse] = await Promise.all([
  startEmbeddedKafka({ dataDir, cacheDir: cacheDirectory(), heapMb: 256, profile: 'test', logger, onExit }),
  startEmbeddedClickHouse({ dataDir, logger, onExit }),
])
process.once('SIGTERM', async () => {
  await Promise.all([kafka.close(), clickhouse.close()])
  process.exit(0)
})
console.log(JSON.stringify({ kafka, clickhouse }))
setInterval(() => {}, 60_000)
