/** A start that is called off half-way. */

/** Rejects with the signal's reason when it comes first. */
export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
  if (stop === undefined) return work
  const stopped = Promise.withResolvers<never>()
  const reject = () => stopped.reject(stop.reason)
  stop.addEventListener('abort', reject)
  if (stop.aborted) reject()
  return Promise.race([work, stopped.promise]).finally(() => stop.removeEventListener('abort', reject))
}

/** The reason of the signal that ends a start. */
export class StartStopped extends Error {
  constructor() {
    super('the start was stopped')
  }
}
