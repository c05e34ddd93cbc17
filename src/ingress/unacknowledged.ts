import { AppendFailed } from '../kafka/write/append-failed.ts'
import { ClarionError } from '../model/codes.ts'

/**
 * `of`: the subject of the sentence, such as "The emit". An append that was never sent can be repeated without an
 * idempotency key.
 */
export function unacknowledged(of: string, cause: unknown): ClarionError {
  const isAbsent = cause instanceof AppendFailed && !cause.mayBeThere && !cause.refused
  const message = isAbsent
    ? `${of} was not taken: its log is not available. Repeat it.`
    : `${of} was not acknowledged; it may have been taken. Repeat it with an idempotency key.`
  return new ClarionError('service_unavailable', message, { retryAfterS: 1, cause })
}
