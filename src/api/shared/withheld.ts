/** Answers for keys without the scope `events:payload`. */
import type { Attempt } from '../../analytics/read/delivery.ts'

type Bodies = 'requestHeaders' | 'responseHeaders' | 'responseBody'

/** A step of a delivery without what was sent and answered. */
export function withholdBodies(attempt: Attempt): Omit<Attempt, Bodies> & { withheld: true } {
  const { requestHeaders: _sent, responseHeaders: _got, responseBody: _body, ...shown } = attempt
  return { ...shown, withheld: true }
}
