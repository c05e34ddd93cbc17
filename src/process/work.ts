/**
 * The owner of the running code: a request, a shard, or none. The owner follows the work through every await, timer and
 * callback, so that an unhandled error can be attributed to it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface RequestWork {
  of: 'request'
  /** Undefined until the request has one. */
  requestId: string | undefined
}

export interface ShardWork {
  of: 'shard'
  role: string
  shard: number
  /** Ends the shard's session; the next session restores from the committed state. */
  fail(error: Error): void
}

export type Work = RequestWork | ShardWork

const current = new AsyncLocalStorage<Work | undefined>()

export const currentWork = (): Work | undefined => current.getStore()

/**
 * Runs `act`, and everything that follows from it, as this work. Undefined: without an owner, for work that outlives
 * its caller.
 */
export const runAs = <T>(work: Work | undefined, act: () => T): T => current.run(work, act)

/** Sets the id of the current request. */
export function nameRequest(requestId: string): void {
  const work = current.getStore()
  if (work?.of === 'request') work.requestId = requestId
}
