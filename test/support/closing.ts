/**
 * Everything that tests of a file open and that would keep its process alive (servers, readers, connections) is closed when the file ends, also where a test
 * failed before it came to that. A test may close earlier: closing twice does nothing.
 */
import { afterAll } from '@jest/globals'

interface Closable {
  close(): unknown
}

const opened = new Set<Closable>()
afterAll(async () => {
  const all = [...opened]
  opened.clear()
  await Promise.allSettled(all.map(async each => each.close()))
}, 30_000)

/** The same part, to be closed in the end. */
export function closedInTheEnd<T extends Closable>(part: T): T {
  opened.add(part)
  return part
}
