/** Before the first test file: a place for this run's broker and ClickHouse. Embedded ones start when a test asks; containers start here. */
import { containersOf, testsUseContainers } from './containers.ts'
import { makeRunDirectory } from './run-directory.ts'

export default async function setUp() {
  const directory = await makeRunDirectory()
  if (testsUseContainers()) await containersOf(directory)
}
