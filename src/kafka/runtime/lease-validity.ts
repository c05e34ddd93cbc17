/**
 * How long a lease is valid: for a session from the sending of the last request that the group has answered. Time that
 * the process was stopped counts.
 */
import type { Clock, Timer } from '../../clock.ts'
import { SESSION_MS } from './session-time.ts'

export interface LeaseValidity {
  /** The group has given this member an assignment, and has not removed it since. */
  isMember(): boolean
  /** Cheap: it compares two numbers. */
  isHeld(): boolean
  /** Sending of the last confirmed request, monotonic, ms; -Infinity: it is no member, or not confirmed yet. */
  confirmedAtMs(): number
  ageMs(): number
  /** How long ago it ended, ms; 0: it has not. */
  expiredForMs(): number
  lostCount(): number
  /** The group has the member, as of a request sent at this moment. */
  confirm(sentAtMs: number): void
  /** The member has an assignment, as of a request sent at this moment. */
  begin(sentAtMs: number): void
  /** The group has removed the member. */
  end(): void
  /** The end is not reported any more. */
  stop(): void
  /** The member has left its group. */
  leave(): void
}

export function createLeaseValidity(deps: {
  clock: Clock
  /** It was not confirmed for a session. */
  onLost(): void
  /** It is confirmed again. */
  onFound(): void
}): LeaseValidity {
  const { clock } = deps
  let confirmedAtMs = Number.NEGATIVE_INFINITY
  /** Of a heartbeat while the first assignment was pending. */
  let earlyConfirmedAtMs = Number.NEGATIVE_INFINITY
  let isMember = false
  let isLost = false
  let lostCount = 0
  let expiry: Timer | undefined

  const ageMs = () => clock.monotonicMs() - confirmedAtMs

  function lose(): void {
    isLost = true
    lostCount++
    deps.onLost()
  }

  function watchExpiry(): void {
    expiry?.cancel()
    expiry = clock.after(Math.max(0, SESSION_MS - ageMs()), () => {
      if (!isMember || isLost) return
      if (ageMs() >= SESSION_MS) lose()
      else watchExpiry()
    })
  }

  function confirm(sentAtMs: number): void {
    if (!isMember) {
      earlyConfirmedAtMs = sentAtMs
      return
    }
    if (sentAtMs <= confirmedAtMs) return
    // The process was stopped: its former shards have been lost in between.
    if (!isLost && ageMs() >= SESSION_MS) lose()
    confirmedAtMs = sentAtMs
    if (!isLost || ageMs() >= SESSION_MS) return
    isLost = false
    watchExpiry()
    deps.onFound()
  }

  return {
    isMember: () => isMember,
    isHeld: () => isMember && !isLost && ageMs() < SESSION_MS,
    confirmedAtMs: () => confirmedAtMs,
    ageMs,
    expiredForMs: () => (Number.isFinite(confirmedAtMs) ? Math.max(0, ageMs() - SESSION_MS) : 0),
    lostCount: () => lostCount,
    confirm,
    begin(sentAtMs) {
      if (isMember) {
        confirm(sentAtMs)
        return
      }
      isMember = true
      isLost = false
      confirmedAtMs = Math.max(sentAtMs, earlyConfirmedAtMs)
      watchExpiry()
    },
    end() {
      if (isMember && !isLost) lostCount++
      isMember = false
      isLost = false
      confirmedAtMs = Number.NEGATIVE_INFINITY
      earlyConfirmedAtMs = Number.NEGATIVE_INFINITY
      expiry?.cancel()
    },
    stop: () => expiry?.cancel(),
    leave() {
      isMember = false
    },
  }
}
