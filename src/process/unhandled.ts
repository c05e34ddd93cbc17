/**
 * Unhandled errors. An error of a request concerns that request alone, an error of a shard ends the shard's session; in
 * both cases the process continues. Any other error ends the process: a reader, a lease or a writer may have stopped
 * silently, and a process that only seems to serve is worse than a restart by its supervisor.
 */

import type { Logger } from '../logger.ts'
import { currentWork } from './work.ts'

export interface Unhandled {
  /** For `unhandledRejection` and `uncaughtException`; called in the context of the work that failed. */
  onError(error: unknown): void
  /** Number of errors so far, by the work they belong to. */
  counts(): Record<'request' | 'shard', number>
}

export function createUnhandled({ logger, onFatal }: { logger: Logger; onFatal(error: unknown): void }): Unhandled {
  const counts = { request: 0, shard: 0 }
  return {
    counts: () => counts,
    onError(thrown) {
      const work = currentWork()
      if (work === undefined) {
        onFatal(thrown)
        return
      }
      counts[work.of]++
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      const facts = { error: error.stack ?? error.message }
      if (work.of === 'request') {
        logger.error({ ...facts, requestId: work.requestId }, 'an error of a request was not handled')
        return
      }
      logger.error(
        { ...facts, role: work.role, shard: work.shard },
        'an error of a shard was not handled; the shard is opened again',
      )
      work.fail(error)
    },
  }
}
