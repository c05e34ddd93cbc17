/** Before the first test file: a place for this run's broker and ClickHouse. Nothing is started until a test asks for it. */
import { makeRunDirectory } from './run-directory.ts'

export default async function setUp() {
  await makeRunDirectory()
}
