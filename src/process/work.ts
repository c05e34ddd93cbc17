/**
 * Whose work the code that runs now is: a request's, a shard's, or nobody's in particular. It follows the work through every await, timer and
 * callback, so that an error which nothing handled can be told to the one that it belongs to.
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
  /** Ends the shard's session; it is opened again from what is committed. */
  fail(error: Error): void
}

export type Work = RequestWork | ShardWork

const current = new AsyncLocalStorage<Work | undefined>()

export const currentWork = (): Work | undefined => current.getStore()

/** Runs `act`, and all that follows from it, as this work. Undefined: as nobody's, for what outlives the one who starts it. */
export const runAs = <T>(work: Work | undefined, act: () => T): T => current.run(work, act)

/** The request that is worked on has this id. */
export function nameRequest(requestId: string): void {
  const work = current.getStore()
  if (work?.of === 'request') work.requestId = requestId
}
