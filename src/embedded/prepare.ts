/** Child program that downloads the embedded broker with progress lines, so that no test has to wait for it. */
import { constants } from 'node:os'
import { cacheDirectory } from '../settings/config.ts'
import { fetchKafkaProgram } from './kafka-jars.ts'
import { findJava } from './kafka-java.ts'
import { archiveClasses } from './kafka-storage.ts'

const logger = {
  info: (message: string) => console.error(`clarion: ${message}`),
  warn: (message: string) => console.error(`clarion: ${message}`),
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
  process.on(signal, () => process.exit(128 + constants.signals[signal]))

try {
  const java = await findJava()
  await archiveClasses(await fetchKafkaProgram({ cacheDir: cacheDirectory(), logger }), java, logger)
} catch (error) {
  console.error(`clarion: ${(error as Error).message}`)
  process.exitCode = 1
}
