/** After the last test file: end what the run started, and leave nothing behind. */
import { removeRunDirectory, runDirectory } from './run-directory.ts'

export default async function tearDown() {
  await removeRunDirectory(runDirectory())
}
