/** Counts unknown API keys per source address: a token bucket each, of limited number. */
import { isIPv6 } from 'node:net'
import type { Clock } from '../../clock.ts'

/** Failures at once, and the time after which one of them is forgiven. */
export interface FailuresAllowed {
  burst: number
  refillMs: number
}

const FAILURES: FailuresAllowed = { burst: 30, refillMs: 2_000 }
/** Beyond it the address with the oldest failure is forgotten. */
const ADDRESSES_MAX = 10_000

export interface FailedKeys {
  /** Seconds until the address may try a key again; 0: now. */
  retryAfterS(address: string | undefined): number
  count(address: string | undefined): void
}

export function createFailedKeys({ clock }: { clock: Clock }, { burst, refillMs } = FAILURES): FailedKeys {
  /**
   * By source: the time at which its bucket is full again, on the monotonic clock. In the order of the last failure.
   */
  const fullAtMs = new Map<string, number>()

  return {
    retryAfterS(address) {
      if (address === undefined) return 0
      const dueMs = (fullAtMs.get(sourceOf(address)) ?? 0) - clock.monotonicMs() - (burst - 1) * refillMs
      return Math.max(0, Math.ceil(dueMs / 1_000))
    },
    count(address) {
      if (address === undefined) return
      const source = sourceOf(address)
      const nowMs = clock.monotonicMs()
      const before = fullAtMs.get(source) ?? nowMs
      fullAtMs.delete(source)
      fullAtMs.set(source, Math.max(before, nowMs) + refillMs)
      if (fullAtMs.size > ADDRESSES_MAX) fullAtMs.delete(fullAtMs.keys().next().value!)
    },
  }
}

/** A single IPv6 host can call from a whole /64. */
function sourceOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length
  return [...groups, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
