/** A cluster for a test file: its data go with the run of the tests, and so do its processes. */
import { cacheDirectory } from '../../src/settings/config.ts'
import { adopt, makeDataDirectory, silent } from '../support/run-directory.ts'
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts'
import { otherProgram } from './other-program.ts'

/** Starts the cluster; the caller closes it. `CLARION_TEST_KAFKA_JARS` names a directory with the jars of another version of Kafka. */
export function testCluster(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const program = otherProgram(process.env.CLARION_TEST_KAFKA_JARS)
  return startCluster({
    directory: makeDataDirectory(),
    cacheDir: cacheDirectory(),
    logger: silent,
    onStarted: ({ pid }) => void adopt(pid),
    ...(program && { program }),
    ...options,
  })
}
