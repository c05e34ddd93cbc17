/**
 * Delays connections to a broker after a failed one: a wrong password must not be tried again and again, nor a port
 * where no broker listens.
 */
import type { Clock } from '../../clock.ts'
import type { KafkaError } from './types.ts'

const PAUSE_MS = { first: 50, longest: 1_000 }
/** A wrong setting stays wrong for a while. */
const REFUSED_MS = 5_000

const REFUSED: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'UNSUPPORTED_VERSION',
  'TLS',
])

/** Whether this error is about our settings, and not about an unavailable broker. */
export const isRefusal = (error: unknown): boolean => REFUSED.has((error as KafkaError).type)

export interface ConnectionGate {
  /** Throws the last error again while it is too early. */
  check(address: string): void
  opened(address: string): void
  failed(address: string, error: KafkaError): void
}

export function createConnectionGate(clock: Clock): ConnectionGate {
  const closed = new Map<string, { untilMs: number; pauseMs: number; error: KafkaError }>()
  return {
    check(address) {
      const known = closed.get(address)
      if (known && clock.monotonicMs() < known.untilMs) throw known.error
    },
    opened: address => void closed.delete(address),
    failed(address, error) {
      const nowMs = clock.monotonicMs()
      const known = closed.get(address)
      // Several connections that fail together are one failure.
      if (known && nowMs < known.untilMs) return
      const pauseMs = isRefusal(error)
        ? REFUSED_MS
        : Math.min(known ? known.pauseMs * 2 : PAUSE_MS.first, PAUSE_MS.longest)
      closed.set(address, { untilMs: nowMs + pauseMs, pauseMs: Math.min(pauseMs, PAUSE_MS.longest), error })
    },
  }
}
