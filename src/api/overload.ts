/**
 * When admission falls behind, callers are told to come again before everybody's verdict is late. What counts is how long verdicts take, not
 * how many wait: once they take longer than `ENTER_MS`, only as many emits are taken as are being judged, less a fifth, so that what is
 * behind is caught up; once they are quick again everything is taken. One slow moment is none of that: they must be late for a second. While no verdict comes at all (a shard is moving) nothing is refused:
 * what is taken then is judged a few seconds later.
 */
import type { Clock } from '../clock.ts'

export interface Overload {
  /** Whether one more emit must be refused now. Counts it if not. */
  refuses(): boolean
  /** A verdict came, so long after its emit. */
  verdict(latencyMs: number): void
  readonly shedding: boolean
}

const WINDOW_MS = 250
const ENTER_MS = 1_000
const LEAVE_MS = 300
/** Of what is being judged, so that the backlog shrinks. */
const SHARE = 0.8
/** So many a window are always taken: below that it is not the number of emits that makes verdicts late. */
const TOKENS_MIN = 50
/** Windows in a row in which verdicts were late. */
const LATE_WINDOWS = 4
/** Of the newest window in the running rate. */
const NEWEST = 0.3
/** Without any verdict for so long it is not load that they wait for. */
const SILENT_MS = 5_000

export function createOverload({ clock }: { clock: Clock }): Overload {
  let windowEndsAtMs = clock.monotonicMs() + WINDOW_MS
  let verdicts = 0
  let latencyMs = 0
  /** Verdicts in a window. */
  let rate = 0
  let lastVerdictAtMs = Number.NEGATIVE_INFINITY
  let shedding = false
  let lateWindows = 0
  let tokens = 0

  function roll(nowMs: number): void {
    if (nowMs < windowEndsAtMs) return
    const windows = 1 + Math.floor((nowMs - windowEndsAtMs) / WINDOW_MS)
    windowEndsAtMs += windows * WINDOW_MS
    if (verdicts > 0) {
      const average = latencyMs / verdicts
      rate = rate === 0 ? verdicts : (1 - NEWEST) * rate + NEWEST * verdicts
      lateWindows = average > ENTER_MS ? lateWindows + 1 : 0
      if (lateWindows >= LATE_WINDOWS) shedding = true
      else if (average < LEAVE_MS) shedding = false
    }
    if (nowMs - lastVerdictAtMs > SILENT_MS) shedding = false
    tokens = Math.max(TOKENS_MIN, rate * SHARE)
    verdicts = 0
    latencyMs = 0
  }

  return {
    get shedding() {
      return shedding
    },
    refuses() {
      roll(clock.monotonicMs())
      if (!shedding) return false
      if (tokens < 1) return true
      tokens--
      return false
    },
    verdict(tookMs) {
      const nowMs = clock.monotonicMs()
      roll(nowMs)
      lastVerdictAtMs = nowMs
      verdicts++
      latencyMs += tookMs
    },
  }
}
