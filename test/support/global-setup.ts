/**
 * Before the first test file: a place for this run's broker and ClickHouse. Embedded ones start when a test asks; containers start here. Programs that
 * tests start keep their compiled modules for one another, which saves each of them more than a second of CPU.
 */
import { join } from 'node:path'
import { cacheDirectory } from '../../src/settings/config.ts'
import { containersOf, testsUseContainers } from './containers.ts'
import { makeRunDirectory } from './run-directory.ts'

export default async function setUp() {
  const directory = await makeRunDirectory()
  process.env.NODE_COMPILE_CACHE ??= join(cacheDirectory(), 'compiled-modules')
  if (testsUseContainers()) await containersOf(directory)
}
