/** Cancellation of a start that is under way. */

/** Rejects with the signal's reason if that comes first. */
export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
  if (stop === undefined) return work
  const stopped = Promise.withResolvers<never>()
  const reject = () => stopped.reject(stop.reason)
  stop.addEventListener('abort', reject)
  if (stop.aborted) reject()
  return Promise.race([work, stopped.promise]).finally(() => stop.removeEventListener('abort', reject))
}

/** The reason of the signal that cancels a start. */
export class StartStopped extends Error {
  constructor() {
    super('the start was stopped')
  }
}
